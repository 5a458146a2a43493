//! Losses between real numbers.

use cotangent::nn::Loss;
use cotangent::nn::loss::{Huber, L1, Mse, Reduction};
use cotangent::{Graph, Var};
use ndarray::array;

fn number(loss: Var<'_>) -> f64 {
    loss.eval().unwrap()[[]]
}

/// A prediction and a target, whose errors are 0, −0.5, 2 and −3.
fn problem(g: &Graph) -> (Var<'_>, Var<'_>) {
    let x = g.constant(array![[1.0, 2.0], [3.0, -4.0]]);
    (x, g.constant(array![[1.0, 2.5], [1.0, -1.0]]))
}

/// Compares a loss under every reduction with the losses of the elements.
fn assert_loss<'g>(of: impl Fn(Reduction) -> Var<'g>, expected: [[f64; 2]; 2]) {
    let expected = ndarray::arr2(&expected).into_dyn();
    assert_eq!(of(Reduction::None).eval().unwrap(), expected);
    assert_eq!(number(of(Reduction::Sum)), expected.sum());
    assert_eq!(number(of(Reduction::Mean)), expected.sum() / 4.0);
    assert_eq!(number(of(Reduction::BatchMean)), expected.sum() / 2.0);
}

#[test]
fn each_loss_has_its_formula_and_its_reductions() {
    let g = Graph::new();
    let (x, t) = problem(&g);
    assert_loss(|reduction| Mse::new().reduction(reduction).of(x, t), [[0.0, 0.25], [4.0, 9.0]]);
    assert_loss(|reduction| L1::new().reduction(reduction).of(x, t), [[0.0, 0.5], [2.0, 3.0]]);
    let huber = |reduction| Huber::new(2.0).reduction(reduction).of(x, t);
    assert_loss(huber, [[0.0, 0.125], [2.0, 4.0]]);
}

#[test]
fn the_methods_answer_means() {
    let g = Graph::new();
    let (x, t) = problem(&g);
    assert_eq!(number(x.mse(t)), 13.25 / 4.0);
    assert_eq!(number(x.l1(t)), 5.5 / 4.0);
    assert_eq!(number(x.huber(t, 2.0)), 6.125 / 4.0);
}

#[test]
fn hubers_derivative_is_the_error_confined_to_delta() {
    let g = Graph::new();
    let x = g.constant(array![-1e200, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0]);
    let loss = Huber::new(1.0).reduction(Reduction::Sum).of(x, g.full([8], 0.0));
    let expected = array![-1.0, -1.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.0].into_dyn();
    assert_eq!(loss.grad(x).eval().unwrap(), expected);
}
