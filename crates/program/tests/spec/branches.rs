//! Compiled choices and loops that end by a condition against the plain evaluator: values, gradients and gradients of
//! gradients.

use cotangent::{Gradient, Graph, Params, Program, Seed, Var};
use ndarray::array;

use crate::agree::{agree, derivatives, drawn, weighed};

fn network<'g>(x: Var<'g>, w: Var<'g>) -> Vec<Var<'g>> {
    let h = x.matmul(w).tanh();
    vec![h.matmul(w) + x, h.sum_over(0)]
}

fn other<'g>(x: Var<'g>, w: Var<'g>) -> Vec<Var<'g>> {
    vec![x.t().t().exp() * 0.5, w.square().sum_over(1)]
}

#[test]
fn either_function() {
    for threshold in [-100.0, 100.0] {
        let g = Graph::new();
        let (x, w) = (drawn(&g, [4, 4], 1), drawn(&g, [4, 4], 2).t());
        let results = g.cond(x.sum().gt(threshold), || network(x, w), || other(x, w));
        agree("all", &derivatives(&results, &[x, w]));
        // One result alone, and nothing but gradients.
        agree("one", &results[1..]);
        agree("gradients", &derivatives(&results[..1], &[x, w])[1..]);
    }
}

#[test]
fn work_that_threads_share() {
    let g = Graph::new();
    let (x, w) = (drawn(&g, [96, 96], 1), drawn(&g, [96, 96], 2));
    let results = g.cond(x.sum().gt(-1e6), || network(x, w), || vec![x, w.sum_over(0)]);
    agree("shared", &results);
    let gradient = Gradient::of(weighed(results[0])).with_respect_to(&[x, w]).unwrap();
    agree("shared gradients", &gradient);
    let start = [x, g.full([], 0.0)];
    let last =
        g.while_loop(&start, |at| at[1].lt(3.0), |at| vec![at[0].matmul(w).tanh(), at[1] + 1.0]);
    agree("shared loop", &last);
}

#[test]
fn indices_and_what_lies_anywhere() {
    for threshold in [-100.0, 100.0] {
        let g = Graph::new();
        let table = drawn(&g, [3, 2], 7);
        let index = g.constant(array![2, 0, 1]);
        let x = drawn(&g, [2, 3], 1).t().flip([0]);
        let row = drawn(&g, [1, 2], 2).broadcast_to([3, 2]);
        let found = x.argmax(0);
        let taken = || vec![table.take(0, index) * x + row, table.take(0, found).sum_over(0)];
        let results = g.cond(x.sum().gt(threshold), taken, || vec![row, x.sum_over(0)]);
        agree("indices", &derivatives(&results, &[table, x, row]));
    }
}

#[test]
fn samples() {
    for pattern in [0b0000, 0b1111, 0b0101, 0b0010] {
        let g = Graph::new();
        let takes = (0..4).map(|i| f64::from(pattern >> i & 1));
        let truth = g.constant(ndarray::Array1::from_iter(takes));
        let (x, w) = (drawn(&g, [4, 3, 3], 1), drawn(&g, [3, 3], 2));
        let results = g.vmap(&[(x, 0), (truth, 0)], |one| {
            g.cond(one[1].gt(0.5), || network(one[0], w), || other(one[0], w))
        });
        agree(&format!("samples {pattern:b}"), &derivatives(&results, &[x, w]));
        let inside = g.vmap(&[(x, 0), (truth, 0)], |one| {
            let y = g.cond(one[1].gt(0.5), || network(one[0], w), || other(one[0], w));
            vec![y[0].square().sum().grad(w), y[0].square().sum().grad(one[0])]
        });
        agree(&format!("samples inside {pattern:b}"), &inside);
    }
}

#[test]
fn in_loops_and_loops_in_them() {
    let g = Graph::new();
    let (h, x, w) = (drawn(&g, [2], 1), drawn(&g, [6, 2], 2), drawn(&g, [2, 2], 3));
    let step = |h: Var<'_>, x: Var<'_>| {
        let (h, x) = (g.var(h.id()), g.var(x.id()));
        (h.matmul(w) + x).tanh().id()
    };
    let (last, each) = g.scan(&[h], &[x], |h, x| {
        let taken = || vec![g.var(step(h[0], x[0]))];
        let y = g.cond(h[0].sum().gt(0.0), taken, || vec![h[0] * 0.5 - x[0]])[0];
        (vec![y], vec![y.square()])
    });
    agree("in a loop", &derivatives(&[last[0], each[0]], &[h, x, w]));
    let (last, _) = g.scan_recomputed(&[h], &[x], |h, x| {
        let taken = || vec![g.var(step(h[0], x[0]))];
        (g.cond(x[0].sum().gt(0.0), taken, || vec![h[0] * 0.5 - x[0]]), vec![])
    });
    agree("in a recomputed loop", &derivatives(&last, &[h, x, w]));
    let looped = || g.scan(&[h], &[x], |h, x| (vec![g.var(step(h[0], x[0]))], vec![])).0;
    let results = g.cond(h.sum().gt(-9.0), looped, || vec![h]);
    agree("a loop in it", &derivatives(&results, &[h, x, w]));
    let nested = || g.cond(w.sum().gt(-9.0), looped, || vec![w.sum_over(0)]);
    agree("nested", &derivatives(&g.cond(h.sum().gt(-9.0), nested, || vec![h]), &[h, x, w]));
}

