//! What is promised of several ranks, on 1, 2 and 4 of them: each test is also the program that it runs by `mpirun`.

mod batches;
mod faults;
mod lenet;
mod runs;
mod states;
mod statistics;
mod sums;
mod support;
