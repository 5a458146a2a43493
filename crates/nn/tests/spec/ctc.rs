//! Connectionist temporal classification, against the sum that defines it.

use cotangent::nn::loss::{Ctc, Reduction};
use cotangent::{Graph, Params, RunError, Step};
use ndarray::{ArrayD, array};

use crate::{assert_says, sample, value};

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

#[test]
fn a_length_beyond_its_array_or_below_0_is_an_error_of_the_run() {
    let g = Graph::new();
    let log_p = g.constant(sample(&[5, 2, 3])).log_softmax(-1);
    let targets = g.constant(array![[1, 2], [1, 2]]);
    for (of_input, of_target, rule) in [
        (
            [6, 5],
            [1, 2],
            "length of a sequence 6 at position [0] must be in 0..=5: no sequence has more",
        ),
        ([5, -1], [1, 2], "length of a sequence -1 at position [1] must be in 0..=5"),
        (
            [5, 5],
            [1, 3],
            "length of a target 3 at position [1] must be in 0..=2: no target has more",
        ),
        ([5, 5], [-1, 2], "length of a target -1 at position [0] must be in 0..=2"),
    ] {
        for zero in [false, true] {
            let lengths =
                [of_input, of_target].map(|lengths| g.constant(array![lengths[0], lengths[1]]));
            let line = line!() + 1;
            let loss = Ctc::new().zero_infinity(zero).of(log_p, targets, lengths);
            let error = loss.eval().unwrap_err();
            assert!(matches!(error, RunError::OutOfBounds { .. }));
            assert_says(&error.to_string(), &["ctc: ", rule, &format!("at {}:{line}:", file!())]);
        }
    }
}

#[test]
fn a_step_whose_target_cannot_be_spelt_says_so() {
    let mut params = Params::<f64>::with_seed(0);
    let w = params.root().parameter("w", sample(&[2, 1, 3]));
    let line = line!() + 3;
    let mut step = Step::new(|g, [target, lengths]| {
        let log_p = g.param(&w).log_softmax(-1);
        Ctc::new().of(log_p, target, [lengths, lengths])
    });
    let told =
        step.run(&mut params, (&array![[1_i64, 1]], &array![2_i64])).unwrap_err().to_string();
    assert_says(&told, &["inf", &format!("at {}:{line}:", file!())]);
}
