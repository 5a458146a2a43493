//! What programs promise, one subject to a file. What sets the number of threads is a program of its own, `in_place`.

mod agree;
mod branches;
mod checkpointing;
mod compositions;
mod faults;
mod implicit;
mod loops;
mod special_values;
