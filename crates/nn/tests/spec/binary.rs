//! Binary cross-entropy.

use approx::assert_relative_eq;
use cotangent::Graph;
use cotangent::nn::Loss;
use cotangent::nn::loss::{BceWithLogits, Reduction};
use ndarray::array;

#[test]
fn it_is_minus_the_log_likelihood() {
    let g = Graph::new();
    let x = g.constant(array![-1.5, 0.3, 2.0]);
    let t = g.constant(array![0.0, 0.25, 1.0]);
    let likelihood = t * x.sigmoid().ln() + (1.0 - t) * (1.0 - x.sigmoid()).ln();
    let expected = (-likelihood).mean().eval().unwrap();
    assert_relative_eq!(x.bce_with_logits(t).eval().unwrap(), expected, max_relative = 1e-14);
}

#[test]
fn it_is_exact_in_both_tails() {
    let g = Graph::new();
    let x = g.constant(array![800.0, 800.0, -800.0, -800.0, 40.0, -40.0]);
    let t = g.constant(array![1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
    let tiny = (-40f64).exp();
    let losses = BceWithLogits::new().reduction(Reduction::None).of(x, t);
    let expected = array![0.0, 800.0, 800.0, 0.0, tiny, tiny].into_dyn();
    assert_relative_eq!(losses.eval().unwrap(), expected, max_relative = 1e-15);
    let slopes = losses.sum().grad(x).eval().unwrap();
    let expected = array![0.0, 1.0, -1.0, 0.0, -tiny, tiny].into_dyn();
    assert_relative_eq!(slopes, expected, max_relative = 1e-15);
}

#[test]
fn an_infinite_logit_that_is_right_costs_nothing_and_one_that_is_wrong_everything() {
    let g = Graph::new();
    let inf = f64::INFINITY;
    let x = g.constant(array![inf, -inf, inf]);
    let losses =
        BceWithLogits::new().reduction(Reduction::None).of(x, g.constant(array![1.0, 0.0, 0.0]));
    assert_eq!(losses.eval().unwrap(), array![0.0, 0.0, inf].into_dyn());
}

#[test]
fn the_derivative_at_zero_is_a_half_minus_the_target() {
    let g = Graph::new();
    let x = g.full([3], 0.0);
    let t = g.constant(array![0.0, 0.5, 1.0]);
    let loss = BceWithLogits::new().reduction(Reduction::Sum).of(x, t);
    assert_eq!(loss.grad(x).eval().unwrap(), array![0.5, 0.0, -0.5].into_dyn());
}

#[test]
fn the_positive_class_can_weigh_more() {
    let g = Graph::new();
    let x = g.constant(array![0.0, 0.0]);
    let t = g.constant(array![1.0, 0.0]);
    let losses = BceWithLogits::new().positive_weight(3.0).reduction(Reduction::None).of(x, t);
    let ln2 = 2f64.ln();
    assert_eq!(losses.eval().unwrap(), array![3.0 * ln2, ln2].into_dyn());
}
