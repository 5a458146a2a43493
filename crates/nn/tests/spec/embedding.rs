//! Tables of vectors.

use cotangent::nn::Embedding;
use cotangent::{Evaluator, Graph, Params, RunError};
use ndarray::array;

use crate::value;

#[test]
fn rows_are_looked_up_and_their_gradients_add_up() {
    let mut params = Params::<f64>::with_seed(0);
    let table = Embedding::new(3, 2).build(&mut params.root(), "table");
    let rows = array![[0.0, 1.0], [10.0, 11.0], [20.0, 21.0]].into_dyn();
    params.set(table.weight.id(), rows.view()).unwrap();
    let g = Graph::new();
    let found = table.forward(g.constant(array![2_i64, 0, 2]));
    let expected = array![[20.0, 21.0], [0.0, 1.0], [20.0, 21.0]].into_dyn();
    assert_eq!(value(&params, found), expected);
    let gradient = value(&params, found.sum().grad(g.param(&table.weight)));
    assert_eq!(gradient, array![[1.0, 1.0], [0.0, 0.0], [2.0, 2.0]].into_dyn());
}

#[test]
fn an_index_outside_the_table_is_an_error_of_the_run() {
    let mut params = Params::<f64>::with_seed(0);
    let table = Embedding::new(3, 2).build(&mut params.root(), "table");
    let g = Graph::new();
    let found = table.forward(g.constant(array![3_i64]));
    let run = Evaluator::new(&g).params(&params).run(&[found]);
    assert!(matches!(run, Err(RunError::IndexOutOfRange { index: 3, extent: 3, .. })));
}
