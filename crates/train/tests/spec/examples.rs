//! The examples as programs: what they say last. `cargo test` builds them with this test; named alone, `--test spec` does not.

#[path = "../../../../examples/tests/said.rs"]
mod said;

use said::last_line;

#[test]
fn prices_are_learnt_better_than_by_a_line() {
    let said = last_line("regression", &[]);
    let (line, learnt) = (said.after("never seen: "), said.after("by a line, "));
    assert!((0.6..0.9).contains(&line) && learnt > 0.94, "{line} and {learnt}");
}

#[test]
fn digits_of_any_colour_are_told_apart() {
    let accuracy = last_line("residual", &["--epochs", "3"]).after("test accuracy: ");
    assert!(accuracy > 0.7, "{accuracy}");
}
