use ndarray::array;

use crate::testing::{agree, derivatives, drawn};
use crate::{Evaluator, Graph, Params, Var};

fn yes<'g>(x: Var<'g>, w: Var<'g>) -> Vec<Var<'g>> {
    let h = (x * w).tanh();
    vec![h, (h * x).sum()]
}

fn no<'g>(x: Var<'g>, w: Var<'g>) -> Vec<Var<'g>> {
    vec![x.exp(), w.square().sum()]
}

#[test]
fn it_is_what_is_taken_to_second_order() {
    for (threshold, taken) in [(-10.0, true), (10.0, false)] {
        let g = Graph::new();
        let (x, w) = (drawn(&g, [3], 1), drawn(&g, [3], 2));
        let predicate = x.sum().gt(threshold);
        let ours = g.cond(predicate, || yes(x, w), || no(x, w));
        let expected = if taken { yes(x, w) } else { no(x, w) };
        agree("taken", &derivatives(&ours, &[x, w]), &derivatives(&expected, &[x, w]));
    }
}

#[test]
fn results_may_be_what_is_given_or_a_number() {
    for threshold in [-10.0, 10.0] {
        let g = Graph::new();
        let (x, w) = (drawn(&g, [], 1), drawn(&g, [], 2));
        let one = |x, w| vec![x, x, w];
        let other = |_, w| vec![g.full([], 3.0), w, w * w];
        let ours = g.cond(x.gt(threshold), || one(x, w), || other(x, w));
        let expected = if threshold < 0.0 { one(x, w) } else { other(x, w) };
        agree("given", &derivatives(&ours, &[x, w]), &derivatives(&expected, &[x, w]));
    }
}

#[test]
fn what_is_not_taken_does_not_run() {
    let g = Graph::new();
    let (table, far) = (g.constant(array![1.0, 2.0]), g.constant(ndarray::arr0(7_i64)));
    let x = g.constant(3.0);
    let y = g.cond(x.gt(0.0), || vec![x * 2.0], || vec![x * table.take(0, far)])[0];
    assert_eq!((y.eval().unwrap()[[]], y.grad(x).eval().unwrap()[[]]), (6.0, 2.0));
    let z = g.cond(x.lt(0.0), || vec![x * 2.0], || vec![x * table.take(0, far)])[0];
    let error = z.eval().unwrap_err().to_string();
    assert!(error.contains("index 7") && error.contains("cond/tests.rs"), "{error}");
}

#[test]
fn choices_nest_and_gradients_are_taken_inside() {
    for (a, b) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
        let g = Graph::new();
        let (x, w) = (drawn(&g, [2], 1), drawn(&g, [2], 2));
        let inner = || {
            let slope = (x * w).sin().sum().grad(w);
            g.cond(g.full([], b).gt(0.0), || vec![slope * x], || vec![x / (w + 2.0)])
        };
        let ours = g.cond(g.full([], a).gt(0.0), inner, || vec![w]);
        let expected = match (a > 0.0, b > 0.0) {
            (true, true) => vec![(x * w).sin().sum().grad(w) * x],
            (true, false) => vec![x / (w + 2.0)],
            _ => vec![w],
        };
        agree("nested", &derivatives(&ours, &[x, w]), &derivatives(&expected, &[x, w]));
    }
}

