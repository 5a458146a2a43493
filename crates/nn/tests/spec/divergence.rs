//! The Kullback–Leibler divergence.

use approx::assert_relative_eq;
use cotangent::Graph;
use cotangent::nn::Loss;
use cotangent::nn::loss::{KlDiv, Reduction};
use ndarray::array;

#[test]
fn it_is_summed_over_classes_and_averaged_over_samples() {
    let g = Graph::new();
    let q = array![[0.25, 0.75], [0.5, 0.5]];
    let p = array![[0.5, 0.5], [0.5, 0.5]];
    let (log_q, p) = (g.constant(q.mapv(f64::ln)), g.constant(p));
    let expected = (0.5 * 2f64.ln() + 0.5 * (2.0 / 3.0_f64).ln()) / 2.0;
    assert_relative_eq!(log_q.kl_div(p).eval().unwrap()[[]], expected, max_relative = 1e-15);
    let sum = KlDiv::new().reduction(Reduction::Sum).of(log_q, p);
    assert_relative_eq!(sum.eval().unwrap()[[]], 2.0 * expected, max_relative = 1e-15);
    let mean = KlDiv::new().reduction(Reduction::Mean).of(log_q, p);
    assert_relative_eq!(mean.eval().unwrap()[[]], expected / 2.0, max_relative = 1e-15);
}

#[test]
fn a_true_probability_of_zero_contributes_exactly_zero() {
    let g = Graph::new();
    let log_q = g.constant(array![[f64::NEG_INFINITY, -1.0, 0.0]]);
    let p = g.constant(array![[0.0, 0.0, 1.0]]);
    let terms = KlDiv::new().reduction(Reduction::None).of(log_q, p);
    assert_eq!(terms.eval().unwrap(), array![[0.0, 0.0, 0.0]].into_dyn());
    let (by_log_q, by_p) = (terms.sum().grad(log_q), terms.sum().grad(p));
    assert_eq!(by_log_q.eval().unwrap(), array![[0.0, 0.0, -1.0]].into_dyn());
    assert_eq!(by_p.eval().unwrap(), array![[0.0, 0.0, 1.0]].into_dyn());
}

#[test]
fn bad_data_is_not_hidden() {
    let g = Graph::new();
    let log_q = g.full([1, 1], 0.0);
    for bad in [-0.5, f64::NAN] {
        assert!(log_q.kl_div(g.full([1, 1], bad)).eval().unwrap()[[]].is_nan());
    }
}
