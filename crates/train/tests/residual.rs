//! The residual example as a program, in fewer epochs: what it says last. `cargo test` builds the example with this test;
//! named alone, `--test residual` does not.

#[path = "../../../examples/tests/said.rs"]
mod said;

#[test]
fn digits_of_any_colour_are_told_apart() {
    let accuracy = said::last_line("residual", &["--epochs", "3"]).after("test accuracy: ");
    assert!(accuracy > 0.7, "{accuracy}");
}