#[test]
fn until_the_condition_is_false() {
    for start in [1.0, 30.0, 64.0, 100.0, 1000.0] {
        let g = Graph::new();
        let (x, bound, factor) = (g.full([], start), g.full([], 100.0), drawn(&g, [2], 1) + 2.0);
        let init = [x * factor, g.full([], 0.0)];
        let last =
            g.while_loop(&init, |at| at[0].sum().lt(bound), |at| vec![at[0] * factor, at[1] + 1.0]);
        agree("all carries", &last);
        agree("the first alone", &last[..1]);
        let (sums, _) = g.scan(&[g.full([2], 0.0)], &[drawn(&g, [3, 2], 4)], |sum, x| {
            let init = [x[0] + start, g.full([], 0.0)];
            let last = g.while_loop(
                &init,
                |at| at[0].sum().lt(bound),
                |at| vec![at[0] * factor, at[1] + 1.0],
            );
            (vec![sum[0] + last[0] * last[1]], vec![])
        });
        agree("in a loop", &sums);
        let samples = drawn(&g, [5], 3).square() * 90.0 + start;
        let each = g.vmap(&[(samples, 0)], |one| {
            g.while_loop(&[one[0] * factor], |at| at[0].sum().lt(bound), |at| vec![at[0] * factor])
        });
        agree("samples", &each);
    }
}

#[test]
fn at_most_so_many_steps() {
    for start in [0.5, 2.0, 8.0, 20.0] {
        let g = Graph::new();
        let (x, w) = (drawn(&g, [3], 1) + start, drawn(&g, [3], 2) + 1.5);
        let grown = |x: &[Var<'_>]| {
            let x = g.var(x[0].id());
            vec![x + (x * w).sqrt()]
        };
        let run = |x: Var<'_>| {
            g.while_at_most(
                12,
                &[g.var(x.id())],
                |x| x[0].sum().lt(30.0),
                |x| grown(x).iter().map(|y| g.var(y.id())).collect(),
            )
        };
        agree("one", &derivatives(&run(x), &[x, w]));
        let rows = g.stack(&[x, 0.5 * x, 3.0 * x], 0);
        let each = g.vmap(&[(rows, 0)], |row| run(row[0]).iter().map(|y| g.var(y.id())).collect());
        agree("samples", &derivatives(&each, &[x, w]));
    }
}

#[test]
fn what_is_not_taken_does_not_run() {
    let g = Graph::new();
    let (table, index) = (g.constant(array![1.0, 2.0]), g.index_input("index", [1]));
    let x = g.input("x", []);
    let y = g.cond(x.gt(0.0), || vec![table.take(0, index).sum() * x], || vec![x])[0];
    let params = Params::with_seed(0);
    let mut program = Program::<f64>::compile(&[y.grad(x)], &params);
    let table = program.explain().to_string();
    for body in ["yes: ", "no: ", "one of two"] {
        assert!(table.contains(body), "{table}");
    }
    let (one, minus_one, second) = (ndarray::arr0(1.0), ndarray::arr0(-1.0), array![1_i64]);
    for (x, expected) in [(&one, 2.0), (&minus_one, 1.0)] {
        program.run(&params, &[(&second).into(), x.into()], Seed::default()).unwrap();
        assert_eq!(program.output(0)[[]], expected);
    }
}

#[test]
fn errors_name_their_lines() {
    let g = Graph::new();
    let table = g.constant(array![1.0, 2.0]);
    let index = g.input("index", [3]);
    let y = g.cond(
        index.sum().gt(0.0),
        || vec![table.take(0, index.argmax(0))],
        || vec![g.full([], 0.0)],
    )[0];
    let last = g.while_loop(
        &[g.full([], 0.0)],
        |x| x[0].lt(9.0),
        |x| vec![x[0] + table.take(0, (index * x[0]).argmax(0)) + 1.0],
    )[0];
    let params = Params::with_seed(0);
    let given = array![0.0_f64, 0.5, 1.0];
    for (output, what) in [(y, "index 2"), (last, "in step 1 of the loop")] {
        let mut program = Program::<f64>::compile(&[output], &params);
        let error = program.run(&params, &[(&given).into()], Seed::default()).unwrap_err();
        let error = error.to_string();
        assert!(error.contains(what) && error.contains("branches.rs"), "{error}");
    }
    let bounded = g.while_at_most(2, &[index], |x| x[0].sum().lt(9.0), |x| vec![x[0] + 0.1])[0];
    let mut program = Program::<f64>::compile(&[bounded], &params);
    let error = program.run(&params, &[(&given).into()], Seed::default()).unwrap_err().to_string();
    assert!(error.contains("still holds after 2 steps"), "{error}");
}

#[test]
fn a_checked_run_looks_at_what_ran() {
    let g = Graph::new();
    let x = g.input("x", [2]);
    let y = g.cond(x.sum().gt(0.0), || vec![x.ln()], || vec![x])[0];
    let params = Params::with_seed(0);
    let mut program = Program::<f64>::compile(&[y], &params);
    let (good, bad) = (array![-2.0, -1.0], array![2.0, -1.0]);
    program.run_checked(&params, &[(&good).into()], Seed::default()).unwrap();
    let error = program.run_checked(&params, &[(&bad).into()], Seed::default()).unwrap_err();
    assert!(error.to_string().starts_with("ln answered NaN"), "{error}");
}
