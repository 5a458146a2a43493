use ndarray::array;

use crate::{Evaluator, Graph, Params, Var};

/// So often until x reaches a bound, with a factor.
fn doubled<'g>(x: Var<'g>, bound: Var<'g>, factor: Var<'g>) -> Vec<Var<'g>> {
    let g = x.graph();
    let start = [x, g.full([], 0.0)];
    g.while_loop(&start, |at| at[0].lt(bound), |at| vec![factor * at[0], at[1] + 1.0])
}

#[test]
fn it_runs_until_the_condition_is_false() {
    for (start, steps) in [(1.0, 7.0), (64.0, 1.0), (100.0, 0.0), (1000.0, 0.0)] {
        let g = Graph::new();
        let last = doubled(g.full([], start), g.full([], 100.0), g.full([], 2.0));
        let values: Vec<f64> = last.iter().map(|y| y.eval().unwrap()[[]]).collect();
        assert_eq!(values, [start * 2_f64.powf(steps), steps]);
    }
}

#[test]
fn samples_end_each_at_its_time() {
    let g = Graph::new();
    let (x, bound) = (g.constant(array![1.0, 30.0, 200.0]), g.constant(array![100.0, 10.0, 99.0]));
    let factor = g.constant(2.0);
    let both = g.vmap(&[(x, 0), (bound, 0)], |one| doubled(one[0], one[1], factor));
    assert_eq!(both[0].eval().unwrap(), array![128.0, 30.0, 200.0].into_dyn());
    assert_eq!(both[1].eval().unwrap(), array![7.0, 0.0, 0.0].into_dyn());
    let factors = g.constant(array![2.0, 3.0, 10.0]);
    let each = g.vmap(&[(factors, 0)], |one| doubled(x.sum() / 231.0, bound.max(), one[0]));
    assert_eq!(each[1].eval().unwrap(), array![7.0, 5.0, 2.0].into_dyn());
}

#[test]
fn a_sample_that_is_done_reads_no_further() {
    let g = Graph::new();
    // How many numbers of a row are before the first negative one; beyond the last is none.
    let rows = g.constant(array![[1.0, 2.0, -1.0], [-1.0, 1.0, 1.0], [5.0, 5.0, -5.0]]);
    let counts = g.vmap(&[(rows, 0)], |row| {
        let at = |i: Var<'_>| {
            let i = g.var(i.id());
            let here = g.arange(3).to_real().eq(i).select(row[0], 0.0);
            here.sum().gt(0.0).id()
        };
        g.while_loop(&[g.full([], 0.0)], |i| g.var(at(i[0])), |i| vec![i[0] + 1.0])
    });
    assert_eq!(counts[0].eval().unwrap(), array![2.0, 0.0, 2.0].into_dyn());
}

#[test]
fn loops_in_loops() {
    let g = Graph::new();
    let x = g.constant(array![1.0, 30.0, 200.0]);
    let (bound, factor) = (g.full([], 100.0), g.full([], 2.0));
    let (last, each) = g.scan(&[g.full([], 0.0)], &[x], |sum, x| {
        let both = doubled(x[0], bound, factor);
        (vec![sum[0] + both[1]], vec![both[0]])
    });
    assert_eq!(last[0].eval().unwrap()[[]], 9.0);
    assert_eq!(each[0].eval().unwrap(), array![128.0, 120.0, 200.0].into_dyn());
    // Of powers of 2, until their number is 4; each by a loop.
    let last = g.while_loop(
        &[g.full([], 0.0), g.full([], 1.0)],
        |at| at[0].lt(4.0),
        |at| {
            let next = doubled(at[1], at[1] * 1.5, factor)[0];
            vec![at[0] + 1.0, next]
        },
    );
    assert_eq!(last[1].eval().unwrap()[[]], 16.0);
}

#[test]
fn statistics_are_carried() {
    let mut params = Params::<f64>::with_seed(0);
    let count = params.root().buffer("count", array![1.0].into_dyn());
    let g = Graph::new();
    let last = g.while_loop(
        &[g.full([], 1.0)],
        |x| x[0].lt(10.0),
        |x| {
            g.update(&count, g.current(&count) + 1.0);
            vec![x[0] + g.current(&count).sum()]
        },
    );
    let (_, after) = g.updates()[0];
    let values = Evaluator::new(&g).params(&params).run(&[after, last[0]]).unwrap();
    assert_eq!(values[0].clone().into_real(), array![4.0].into_dyn());
    assert_eq!(values[1].clone().into_real()[[]], 10.0);
}

#[test]
#[should_panic(expected = "a loop without a bound keeps no steps, and has no gradient")]
fn it_has_no_gradient() {
    let g = Graph::new();
    let x = g.full([], 1.0);
    doubled(x, g.full([], 100.0), g.full([], 2.0))[0].grad(x);
}

#[test]
#[should_panic(expected = "carry 0 must keep its type, starts as [2], and is [] after a step")]
fn a_carry_keeps_its_shape() {
    let g = Graph::new();
    g.while_loop(&[g.full([2], 0.0)], |x| x[0].sum().lt(1.0), |x| vec![x[0].sum()]);
}

