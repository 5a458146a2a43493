//! Every layer and loss against central differences.

use cotangent::nn::loss::{BceWithLogits, CrossEntropy, KlDiv, Nll, Reduction};
use cotangent::nn::{
    BatchNorm, Dropout, Embedding, LayerNorm, Linear, Loss, Mode, l1_penalty, l2_penalty,
};
use cotangent::{Gradient, Graph, Params, Var};
use ndarray::{ArrayD, array};

use crate::{sample, value};

/// Compares the gradient of Σ c·f, for fixed numbers c, with central differences: with respect to
/// every element of the inputs and of the trainable parameters.
fn assert_gradients(
    params: &Params<f64>,
    inputs: &[ArrayD<f64>],
    f: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g>,
) {
    let g = Graph::new();
    let (leaves, total) = record(&g, inputs, &f);
    let weights: Vec<Var<'_>> = params.trainable_entries().map(|p| g.param(p)).collect();
    let gradients = Gradient::of(total).with_respect_to(&[leaves, weights].concat()).unwrap();
    let gradients = gradients.into_iter().flat_map(|dx| value(params, dx).into_iter());

    let at = |params: &Params<f64>, inputs: &[ArrayD<f64>]| {
        let g = Graph::new();
        value(params, record(&g, inputs, &f).1)[[]]
    };
    let differences = differences(params, inputs, at);
    let scale = differences.iter().fold(1.0_f64, |scale, d| scale.max(d.abs()));
    for (gradient, difference) in gradients.zip(differences) {
        assert!((gradient - difference).abs() < 1e-8 * scale, "{gradient} {difference}");
    }
}

/// The inputs, and Σ c·f.
fn record<'g>(
    g: &'g Graph,
    inputs: &[ArrayD<f64>],
    f: &impl Fn(&'g Graph, &[Var<'g>]) -> Var<'g>,
) -> (Vec<Var<'g>>, Var<'g>) {
    let leaves: Vec<Var<'_>> = inputs.iter().map(|x| g.constant(x)).collect();
    let output = f(g, &leaves);
    (leaves, (output * g.constant(sample(&output.shape()))).sum())
}

/// The central difference for every element of every input, then of the trainable parameters.
fn differences(
    params: &Params<f64>,
    inputs: &[ArrayD<f64>],
    at: impl Fn(&Params<f64>, &[ArrayD<f64>]) -> f64,
) -> Vec<f64> {
    const STEP: f64 = 1e-5;
    let mut differences = Vec::new();
    for input in 0..inputs.len() {
        for i in 0..inputs[input].len() {
            let shifted = |step: f64| {
                let mut inputs = inputs.to_vec();
                inputs[input].as_slice_mut().unwrap()[i] += step;
                at(params, &inputs)
            };
            differences.push((shifted(STEP) - shifted(-STEP)) / (2.0 * STEP));
        }
    }
    for i in 0..params.trainable_count() {
        let shifted = |step: f64| {
            let mut params = params.clone();
            params.trainable_mut()[i] += step;
            at(&params, inputs)
        };
        differences.push((shifted(STEP) - shifted(-STEP)) / (2.0 * STEP));
    }
    differences
}

/// Parameters of distinct values in place of those that start at 0 or 1.
fn scatter(params: &mut Params<f64>) {
    let count = params.trainable_count();
    params.trainable_mut().copy_from_slice(sample(&[count]).as_slice().unwrap());
}

#[test]
fn linear() {
    let mut params = Params::with_seed(0);
    let fc = Linear::new(3, 2).build(&mut params.root(), "fc");
    for shape in [&[3][..], &[4, 3], &[2, 2, 3]] {
        assert_gradients(&params, &[sample(shape)], |_, x| fc.forward(x[0]));
    }
}

#[test]
fn batch_norm() {
    let mut params = Params::with_seed(0);
    let norm = BatchNorm::new(2).build(&mut params.root(), "bn");
    scatter(&mut params);
    for mode in [Mode::Train, Mode::Eval] {
        for shape in [&[4, 2][..], &[2, 2, 3], &[2, 2, 2, 2]] {
            assert_gradients(&params, &[sample(shape)], |_, x| norm.forward(x[0], mode));
        }
    }
}