#[test]
fn each_sample_takes_its_own() {
    let of_one = |x: Var<'_>, w: Var<'_>, taken: bool| {
        let (x, w) = (w.graph().var(x.id()), w);
        if taken { yes(x, w) } else { no(x, w) }.iter().map(|y| y.id()).collect::<Vec<_>>()
    };
    // All, none, and all mixtures between.
    for pattern in 0..8 {
        let g = Graph::new();
        let takes = [0, 1, 2].map(|i| pattern >> i & 1 == 1);
        let (x, w) = (drawn(&g, [3, 4], 1), drawn(&g, [4], 2));
        let truth = g.constant(ndarray::Array1::from_iter(takes.map(f64::from)));
        let ours = g.vmap(&[(x, 0), (truth, 0)], |one| {
            g.cond(one[1].gt(0.5), || yes(one[0], w), || no(one[0], w))
        });
        let each: Vec<_> = takes
            .iter()
            .enumerate()
            .map(|(i, &taken)| of_one(x.index_axis(0, i as isize), w, taken))
            .collect();
        let expected = [0, 1].map(|k| {
            let rows: Vec<Var<'_>> = each.iter().map(|one| g.var(one[k])).collect();
            g.stack(&rows, 0)
        });
        let context = format!("{takes:?}");
        agree(&context, &derivatives(&ours, &[x, w]), &derivatives(&expected, &[x, w]));
        // The same for all samples.
        let ours = g.vmap(&[(x, 0)], |one| {
            g.cond(g.full([], f64::from(pattern)).gt(3.5), || yes(one[0], w), || no(one[0], w))
        });
        let each: Vec<_> = (0..3).map(|i| of_one(x.index_axis(0, i), w, pattern >= 4)).collect();
        let expected = [0, 1].map(|k| {
            let rows: Vec<Var<'_>> = each.iter().map(|one| g.var(one[k])).collect();
            g.stack(&rows, 0)
        });
        agree("unsampled", &derivatives(&ours, &[x, w]), &derivatives(&expected, &[x, w]));
    }
}

#[test]
fn samples_that_take_the_other_leave_no_trace() {
    let g = Graph::new();
    let x = g.constant(array![0.0, 4.0, -1.0]);
    let (table, index) = (g.constant(array![10.0, 20.0]), g.constant(array![9_i64, 1, -3]));
    // The root of 0 has an infinite slope, that of -1 is NaN, and 9 and -3 are no rows.
    let y = g.vmap(&[(x, 0), (index, 0)], |one| {
        let taken = || vec![one[0].sqrt() * table.take(0, one[1])];
        g.cond(one[0].gt(0.0), taken, || vec![0.0 * one[0]])
    })[0];
    assert_eq!(y.eval().unwrap(), array![0.0, 40.0, 0.0].into_dyn());
    let slopes = y.sum().grad(x);
    assert_eq!(slopes.eval().unwrap(), array![0.0, 5.0, 0.0].into_dyn());
    assert_eq!(y.sum().grad(table).eval().unwrap(), array![0.0, 2.0].into_dyn());
    let curvature = slopes.sum().grad(x).eval().unwrap();
    assert_eq!(curvature, array![0.0, -0.625, 0.0].into_dyn());
    // Slopes that each sample takes for itself.
    let inside = g.vmap(&[(x, 0)], |one| {
        let y = g.cond(one[0].gt(0.0), || vec![one[0].sqrt()], || vec![0.0 * one[0]])[0];
        vec![y.grad(one[0])]
    });
    assert_eq!(inside[0].eval().unwrap(), array![0.0, 0.25, 0.0].into_dyn());
}

#[test]
fn samples_of_samples() {
    let g = Graph::new();
    let x = drawn(&g, [3, 4], 1);
    let ours = g.vmap(&[(x, 0)], |row| {
        g.vmap(&[(row[0], 0)], |one| {
            g.cond(one[0].gt(0.0), || vec![one[0].sqrt()], || vec![one[0].square()])
        })
    });
    let positive = x.gt(0.0);
    let expected = positive.select(positive.select(x, 1.0).sqrt(), x.square());
    agree("samples of samples", &derivatives(&ours, &[x]), &derivatives(&[expected], &[x]));
}

#[test]
fn in_a_loop_and_with_a_loop_in_it() {
    let g = Graph::new();
    let (h, x, w) = (drawn(&g, [2], 1), drawn(&g, [6, 2], 2), drawn(&g, [2, 2], 3));
    let cell = |h: Var<'_>, x: Var<'_>| {
        let (h, x) = (g.var(h.id()), g.var(x.id()));
        (h.matmul(w) + x).tanh().id()
    };
    // By a slice, and by a carry.
    for by_carry in [false, true] {
        let decides = |h: Var<'_>, x: Var<'_>| {
            let of = if by_carry { h } else { x };
            g.var(of.sum().gt(0.0).id())
        };
        let (last, each) = g.scan(&[h], &[x], |h, x| {
            let taken = || vec![g.var(cell(h[0], x[0]))];
            let y = g.cond(decides(h[0], x[0]), taken, || vec![h[0] * 0.5 - x[0]])[0];
            (vec![y], vec![y.square()])
        });
        let (last_one, each_one) = g.scan(&[h], &[x], |h, x| {
            let taken = g.var(cell(h[0], x[0]));
            let y = decides(h[0], x[0]).select(taken, h[0] * 0.5 - x[0]);
            (vec![y], vec![y.square()])
        });
        let ours = derivatives(&[last[0], each[0]], &[h, x, w]);
        let expected = derivatives(&[last_one[0], each_one[0]], &[h, x, w]);
        agree("in a loop", &ours, &expected);
    }
    let looped = || g.scan(&[h], &[x], |h, x| (vec![g.var(cell(h[0], x[0]))], vec![])).0;
    let ours = g.cond(h.sum().gt(-9.0), looped, || vec![h]);
    agree("a loop in it", &derivatives(&ours, &[h, x, w]), &derivatives(&looped(), &[h, x, w]));
}

