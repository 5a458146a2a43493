//! Connectionist temporal classification, against the sum that defines it.

use cotangent::nn::loss::{Ctc, Reduction};
use cotangent::{Graph, Params};
use ndarray::{ArrayD, array};

use crate::{sample, value};

/// −ln of the probabilities of all sequences of classes that spell the target, added up.
fn by_definition(log_p: &ArrayD<f64>, target: &[usize], blank: usize) -> f64 {
    let (time, classes) = (log_p.shape()[0], log_p.shape()[2]);
    let mut total = 0.0;
    for number in 0..classes.pow(time as u32) {
        let said: Vec<usize> =
            (0..time).map(|t| number / classes.pow(t as u32) % classes).collect();
        let mut spelt = said.clone();
        spelt.dedup();
        spelt.retain(|&class| class != blank);
        if spelt == target {
            total += said.iter().enumerate().map(|(t, &c)| log_p[[t, 0, c]]).sum::<f64>().exp();
        }
    }
    -total.ln()
}

#[test]
fn it_is_the_sum_over_all_alignments() {
    let params = Params::<f64>::with_seed(0);
    for (target, blank) in [(vec![], 0), (vec![1], 0), (vec![1, 1], 0), (vec![0, 1, 0], 2)] {
        let g = Graph::new();
        let log_p = g.constant(sample(&[5, 1, 3])).log_softmax(-1);
        let labels: Vec<i64> = target.iter().map(|&label| label as i64).collect();
        let length = g.constant(array![labels.len() as i64]);
        let labels =
            g.constant(ndarray::Array2::from_shape_vec((1, labels.len()), labels).unwrap());
        let loss = Ctc::new().blank(blank).reduction(Reduction::Sum);
        let loss = loss.of(log_p, labels, [g.constant(array![5]), length]);
        let expected = by_definition(&value(&params, log_p), &target, blank);
        assert!((value(&params, loss)[[]] - expected).abs() < 1e-12, "{target:?}");
    }
}

#[test]
fn a_target_that_does_not_fit_costs_infinity_and_has_no_gradient() {
    let g = Graph::new();
    let x = g.constant(sample(&[2, 1, 3]));
    let target = g.constant(array![[1, 1]]);
    let lengths = [g.constant(array![2]), g.constant(array![2])];
    for (zero, expected) in [(false, f64::INFINITY), (true, 0.0)] {
        let loss = Ctc::new().zero_infinity(zero).of(x.log_softmax(-1), target, lengths);
        assert_eq!(loss.eval().unwrap()[[]], expected);
        assert!(loss.grad(x).eval().unwrap().iter().all(|&slope| slope == 0.0));
    }
}

#[test]
fn a_sequence_without_an_element_spells_the_empty_target_alone() {
    let g = Graph::new();
    let x = g.constant(sample(&[3, 2, 3]));
    let (targets, lengths) = (g.constant(array![[1], [1]]), g.constant(array![0, 1]));
    let loss = Ctc::new().reduction(Reduction::None);
    let losses = loss.of(x.log_softmax(-1), targets, [g.constant(array![0, 0]), lengths]);
    assert_eq!(losses.eval().unwrap(), array![0.0, f64::INFINITY].into_dyn());
    assert!(losses.sum().grad(x).eval().unwrap().iter().all(|&slope| slope == 0.0));
}