#[test]
fn layer_norm() {
    let mut params = Params::with_seed(0);
    let norm = LayerNorm::new([2, 3]).build(&mut params.root(), "ln");
    scatter(&mut params);
    assert_gradients(&params, &[sample(&[4, 2, 3])], |_, x| norm.forward(x[0]));
}

#[test]
fn dropout_and_embedding() {
    let mut params = Params::with_seed(0);
    let table = Embedding::new(4, 3).build(&mut params.root(), "table");
    let index = array![[0_i64, 3], [3, 1]];
    assert_gradients(&params, &[sample(&[2, 2, 3])], |g, x| {
        let rows = table.forward(g.constant(&index)) * x[0];
        Dropout::new(0.4).forward(rows, Mode::Train)
    });
}

#[test]
fn regression_losses() {
    let params = Params::with_seed(0);
    let inputs = [sample(&[3, 2]), sample(&[2, 3]).t().to_owned().into_dyn() * 0.7];
    let inputs = inputs.map(|x| x.as_standard_layout().into_owned());
    assert_gradients(&params, &inputs, |_, x| x[0].mse(x[1]));
    assert_gradients(&params, &inputs, |_, x| x[0].l1(x[1]));
    assert_gradients(&params, &inputs, |_, x| x[0].huber(x[1], 0.8));
}

#[test]
fn binary_cross_entropy() {
    let params = Params::with_seed(0);
    let inputs = [sample(&[4]), array![0.0, 1.0, 0.3, 0.8].into_dyn()];
    let weighted = BceWithLogits::new().positive_weight(2.5).reduction(Reduction::None);
    assert_gradients(&params, &inputs, |_, x| x[0].bce_with_logits(x[1]));
    assert_gradients(&params, &inputs, |_, x| weighted.of(x[0], x[1]));
}

#[test]
fn divergence() {
    let params = Params::with_seed(0);
    let inputs = [sample(&[2, 3]), sample(&[2, 3]).mapv(f64::exp)];
    assert_gradients(&params, &inputs, |_, x| x[0].kl_div(x[1]));
    let each = KlDiv::new().reduction(Reduction::None);
    assert_gradients(&params, &inputs, |_, x| each.of(x[0].log_softmax(1), x[1]));
}

#[test]
fn cross_entropy_of_labels() {
    let params = Params::with_seed(0);
    let labels = array![[0_i64, 2], [1, 9]];
    let plain = CrossEntropy::new().ignore_index(9);
    let smoothed = plain.clone().label_smoothing(0.2);
    let weighted = smoothed.clone().weights([1.0, 0.5, 3.0]);
    let each = weighted.clone().reduction(Reduction::None);
    for loss in [plain, smoothed, weighted, each] {
        assert_gradients(&params, &[sample(&[2, 3, 2])], |g, x| loss.of(x[0], g.constant(&labels)));
    }
    let nll = Nll::new().ignore_index(9).weights([1.0, 0.5, 3.0]);
    assert_gradients(&params, &[sample(&[2, 3, 2])], |g, x| nll.of(x[0], g.constant(&labels)));
}

#[test]
fn cross_entropy_of_probabilities() {
    let params = Params::with_seed(0);
    let inputs = [sample(&[2, 3]), sample(&[2, 3]).mapv(f64::exp)];
    let smoothed = CrossEntropy::new().label_smoothing(0.2).weights([1.0, 0.5, 3.0]);
    assert_gradients(&params, &inputs, |_, x| x[0].cross_entropy(x[1]));
    assert_gradients(&params, &inputs, |_, x| smoothed.of(x[0], x[1]));
}

#[test]
fn penalties() {
    let mut params = Params::with_seed(0);
    let fc = Linear::new(3, 2).build(&mut params.root(), "fc");
    let weights = [&fc.weight, fc.bias.as_ref().unwrap()];
    assert_gradients(&params, &[], |g, _| l1_penalty(g, weights, 0.3));
    assert_gradients(&params, &[], |g, _| l2_penalty(g, weights, 0.3));
}
