//! Cross-entropy and negative log-likelihood.

use approx::assert_relative_eq;
use cotangent::nn::Loss;
use cotangent::nn::loss::{CrossEntropy, Nll, Reduction};
use cotangent::{Graph, Params, RunError, Step, Var};
use ndarray::{ArrayD, array};

use crate::{assert_says, panic_message, sample};

fn number(loss: Var<'_>) -> f64 {
    loss.eval().unwrap()[[]]
}

#[track_caller]
fn assert_close(ours: Var<'_>, expected: Var<'_>) {
    assert_relative_eq!(ours.eval().unwrap(), expected.eval().unwrap(), max_relative = 1e-14);
}

/// Logits of 3 samples in 4 classes, and their labels.
fn problem(g: &Graph) -> (Var<'_>, Var<'_>) {
    (g.constant(sample(&[3, 4])), g.constant(array![2_i64, 0, 3]))
}

#[test]
fn it_is_minus_the_logarithm_of_the_probability_of_the_label() {
    let g = Graph::new();
    let (logits, labels) = problem(&g);
    let p = logits.softmax(1).eval().unwrap();
    let expected = array![-p[[0, 2]].ln(), -p[[1, 0]].ln(), -p[[2, 3]].ln()].into_dyn();
    let losses = CrossEntropy::new().reduction(Reduction::None).of(logits, labels);
    assert_relative_eq!(losses.eval().unwrap(), expected, max_relative = 1e-14);
    assert_close(logits.cross_entropy(labels), losses.mean());
    let sum = CrossEntropy::new().reduction(Reduction::Sum).of(logits, labels);
    assert_close(sum, losses.sum());
    assert_close(logits.log_softmax(1).nll(labels), losses.mean());
}

#[test]
fn large_logits_are_exact() {
    let g = Graph::new();
    let logits = g.constant(array![[1000.0, 0.0], [1000.0, 0.0]]);
    let labels = g.constant(array![0_i64, 1]);
    let losses = CrossEntropy::new().reduction(Reduction::None).of(logits, labels);
    assert_eq!(losses.eval().unwrap(), array![0.0, 1000.0].into_dyn());
    let gradient = losses.sum().grad(logits).eval().unwrap();
    assert_eq!(gradient, array![[0.0, 0.0], [1.0, -1.0]].into_dyn());
}

#[test]
fn probabilities_that_are_one_hot_are_labels() {
    let g = Graph::new();
    let (logits, labels) = problem(&g);
    let one_hot = labels.one_hot(4);
    assert_close(logits.cross_entropy(one_hot), logits.cross_entropy(labels));
    let smooth = CrossEntropy::new().label_smoothing(0.2);
    assert_close(smooth.of(logits, one_hot), smooth.of(logits, labels));
    let weighted = smooth.weights([1.0, 2.0, 3.0, 0.5]).reduction(Reduction::None);
    assert_close(weighted.of(logits, one_hot), weighted.of(logits, labels));
}

#[test]
fn smoothing_mixes_in_the_mean_over_classes() {
    let g = Graph::new();
    let (logits, labels) = problem(&g);
    let smoothed = CrossEntropy::new().label_smoothing(0.1).of(logits, labels);
    let even = -logits.log_softmax(1).mean();
    assert_close(smoothed, 0.9 * logits.cross_entropy(labels) + 0.1 * even);
}

#[test]
fn the_weighted_mean_divides_by_the_weights_of_the_labels() {
    let g = Graph::new();
    let logits = g.full([3, 2], 0.0);
    let labels = g.constant(array![0_i64, 1, 1]);
    let weighted = CrossEntropy::new().weights([3.0, 0.5]);
    assert_relative_eq!(number(weighted.of(logits, labels)), 2f64.ln(), max_relative = 1e-15);
    let sum = weighted.clone().reduction(Reduction::Sum).of(logits, labels);
    assert_relative_eq!(number(sum), 4.0 * 2f64.ln(), max_relative = 1e-15);
    let batch_mean = weighted.reduction(Reduction::BatchMean).of(logits, labels);
    assert_relative_eq!(number(batch_mean), 4.0 / 3.0 * 2f64.ln(), max_relative = 1e-15);
}

#[test]
fn ignored_labels_are_as_if_they_were_not_there() {
    let g = Graph::new();
    let (logits, labels) = problem(&g);
    let with_two_more = g.constant(ndarray::concatenate![
        ndarray::Axis(0),
        sample(&[3, 4]),
        ArrayD::from_elem(ndarray::IxDyn(&[1, 4]), f64::NAN),
        sample(&[1, 4])
    ]);
    let and_ignored = g.constant(array![2_i64, 0, 3, -100, -100]);
    for loss in [
        CrossEntropy::new(),
        CrossEntropy::new().weights([1.0, 2.0, 3.0, 0.5]),
        CrossEntropy::new().weights([1.0, 2.0, 3.0, 0.5]).label_smoothing(0.3),
        CrossEntropy::new().reduction(Reduction::Sum),
    ] {
        let ignoring = loss.clone().ignore_index(-100).of(with_two_more, and_ignored);
        assert_close(ignoring, loss.of(logits, labels));
        let gradient = ignoring.grad(with_two_more).eval().unwrap();
        assert!(gradient.iter().skip(16).all(|&x| x == 0.0), "{gradient}");
    }
}

