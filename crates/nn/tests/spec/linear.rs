//! Affine maps.

use approx::assert_relative_eq;
use cotangent::nn::Linear;
use cotangent::nn::init::Init;
use cotangent::{Graph, Params};
use ndarray::array;

use crate::{sample, value};

#[test]
fn it_is_x_times_the_transposed_weight_plus_the_bias() {
    let mut params = Params::<f64>::with_seed(0);
    let fc = Linear::new(3, 2).build(&mut params.root(), "fc");
    let weight = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].into_dyn();
    params.set(fc.weight.id(), weight.view()).unwrap();
    let bias = fc.bias.as_ref().unwrap();
    params.set(bias.id(), array![10.0, 20.0].into_dyn().view()).unwrap();

    let g = Graph::new();
    let row = fc.forward(g.constant(array![1.0, 0.0, -1.0]));
    assert_eq!(value(&params, row), array![8.0, 18.0].into_dyn());
    let rows = fc.forward(g.constant(array![[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]]));
    assert_eq!(value(&params, rows), array![[8.0, 18.0], [12.0, 25.0]].into_dyn());
}

#[test]
fn leading_axes_are_all_samples() {
    let mut params = Params::<f64>::with_seed(0);
    let fc = Linear::new(3, 2).build(&mut params.root(), "fc");
    let g = Graph::new();
    let x = g.constant(sample(&[4, 5, 3]));
    let deep = value(&params, fc.forward(x));
    let flat = value(&params, fc.forward(x.reshape([20, 3])));
    assert_eq!(deep.shape(), [4, 5, 2]);
    assert_eq!(deep.into_flat(), flat.into_flat());
}

#[test]
fn without_a_bias_there_is_none() {
    let mut params = Params::<f64>::with_seed(0);
    let fc = Linear::new(3, 2).bias(false).build(&mut params.root(), "fc");
    assert!(fc.bias.is_none());
    assert_eq!(params.trainable_count(), 6);
    let g = Graph::new();
    let zero = fc.forward(g.full([1, 3], 0.0));
    assert_eq!(value(&params, zero), array![[0.0, 0.0]].into_dyn());
}

#[test]
fn it_starts_as_in_pytorch_unless_told() {
    let mut params = Params::<f64>::with_seed(0);
    let fc = Linear::new(400, 300).build(&mut params.root(), "fc");
    let bound = 1.0 / 20.0;
    for id in [fc.weight.id(), fc.bias.as_ref().unwrap().id()] {
        let values = params.get(id).unwrap();
        let largest = values.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
        assert!(largest < bound && largest > 0.98 * bound, "{largest}");
        assert_relative_eq!(values.std(0.0), bound / 3f64.sqrt(), max_relative = 0.1);
    }
    let told = Linear::new(2, 2).init(Init::ones()).bias_init(Init::constant(0.5));
    let told = told.build(&mut params.root(), "told");
    assert_eq!(params.get(told.weight.id()).unwrap(), array![[1.0, 1.0], [1.0, 1.0]].into_dyn());
    assert_eq!(params.get(told.bias.unwrap().id()).unwrap(), array![0.5, 0.5].into_dyn());
}
