//! The regression example as a program: what it says last. `cargo test` builds the example with this test; named alone,
//! `--test regression` does not.

#[path = "../../../examples/tests/said.rs"]
mod said;

#[test]
fn prices_are_learnt_better_than_by_a_line() {
    let said = said::last_line("regression", &[]);
    let (line, learnt) = (said.after("never seen: "), said.after("by a line, "));
    assert!((0.6..0.9).contains(&line) && learnt > 0.94, "{line} and {learnt}");
}
