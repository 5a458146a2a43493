//! What the optim crate promises, one subject to a file.

mod checkpoint;
mod frozen;
mod parts;
mod reference;
mod refusals;
mod resume;
mod schedules;
mod trajectories;
mod tuning;
