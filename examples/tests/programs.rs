//! The examples as programs: what they say and leave behind. `cargo test` builds them with this test; named alone,
//! `--test examples` does not.

mod adding;
mod digits;
mod gpt;
mod models;
mod said;