#[test]
fn the_mean_over_no_label_is_nan_and_its_gradient_zero() {
    let g = Graph::new();
    let logits = g.constant(sample(&[2, 3]));
    let labels = g.constant(array![7_i64, 7]);
    let loss = CrossEntropy::new().ignore_index(7).of(logits, labels);
    assert!(number(loss).is_nan());
    assert!(loss.grad(logits).eval().unwrap().iter().all(|&x| x == 0.0));
    let sum = CrossEntropy::new().ignore_index(7).reduction(Reduction::Sum);
    assert_eq!(number(sum.of(logits, labels)), 0.0);
}

#[test]
fn classes_lie_on_axis_1_and_positions_after_them() {
    let g = Graph::new();
    let logits = g.constant(sample(&[2, 3, 4]));
    let labels = g.constant(array![[0_i64, 1, 2, 0], [2, 2, 1, 0]]);
    let flat = logits.permute([0, 2, 1]).reshape([8, 3]);
    let flat_labels = labels.reshape([8]);
    let weighted = CrossEntropy::new().weights([1.0, 5.0, 2.0]).label_smoothing(0.1);
    assert_close(weighted.of(logits, labels), weighted.of(flat, flat_labels));
    let each = weighted.reduction(Reduction::None).of(logits, labels);
    assert_eq!(each.shape(), [2, 4].into());
    let soft = logits.softmax(1);
    assert_close(logits.cross_entropy(soft), flat.cross_entropy(flat.softmax(1)));
}

#[test]
fn a_single_distribution_has_a_scalar_label() {
    let g = Graph::new();
    let logits = g.constant(array![0.0, 0.0]);
    let label = g.constant(ndarray::arr0(1_i64));
    assert_relative_eq!(number(logits.cross_entropy(label)), 2f64.ln(), max_relative = 1e-15);
}

#[test]
fn a_class_masked_by_minus_infinity_costs_nothing_where_its_probability_is_zero() {
    let g = Graph::new();
    let logits = g.constant(array![[0.0, 0.0, f64::NEG_INFINITY]]);
    let soft = logits.cross_entropy(g.constant(array![[0.5, 0.5, 0.0]]));
    assert_relative_eq!(number(soft), 2f64.ln(), max_relative = 1e-15);
    let hard = logits.cross_entropy(g.constant(array![1_i64]));
    assert_relative_eq!(number(hard), 2f64.ln(), max_relative = 1e-15);
    let gradient = hard.grad(logits).eval().unwrap();
    assert_relative_eq!(gradient, array![[0.5, -0.5, 0.0]].into_dyn(), max_relative = 1e-15);
}

#[test]
fn a_label_outside_the_classes_is_an_error_of_the_run() {
    let g = Graph::new();
    let log_p = g.full([2, 3], -1.0);
    for wrong in [3, -100] {
        let loss = Nll::new().of(log_p, g.constant(array![0_i64, wrong]));
        let error = loss.eval().unwrap_err();
        let RunError::IndexOutOfRange { index, extent, .. } = error else { panic!("{error}") };
        assert_eq!((index, extent), (wrong, 3));
    }
}

#[test]
fn logits_with_classes_behind_are_told_how_to_bring_them_to_axis_1() {
    let g = Graph::new();
    let logits = g.constant(sample(&[2, 5, 3]));
    let labels = g.constant(ndarray::Array2::<i64>::zeros((2, 5)));
    let line = line!() + 1;
    let message = panic_message(|| logits.cross_entropy(labels));
    let rule = "labels must be class indices, integers of shape [2, 3]: of [2, 5, 3], with 3 classes behind, they are \
                brought to axis 1 by `x.move_axis(-1, 1)`";
    assert_says(&message, &["cross_entropy: ", rule, &format!("at {}:{line}:", file!())]);
    assert_eq!(logits.move_axis(-1, 1).cross_entropy(labels).rank(), 0);
}

#[test]
fn a_step_of_which_every_label_is_ignored_says_so() {
    let mut params = Params::<f64>::with_seed(0);
    let w = params.root().parameter("w", sample(&[2, 3]));
    let line = line!() + 2;
    let mut step =
        Step::new(|g, [labels]| CrossEntropy::new().ignore_index(-100).of(g.param(&w), labels));
    let told = step.run(&mut params, (&array![-100_i64, -100],)).unwrap_err().to_string();
    assert_says(&told, &["NaN", &format!("at {}:{line}:", file!())]);
}
