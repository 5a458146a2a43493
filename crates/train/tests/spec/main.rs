//! What the train crate promises, one subject to a file.

mod examples;
mod metrics;
mod resume;
mod training;
