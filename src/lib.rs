//! The package that owns the examples and tests spanning the crates; it has no code of its own.
//!
//! The README is part of its documentation, so that its code is compiled and run with the tests.
#![doc = include_str!("../README.md")]