#[test]
#[should_panic(expected = "the condition must be a truth value without axes")]
fn the_condition_is_one_truth_value() {
    let g = Graph::new();
    g.while_loop(&[g.full([2], 0.0)], |x| x[0].lt(1.0), |x| vec![x[0] + 1.0]);
}

#[test]
fn an_error_in_a_step_names_it() {
    let g = Graph::new();
    let table = g.constant(array![1.0, 2.0]);
    let last = g.while_loop(
        &[g.full([], 0.0)],
        |x| x[0].lt(9.0),
        |x| {
            let far = g.stack(&[x[0], g.full([], 1.5), g.full([], 2.5)], 0).argmax(0);
            vec![x[0] + table.take(0, far)]
        },
    );
    let error = last[0].eval().unwrap_err().to_string();
    assert!(error.contains("index 2") && error.contains("step 0"), "{error}");
}

/// So many steps as needed, written out.
fn written_out<'g>(x: Var<'g>, w: Var<'g>, steps: usize) -> Var<'g> {
    (0..steps).fold(x, |x, _| step(x, w))
}

fn step<'g>(x: Var<'g>, w: Var<'g>) -> Var<'g> {
    x + (x * w).sqrt()
}

/// How many steps there are below 10.
fn count(start: f64) -> usize {
    let steps = std::iter::successors(Some(start), |x| Some(x + (x * 1.3).sqrt()));
    steps.take_while(|&x| x > 0.0 && x < 10.0).count()
}

#[test]
fn a_bounded_loop_is_its_steps_written_out_to_second_order() {
    for start in [0.5, 2.0, 8.0, 20.0] {
        let g = Graph::new();
        let steps = count(start);
        let (x, w) = (g.constant(start), g.constant(1.3));
        let ours = g.while_at_most(8, &[x], |x| x[0].lt(10.0), |x| vec![step(x[0], w)])[0];
        let counted = g.while_at_most(
            8,
            &[x, g.full([], 0.0)],
            |x| x[0].lt(10.0),
            |x| vec![step(x[0], w), x[1] + 1.0],
        );
        assert_eq!(counted[1].eval().unwrap()[[]], steps as f64, "from {start}");
        let expected = written_out(x, w, steps) + 0.0 * w;
        let all = |y: Var<'_>| {
            let y = g.var(y.id()) + 0.0 * (x * w);
            let first = [y.grad(x), y.grad(w)];
            let second = first.map(|d| {
                let d = d + 0.0 * (x * w);
                [d.grad(x), d.grad(w)]
            });
            let all = [&[y][..], &first, &second.concat()].concat();
            all.iter().map(|y| y.eval().unwrap()[[]]).collect::<Vec<f64>>()
        };
        for (a, b) in all(ours).iter().zip(all(expected)) {
            assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "from {start}: {a} and {b}");
        }
    }
}

#[test]
fn a_bound_that_is_reached_is_an_error_of_the_run() {
    let g = Graph::new();
    let x = g.constant(1.0);
    let y = g.while_at_most(3, &[x], |x| x[0].lt(10.0), |x| vec![2.0 * x[0]])[0];
    for value in [y, y.grad(x)] {
        let error = value.eval().unwrap_err().to_string();
        assert!(error.contains("still holds after 3 steps"), "{error}");
        assert!(error.contains("while_loop/tests.rs"), "{error}");
    }
    let enough = g.while_at_most(4, &[x], |x| x[0].lt(10.0), |x| vec![2.0 * x[0]])[0];
    assert_eq!((enough.eval().unwrap()[[]], enough.grad(x).eval().unwrap()[[]]), (16.0, 16.0));
}

#[test]
fn bounded_loops_of_samples_have_their_own_gradients() {
    let g = Graph::new();
    let (x, w) = (g.constant(array![0.5, 2.0, 8.0, 20.0, -1.0]), g.constant(1.3));
    // The step from -1 would be NaN; it ends before.
    let ours = g.vmap(&[(x, 0)], |x| {
        let goes_on = |x: &[Var<'_>]| {
            let x = g.var(x[0].id());
            x.lt(10.0).to_real() * x.gt(0.0).to_real()
        };
        g.while_at_most(8, x, |x| goes_on(x).gt(0.5), |x| vec![step(x[0], w)])
    })[0];
    let ends = [0.5, 2.0, 8.0, 20.0, -1.0].map(count);
    let each: Vec<Var<'_>> = ends
        .iter()
        .enumerate()
        .map(|(i, &n)| written_out(x.index_axis(0, i as isize), w, n))
        .collect();
    let expected = g.stack(&each, 0);
    let all = |y: Var<'_>| {
        let y = g.var(y.id());
        let first = [y.sum().grad(x), y.sum().grad(w)];
        let second = [first[0].square().sum().grad(w), first[0].square().sum().grad(x)];
        let all = [&[y][..], &first, &second].concat();
        all.iter().flat_map(|y| y.eval().unwrap().into_iter()).collect::<Vec<f64>>()
    };
    for (a, b) in all(ours).iter().zip(all(expected)) {
        assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{a} and {b}");
    }
}
