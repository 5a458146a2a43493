//! Numbers that are not finite are followed into bodies.

use ndarray::{Array1, array};

use crate::{Evaluator, Graph, RunError, Var};

/// What a checked evaluation says, on x.
fn said(x: Array1<f64>, build: impl for<'g> Fn(Var<'g>) -> Var<'g>) -> RunError {
    let g = Graph::new();
    let input = g.input("x", x.shape());
    let output = build(input);
    Evaluator::<f64>::new(&g).bind(input, x).run_checked(&[output]).unwrap_err()
}

fn next(y: Var<'_>) -> Var<'_> {
    y.exp() * 0.5 + 1.0
}

/// The step, the operation, and its line of an error in a loop.
fn of_step(error: RunError) -> (usize, String, u32) {
    let RunError::InStep { error, step, .. } = error else { panic!("{error}") };
    let RunError::Arose { operations, location, .. } = *error else { panic!("{error}") };
    (step, operations, location.line())
}

#[test]
fn the_step_and_the_operation_are_named_in_which_it_began() {
    // −∞ in step 0 leaves no trace; the NaN of step 2 is carried on.
    let x = array![-1.0, 2.0, -9.0, 4.0];
    let error = |reverse: bool| {
        said(x.clone(), |x| {
            let (g, start) = (x.graph(), [x.graph().full([], 1.0)]);
            let ends = match reverse {
                true => {
                    g.scan_reverse(&start, &[x], |c, x| (vec![next((c[0] + x[0]).ln())], vec![]))
                }
                false => g.scan(&start, &[x], |c, x| (vec![next((c[0] + x[0]).ln())], vec![])),
            };
            2.0 * ends.0[0]
        })
    };
    let (step, operation, line) = of_step(error(false));
    assert_eq!((step, &*operation), (2, "ln"));
    assert_eq!(of_step(error(true)), (2, operation, line - 2));
    let text = error(false).to_string();
    assert!(text.starts_with("ln answered NaN in the forward pass\n  inputs: [-"), "{text}");
    assert!(text.contains("in step 2 of the loop at "), "{text}");
}

#[test]
fn loops_in_loops_loops_without_a_count_and_choices_are_looked_into() {
    let nested = said(array![1.0, -2.0], |x| {
        let g = x.graph();
        let rows = g.full([3], 0.0);
        let outer = g.scan(&[g.full([], 0.0)], &[x], |c, x| {
            (g.scan(&[c[0] + x[0]], &[rows], |c, _| (vec![(c[0] * 0.5).sqrt()], vec![])).0, vec![])
        });
        outer.0[0]
    });
    let text = nested.to_string();
    assert!(text.starts_with("sqrt answered NaN"), "{text}");
    assert!(
        text.contains("in step 0 of the loop") && text.contains("in step 1 of the loop"),
        "{text}"
    );

    let repeated = said(array![3.0], |x| {
        x.graph().while_loop(
            &[x.sum()],
            |c| c[0].gt(-5.0),
            |c| vec![c[0] - 1.5 + 1e-3 * (c[0] + 0.25).ln()],
        )[0]
    });
    assert_eq!(of_step(repeated).1, "ln");

    let chosen = said(array![-1.0], |x| {
        let given = x.sum();
        x.graph().cond(given.lt(0.0), || vec![given.sqrt()], || vec![given])[0]
    });
    let RunError::Arose { operations, .. } = chosen else { panic!("{chosen}") };
    assert_eq!(operations, "sqrt");
}

#[test]
fn an_infinity_that_is_meant_and_carried_through_is_told_where_it_is_read() {
    // Nothing in the loop made it.
    let error = said(array![1.0, 2.0], |x| {
        let g = x.graph();
        let ends = g.scan(&[g.full([], f64::INFINITY), g.full([], 0.0)], &[x], |c, x| {
            (vec![c[0], c[1] + x[0]], vec![])
        });
        ends.0[0] - ends.0[1]
    });
    assert!(matches!(error, RunError::Arose { .. }), "{error}");
}
