//! The example of a differential equation: its last line.

use crate::said::last_line;

#[test]
fn a_spiral_is_learnt_and_gradients_by_the_adjoint_are_those_of_the_loop() {
    let said = last_line("ode", &[]);
    let off = said.after("differ by ");
    assert!(off < 1e-7, "{off}: the solver has a tolerance of 1e-9");
    let (before, learnt) = (said.after("spiral: "), said.after("before, "));
    assert!(learnt < 0.2 * before, "{learnt} of {before}");
}
