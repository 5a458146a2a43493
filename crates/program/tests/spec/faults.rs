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

/// What a program answers is the evaluator's error, whichever form it gives the operation.
fn same_error(record: impl for<'g> Fn(Var<'g>, Var<'g>) -> Var<'g>, index: &ndarray::ArrayD<i64>) {
    let g = Graph::new();
    let (x, i) = (g.input("x", [3, 4]), g.index_input("i", index.shape()));
    let y = record(x, i);
    let value = Array2::<f32>::ones((3, 4));
    let plain =
        Evaluator::<f32>::new(&g).bind(x, &value).bind(i, index.clone()).run(&[y]).unwrap_err();
    assert!(matches!(plain, RunError::IndexOutOfRange { .. }), "{plain}");
    let params = Params::seeded(0);
    let compiled = Program::compile(&[y], &params)
        .run(&params, &[(&value).into(), index.into()], Seed::default())
        .unwrap_err();
    assert_eq!(compiled, plain);
}

#[test]
fn an_index_out_of_range_is_the_same_error_compiled() {
    for wrong in [-1, 9, i64::MAX, i64::MIN] {
        let column = array![[0], [wrong], [1]].into_dyn();
        same_error(|x, i| x.gather(1, i), &column);
        same_error(|x, i| (x * 2.0).gather(1, i), &column);
        same_error(|x, i| x.scatter_add(1, i, i.to_real()), &column);
        same_error(|x, i| x.take(0, i), &array![[0, 2], [1, wrong]].into_dyn());
        same_error(|x, i| x.take(1, i), &ndarray::arr0(wrong).into_dyn());
        same_error(|x, i| x.index_add(0, i, x.take(0, i)), &array![0, wrong].into_dyn());
        same_error(|x, i| i.one_hot(4) * x, &array![0, 1, wrong].into_dyn());
        let of_all = array![[0, wrong, 1, 1], [0; 4], [0; 4]].into_dyn();
        same_error(|x, i| x.gather(1, x.gt(0.0).select(i, i)), &of_all);
    }
}