#[test]
fn a_step_of_a_loop_runs_what_it_takes_alone() {
    let g = Graph::new();
    let (table, index) = (g.constant(array![1.0, 2.0]), g.constant(array![0_i64, 7, 1]));
    let on = g.constant(array![1.0, 0.0, 1.0]);
    let (_, each) = g.scan(&[g.full([], 0.0)], &[index, on], |carry, x| {
        let found = g.cond(
            x[1].gt(0.5),
            || vec![table.take(0, x[0]) * table.sum()],
            || vec![g.full([], 0.0)],
        )[0];
        (vec![carry[0] + found], vec![found])
    });
    assert_eq!(each[0].eval().unwrap(), array![3.0, 0.0, 6.0].into_dyn());
}

#[test]
fn statistics_are_updated_by_what_runs() {
    for (x, expected) in [(1.0, 3.5), (-1.0, 3.0)] {
        let mut params = Params::<f64>::with_seed(0);
        let mean = params.root().buffer("mean", array![3.0].into_dyn());
        let g = Graph::new();
        let x = g.constant(x);
        let taken = || {
            g.update(&mean, g.current(&mean) + 0.5 * x);
            vec![g.current(&mean).sum()]
        };
        let y = g.cond(x.gt(0.0), taken, || vec![g.current(&mean).sum()])[0];
        let (_, after) = g.updates()[0];
        let values = Evaluator::new(&g).params(&params).run(&[after, y]).unwrap();
        assert_eq!(values[0].clone().into_real(), array![expected].into_dyn());
        assert_eq!(values[1].clone().into_real()[[]], expected);
    }
}

#[test]
fn random_numbers_are_the_same_in_the_backward_pass_and_others_in_each_step() {
    let g = Graph::new();
    let x = g.constant(array![1.0, 2.0]);
    let y = g.cond(x.sum().gt(0.0), || vec![x * g.uniform([2], 1.0, 2.0)], || vec![x])[0];
    let noise = (y / x).eval().unwrap();
    assert_eq!(y.sum().grad(x).eval().unwrap(), noise);
    let (_, each) = g.scan(&[g.full([], 0.0)], &[x], |carry, x| {
        let y = g.cond(x[0].gt(0.0), || vec![g.uniform([], 1.0, 2.0)], || vec![x[0]])[0];
        (vec![carry[0]], vec![y])
    });
    let drawn = each[0].eval().unwrap();
    assert_ne!(drawn[0], drawn[1]);
}

#[test]
#[should_panic(expected = "value 0 is [2] of `yes`, and [] of `no`: both must be the same")]
fn both_answer_the_same_shapes() {
    let g = Graph::new();
    let x = g.full([2], 1.0);
    g.cond(x.sum().gt(0.0), || vec![x], || vec![x.sum()]);
}

#[test]
#[should_panic(expected = "`yes` answers 1 values, and `no` 2")]
fn both_answer_equally_many() {
    let g = Graph::new();
    let x = g.full([2], 1.0);
    g.cond(x.sum().gt(0.0), || vec![x], || vec![x, x]);
}

#[test]
#[should_panic(expected = "the predicate must be a truth value without axes")]
fn the_predicate_is_one_truth_value() {
    let g = Graph::new();
    let x = g.full([2], 1.0);
    g.cond(x.gt(0.0), || vec![x], || vec![x]);
}
