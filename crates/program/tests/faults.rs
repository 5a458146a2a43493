//! Faults of plain evaluations inside of programs: the same errors as the evaluator's.

use graph::{Evaluator, Graph, Params, Seed};
use ndarray::array;
use program::Program;

#[test]
fn a_singular_matrix_is_the_same_error_compiled() {
    let g = Graph::new();
    let a = g.input("a", [2, 2]);
    let x = a.solve(g.full([2], 1.0));
    let value = array![[1.0_f32, 2.0], [2.0, 4.0]];
    let plain = Evaluator::<f32>::new(&g).bind(a, &value).run(&[x]).unwrap_err();
    let params = Params::seeded(0);
    let compiled = Program::compile(&[x], &params)
        .run(&params, &[(&value).into()], Seed::default())
        .unwrap_err();
    assert_eq!(compiled, plain);
}
