//! Regularisation.

use cotangent::nn::{BatchNorm, Linear, l1_penalty, l2_penalty, parameters_where};
use cotangent::{Graph, Params};
use ndarray::array;

use crate::value;

#[test]
fn penalties_run_over_the_chosen_parameters_alone() {
    let mut params = Params::<f64>::with_seed(0);
    let mut root = params.root();
    let a = root.parameter("a", array![1.0, -2.0].into_dyn());
    let b = root.parameter("b", array![[3.0], [0.0]].into_dyn());
    let g = Graph::new();
    assert_eq!(value(&params, l1_penalty(&g, [&a, &b], 0.5))[[]], 3.0);
    assert_eq!(value(&params, l2_penalty(&g, [&a], 0.5))[[]], 2.5);
    assert_eq!(value(&params, l2_penalty(&g, [], 0.5))[[]], 0.0);
}

#[test]
fn their_gradients_are_those_of_the_lecture() {
    let mut params = Params::<f64>::with_seed(0);
    let w = params.root().parameter("w", array![1.0, -2.0, 0.0].into_dyn());
    let g = Graph::new();
    let grad = |penalty: cotangent::Var<'_>| value(&params, penalty.grad(g.param(&w)));
    assert_eq!(grad(l1_penalty(&g, [&w], 0.5)), array![0.5, -0.5, 0.0].into_dyn());
    assert_eq!(grad(l2_penalty(&g, [&w], 0.5)), array![1.0, -2.0, 0.0].into_dyn());
}

#[test]
fn parameters_are_chosen_by_path_and_buffers_never() {
    let mut params = Params::<f64>::with_seed(0);
    let mut root = params.root();
    Linear::new(2, 3).build(&mut root, "fc");
    BatchNorm::new(3).build(&mut root, "bn");
    let chosen = |condition: &dyn Fn(&str) -> bool| -> Vec<String> {
        let params = parameters_where(&params, condition);
        params.iter().map(|param| param.path().to_owned()).collect()
    };
    assert_eq!(chosen(&|path| path.starts_with("fc.")), ["fc.weight", "fc.bias"]);
    assert_eq!(chosen(&|path| path.ends_with("weight")), ["fc.weight", "bn.weight"]);
    assert_eq!(chosen(&|_| true).len(), 4);
}
