//! What spans crates, one subject to a file.

mod certified;
mod checkpoint;
mod complete;
mod documented;
mod errors;
mod functions;
mod mistakes;
mod not_finite;
mod ode;
mod parameters;
mod unrolled;

// The example of certified fits has them at its root, too.
#[path = "../../examples/certified/expression.rs"]
mod expression;
#[path = "../../examples/certified/problem.rs"]
mod problem;

// What the tests of examples hear them say: the one in double precision is built here.
#[path = "../../examples/tests/said.rs"]
mod said;
