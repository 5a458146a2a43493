//! The package that owns the examples and tests spanning the crates; it has no code of its own.
