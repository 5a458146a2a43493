//! Binary cross-entropy.

use approx::assert_relative_eq;
use cotangent::Graph;
use cotangent::nn::Loss;
use cotangent::nn::loss::{BceWithLogits, Reduction};
use ndarray::array;

use crate::{assert_says, panic_message};

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

#[test]
fn each_class_has_a_positive_weight_of_its_own() {
    let g = Graph::new();
    let (x, t) = (g.full([2, 3], 0.0), g.constant(array![[1.0, 1.0, 1.0], [0.0, 1.0, 0.5]]));
    let losses = |loss: BceWithLogits| loss.reduction(Reduction::None).of(x, t).eval().unwrap();
    let ln2 = 2f64.ln();
    let expected = array![[2.0, 3.0, 5.0], [1.0, 3.0, 3.0]].mapv(|weight| weight * ln2).into_dyn();
    let weighted = losses(BceWithLogits::new().positive_weight([2.0, 3.0, 5.0]));
    assert_relative_eq!(weighted, expected, max_relative = 1e-15);
    let of_rows = losses(BceWithLogits::new().positive_weight(array![[2.0], [4.0]]));
    let expected = array![[2.0, 2.0, 2.0], [1.0, 4.0, 2.5]].mapv(|weight| weight * ln2).into_dyn();
    assert_relative_eq!(of_rows, expected, max_relative = 1e-15);
    let error = BceWithLogits::new().positive_weight(vec![1.0, -1.0]).check().unwrap_err();
    assert_says(&error.to_string(), &["the weight of the positive class must be", "and is -1"]);
    let line = line!() + 1;
    let message = panic_message(|| BceWithLogits::new().positive_weight([1.0, 2.0]).of(x, t));
    let rule =
        "must broadcast to the shape of the logits: a list has one for each class on the last axis";
    assert_says(&message, &[rule, "[2, 3], [2]", &format!("at {}:{line}:", file!())]);
}

#[test]
fn each_loss_may_weigh_its_own_and_nothing_where_that_is_0() {
    let g = Graph::new();
    let (x, t) = (g.constant(array![[0.0, f64::INFINITY], [0.0, 0.0]]), g.full([2, 2], 0.0));
    let weights = g.constant(array![[2.0, 0.0], [1.0, 3.0]]);
    let loss = BceWithLogits::new().of_weighted(x, t, weights);
    assert_relative_eq!(loss.eval().unwrap()[[]], 6.0 * 2f64.ln() / 4.0, max_relative = 1e-15);
    assert_eq!(loss.grad(x).eval().unwrap()[[0, 1]], 0.0);
    let message = panic_message(|| BceWithLogits::new().of_weighted(x, t, g.full([3], 1.0)));
    assert_says(
        &message,
        &["the weights must be numbers that broadcast", &format!("at {}:", file!())],
    );
}
