//! Faults of plain evaluations inside of programs: the same errors as the evaluator's.

use cotangent::{Evaluator, Graph, Params, RunError, Seed, Var};
use cotangent::{Function, Program, Step};
use ndarray::{Array2, array};

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

#[test]
fn a_step_that_needs_a_refused_value_is_an_error_with_its_line_and_writes_nothing() {
    let mut params = Params::seeded(0);
    let w = params.root().parameter("w", array![1.0, 2.0].into_dyn());
    let count = params.root().buffer("count", array![0.0].into_dyn());
    let line = line!() + 3;
    let mut step = Step::new(|g, [x]| {
        g.update(&count, g.current(&count) + 1.0);
        let y = g.refused("pairs", "takes 2 rows, and there are 1", x.ty(), &[x]);
        (y * g.param(&w)).sum()
    });
    let before = (params.values().to_vec(), params.seed());
    let error = step.run(&mut params, (&array![[1.0_f32, 2.0]],)).unwrap_err();
    let RunError::Refused(refused) = &error else { panic!("{error}") };
    assert_eq!((refused.location.file(), refused.location.line()), (file!(), line));
    assert!(error.to_string().starts_with("pairs: takes 2 rows, and there are 1"), "{error}");
    assert_eq!((params.values().to_vec(), params.seed()), before);
}

#[test]
fn reductions_of_an_empty_batch_are_errors_of_the_run() {
    let empty = Array2::<f32>::zeros((0, 3));
    let reductions: [(fn(Var<'_>) -> Var<'_>, &str); 4] = [
        (|x| x.mean(), "mean: the mean of no numbers does not exist"),
        (|x| x.max_over(0), "max: the extremum of no numbers does not exist"),
        (|x| x.argmax(0).to_real(), "argmax: the extremum of no numbers has no position"),
        (|x| x.tanh().variance_over(0, 1), "variance: with ddof 1 it takes more than 1 numbers"),
    ];
    for (reduction, rule) in reductions {
        let mut function = Function::new(move |_, [x]| reduction(x));
        let error = function.run(&Params::seeded(0), (&empty,)).unwrap_err().to_string();
        assert!(error.starts_with(rule) && error.contains("inputs: [0, 3]"), "{error}");
    }
}
