//! Layer normalisation.

use approx::assert_relative_eq;
use cotangent::nn::LayerNorm;
use cotangent::{Graph, Params};
use ndarray::{Axis, array};

use crate::{sample, value};

#[test]
fn every_sample_comes_out_with_mean_0_and_variance_1() {
    let mut params = Params::<f64>::with_seed(0);
    let norm = LayerNorm::new([3, 4]).eps(0.0).build(&mut params.root(), "ln");
    let g = Graph::new();
    let y = value(&params, norm.forward(g.constant(sample(&[5, 3, 4]) * 9.0 + 50.0)));
    for sample in y.axis_iter(Axis(0)) {
        assert!(sample.mean().unwrap().abs() < 1e-13);
        assert_relative_eq!(sample.var(0.0), 1.0, max_relative = 1e-13);
    }
}

#[test]
fn gamma_and_beta_are_elementwise_and_epsilon_is_inside_the_root() {
    let mut params = Params::<f64>::with_seed(0);
    let norm = LayerNorm::new(2).eps(3.0).build(&mut params.root(), "ln");
    let (gamma, beta) = (norm.affine.weight.as_ref().unwrap(), norm.affine.bias.as_ref().unwrap());
    params.set(gamma.id(), array![10.0, 20.0].into_dyn().view()).unwrap();
    params.set(beta.id(), array![1.0, 2.0].into_dyn().view()).unwrap();
    let g = Graph::new();
    let y = value(&params, norm.forward(g.constant(array![[4.0, 6.0]]))); // mean 5, variance 1
    assert_eq!(y, array![[-4.0, 12.0]].into_dyn());
}

#[test]
fn without_gamma_and_beta_there_is_nothing_to_train() {
    let mut params = Params::<f64>::with_seed(0);
    LayerNorm::new(4).affine(false).build(&mut params.root(), "ln");
    assert_eq!(params.values().len(), 0);
}

#[test]
fn each_of_gamma_and_beta_stands_without_the_other() {
    let mut params = Params::<f64>::with_seed(0);
    let p = &mut params.root();
    let scaled = LayerNorm::new(2).bias(false).build(p, "scaled");
    let shifted = LayerNorm::new(2).weight(false).build(p, "shifted");
    let bare = LayerNorm::new(2).affine(false).build(p, "bare");
    let paths: Vec<&str> = params.trainable_entries().map(|param| param.path()).collect();
    assert_eq!(paths, ["scaled.weight", "shifted.bias"]);

    let per_feature = array![10.0, 20.0].into_dyn();
    for param in [scaled.affine.weight.as_ref(), shifted.affine.bias.as_ref()] {
        params.set(param.unwrap().id(), per_feature.view()).unwrap();
    }
    let g = Graph::new();
    let x = g.constant(sample(&[3, 2]));
    let y = |norm: &LayerNorm| value(&params, norm.forward(x));
    assert_eq!(y(&scaled), y(&bare) * &per_feature);
    assert_eq!(y(&shifted), y(&bare) + &per_feature);
}
