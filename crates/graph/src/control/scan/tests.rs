use ndarray::{ArrayD, array};

use crate::testing::{agree, derivatives, drawn};
use crate::transform::checkpoint;
use crate::{Evaluator, Graph, Params, Seed, Var};

const LENGTHS: [usize; 5] = [0, 1, 2, 7, 64];

type Results<'g> = (Vec<Var<'g>>, Vec<Var<'g>>);
type Body<'b, 'g> = &'b dyn Fn(&[Var<'g>], &[Var<'g>]) -> Results<'g>;

/// How a loop is recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    Forward,
    Reverse,
    Recomputed,
}

fn looped<'g>(how: How, init: &[Var<'g>], xs: &[Var<'g>], body: Body<'_, 'g>) -> Results<'g> {
    let g = init[0].graph();
    match how {
        How::Forward => g.scan(init, xs, body),
        How::Reverse => g.scan_reverse(init, xs, body),
        How::Recomputed => g.scan_recomputed(init, xs, body),
    }
}

/// The same, written out.
fn unrolled<'g>(how: How, init: &[Var<'g>], xs: &[Var<'g>], body: Body<'_, 'g>) -> Results<'g> {
    let g = init[0].graph();
    let steps = xs[0].shape()[0];
    let (mut carry, mut rows) = (init.to_vec(), vec![Vec::new(); steps]);
    for step in 0..steps {
        let at = if how == How::Reverse { steps - 1 - step } else { step };
        let slice = |x: &Var<'g>| x.slice_axis(0, at..at + 1).squeeze(0);
        let slices: Vec<Var<'g>> = xs.iter().map(slice).collect();
        (carry, rows[at]) = body(&carry, &slices);
    }
    if steps == 0 {
        let slices: Vec<Var<'g>> =
            xs.iter().map(|x| g.full(x.shape().reduced(&[0], false), 0.0)).collect();
        let shapes = body(&carry, &slices).1;
        return (carry, shapes.iter().map(|y| g.full(y.shape().inserted(0, 0), 0.0)).collect());
    }
    let stacked = |k: usize| g.stack(&rows.iter().map(|row| row[k]).collect::<Vec<_>>(), 0);
    (carry, (0..rows[0].len()).map(stacked).collect())
}

/// A loop against itself written out: values and derivatives to second order with respect to all inputs.
fn check<'g>(
    context: &str,
    init: &[Var<'g>],
    xs: &[Var<'g>],
    others: &[Var<'g>],
    body: Body<'_, 'g>,
) {
    let inputs = [init, xs, others].concat();
    for how in [How::Forward, How::Reverse, How::Recomputed] {
        let all = |(last, each): Results<'g>| [last, each].concat();
        let ours = derivatives(&all(looped(how, init, xs, body)), &inputs);
        let expected = derivatives(&all(unrolled(how, init, xs, body)), &inputs);
        agree(&format!("{context}, {how:?}"), &ours, &expected);
    }
}

/// An LSTM's cell, of which a product runs before the loop, and gradients of weights after it.
fn cell<'g>(w: Var<'g>, u: Var<'g>, b: Var<'g>) -> impl Fn(&[Var<'g>], &[Var<'g>]) -> Results<'g> {
    move |carry, x| {
        let z = x[0].matmul(w) + carry[0].matmul(u) + b;
        let gates = z.split(&[2, 2, 2, 2], 1);
        let c = gates[0].sigmoid() * carry[1] + gates[1].sigmoid() * gates[2].tanh();
        let h = gates[3].sigmoid() * c.tanh();
        (vec![h, c], vec![h, c.square(), x[0] * 2.0, (h * c).sum_over(1)])
    }
}

#[test]
fn a_loop_is_the_loop_written_out_to_second_order() {
    for steps in LENGTHS {
        let g = Graph::new();
        let init = [drawn(&g, [3, 2], 1), drawn(&g, [3, 2], 2)];
        let x = drawn(&g, [steps, 3, 4], 3);
        let others = [drawn(&g, [4, 8], 4), drawn(&g, [2, 8], 5), drawn(&g, [8], 6)];
        let [w, u, b] = others;
        check(&format!("lstm of {steps}"), &init, &[x], &others, &cell(w, u, b));
    }
}

#[test]
fn carries_that_do_not_depend_on_each_other_or_on_anything_are_loops_too() {
    for steps in [0, 1, 5] {
        let g = Graph::new();
        let init = [drawn(&g, [2], 1), drawn(&g, [2], 2), drawn(&g, [], 3)];
        let xs = [drawn(&g, [steps, 2], 4), drawn(&g, [steps], 5)];
        let w = drawn(&g, [2], 6);
        // A shifted slice, a constant, a sum; results that are a slice, a carry, an outer value, and of no real work.
        let body = same(move |carry, x| {
            let carried = vec![x[0], w * 2.0, carry[2] + x[1] * carry[0].sum()];
            (carried, vec![x[0], carry[0], w, carry[1] * x[1]])
        });
        check(&format!("odd of {steps}"), &init, &xs, &[w], &body);
    }
}

/// Ties the lifetimes of a closure's arguments together.
fn same<'g, F: Fn(&[Var<'g>], &[Var<'g>]) -> Results<'g>>(body: F) -> F {
    body
}

#[test]
fn loops_nest() {
    let g = Graph::new();
    let (h, x, w) = (drawn(&g, [2], 1), drawn(&g, [3, 4, 2], 2), drawn(&g, [2, 2], 3));
    let body = same(move |carry, x| {
        let g = w.graph();
        let (last, each) = g.scan(carry, x, |carry, x| {
            let h = (carry[0].matmul(w) + x[0]).tanh();
            (vec![h], vec![h * x[0]])
        });
        (last, vec![each[0].sum_over(0)])
    });
    check("nested", &[h], &[x], &[w], &body);
}

#[test]
fn segments_are_the_whole() {
    let g = Graph::new();
    let (h, x, w) = (drawn(&g, [2], 1), drawn(&g, [12, 2], 2), drawn(&g, [2, 2], 3));
    let step = same(move |carry, x| {
        let h = (carry[0].matmul(w) + x[0]).tanh();
        (vec![h], vec![h])
    });
    let (last, each) = g.scan(&[h], &[x], step);
    let (ours, parts) =
        g.scan_recomputed(&[h], &[x.reshape([3, 4, 2])], |carry, x| w.graph().scan(carry, x, step));
    let inputs = [h, x, w];
    let whole = derivatives(&[last[0], each[0]], &inputs);
    agree("segments", &derivatives(&[ours[0], parts[0].reshape([12, 2])], &inputs), &whole);
}

#[test]
fn a_number_that_all_steps_read_has_its_derivative() {
    let g = Graph::new();
    let (w, x) = (g.full([], 0.5), g.full([3], 2.0));
    let last = g.scan(&[g.full([], 1.0)], &[x], |h, x| (vec![w * h[0] * x[0]], vec![])).0[0];
    assert_eq!(last.grad(w).eval().unwrap()[[]], 3.0 * 0.25 * 8.0);
    assert_eq!(last.grad(x).eval().unwrap(), array![0.5, 0.5, 0.5].into_dyn());
}

#[test]
fn checkpoints_change_no_value() {
    for steps in [0, 1, 2, 7, 12, 64] {
        let g = Graph::new();
        let (h, x, w) = (drawn(&g, [2], 1), drawn(&g, [steps, 2], 2), drawn(&g, [2, 2], 3));
        let step = same(move |carry, x| {
            let h = (carry[0].matmul(w) + x[0]).tanh();
            (vec![h], vec![h * x[0]])
        });
        let inputs = [h, x, w];
        let (last, each) = g.scan(&[h], &[x], step);
        let whole = derivatives(&[last[0], each[0]], &inputs);
        for levels in 1..=3 {
            let (last, each) = g.scan_checkpointed(levels, &[h], &[x], step);
            let ours = derivatives(&[last[0], each[0]], &inputs);
            agree(&format!("{steps} steps, {levels} levels"), &ours, &whole);
        }
    }
}

#[test]
fn a_loop_over_samples_is_the_loop_of_each() {
    let g = Graph::new();
    let (h, x) = (drawn(&g, [4, 2], 1), drawn(&g, [4, 5, 2], 2));
    let (w, shared) = (drawn(&g, [2, 2], 3), drawn(&g, [5], 4));
    let step = same(move |carry, x| {
        let h = (carry[0].matmul(w) + x[0] * x[1]).tanh();
        (vec![h], vec![h * x[1], x[0].square()])
    });
    let run = |h: Var<'_>, x: Var<'_>| {
        let g = w.graph();
        let (h, x) = (g.var(h.id()), g.var(x.id()));
        let (last, each) = g.scan(&[h], &[x, shared], step);
        vec![last[0], each[0], each[1]]
    };
    for (over, count) in [(0b11, 4), (0b01, 4), (0b10, 4)] {
        let row = |x: Var<'_>, i: isize| g.var(x.slice_axis(0, i..i + 1).squeeze(0).id());
        let mapped: Vec<(Var<'_>, isize)> = [(h, 1), (x, 2)]
            .into_iter()
            .filter(|(_, bit)| over & bit != 0)
            .map(|(v, _)| (v, 0))
            .collect();
        let ours = g.vmap(&mapped, |slices| match over {
            0b11 => run(slices[0], slices[1]),
            0b01 => run(slices[0], row(x, 0)),
            _ => run(row(h, 0), slices[0]),
        });
        let of_each: Vec<Vec<Var<'_>>> = (0..count)
            .map(|i| {
                run(
                    row(h, if over & 1 != 0 { i } else { 0 }),
                    row(x, if over & 2 != 0 { i } else { 0 }),
                )
            })
            .collect();
        let expected: Vec<Var<'_>> = (0..3)
            .map(|k| g.stack(&of_each.iter().map(|one| one[k]).collect::<Vec<_>>(), 0))
            .collect();
        agree(
            &format!("samples {over:b}"),
            &derivatives(&ours, &[h, x, w, shared]),
            &derivatives(&expected, &[h, x, w, shared]),
        );
    }
}

#[test]
fn derivatives_of_samples_through_a_loop() {
    let g = Graph::new();
    let (x, w) = (drawn(&g, [3, 5, 2], 2), drawn(&g, [2, 2], 3));
    let loss = |x: Var<'_>| {
        let g = w.graph();
        let x = g.var(x.id());
        let start = g.full([2], 0.0);
        let last =
            g.scan(&[start], &[x], |carry, x| (vec![(carry[0].matmul(w) + x[0]).tanh()], vec![])).0;
        last[0].square().sum()
    };
    let ours = g.vmap(&[(x, 0)], |x| vec![loss(x[0]).grad(w)])[0];
    let each: Vec<Var<'_>> =
        (0..3).map(|i| loss(x.slice_axis(0, i..i + 1).squeeze(0)).grad(w)).collect();
    agree("per sample", &[ours], &[g.stack(&each, 0)]);
}

#[test]
fn each_step_draws_its_own_numbers_and_again_the_same() {
    let g = Graph::new();
    let (start, x) = (g.constant(array![1.0, 1.0]), drawn(&g, [4, 2], 1));
    let noisy = checkpoint(|g, x| x[0] * g.uniform([2], 0.5, 1.5));
    let (last, each) = g.scan(&[start], &[x], |carry, x| {
        let h = noisy(&g, &[carry[0]]) + x[0];
        (vec![h], vec![h])
    });
    let h = each[0].eval().unwrap();
    let before = ndarray::concatenate![
        ndarray::Axis(0),
        array![[1.0, 1.0]].into_dyn(),
        h.slice_each_axis(|axis| {
            let end = if axis.axis.index() == 0 { 3 } else { 2 };
            ndarray::Slice::from(0..end)
        })
    ];
    let noise = (&h - &x.eval().unwrap()) / &before;
    assert!(
        noise.iter().enumerate().all(|(i, a)| noise.iter().skip(i + 1).all(|b| a != b)),
        "{noise}"
    );
    let slope = last[0].sum().grad(start).eval().unwrap();
    let expected = noise.fold_axis(ndarray::Axis(0), 1.0, |a, b| a * b);
    assert!((&slope - &expected).iter().all(|far| far.abs() < 1e-14), "{slope} {expected}");
}

/// A loop in which each step draws, recorded each way, alone and in another loop, and mapped over samples.
fn noisy_runs(how: How) -> Vec<ArrayD<f64>> {
    let g = Graph::new();
    let (start, x) = (drawn(&g, [2], 1), drawn(&g, [3, 4, 2], 2));
    let step = same(|carry, x| {
        let h = carry[0] * g.uniform([2], 0.5, 1.5) + x[0];
        (vec![h], vec![h * g.normal([3, 1], 0.0, 1.0)])
    });
    let (last, each) = looped(how, &[start], &[x.index_axis(0, 0)], &step);
    let nested = looped(how, &[start], &[x], &|carry, x| {
        let (last, each) = looped(how, carry, x, &step);
        let shaken = last[0] * g.bernoulli([2], 0.5);
        (vec![shaken], each)
    });
    let mapped = g.vmap(&[(x, 0)], |x| {
        let (last, each) = looped(how, &[start], x, &step);
        vec![last[0], each[0], last[0].square().sum().grad(start)]
    });
    let results = [last[0], each[0], nested.0[0], nested.1[0], mapped[0], mapped[1], mapped[2]];
    let all = derivatives(&results, &[start, x]);
    let values = Evaluator::<f64>::new(&g).seed(Seed { seed: 5, run: 1 }).run(&all).unwrap();
    values.into_iter().map(|value| value.into_real()).collect()
}

#[test]
fn a_loop_that_is_computed_again_draws_what_one_that_keeps_its_draws_does() {
    for (kept, again) in noisy_runs(How::Forward).iter().zip(noisy_runs(How::Recomputed)) {
        let scale = kept.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
        let far = (kept - &again).iter().fold(0.0, |far: f64, d| far.max(d.abs()));
        assert!(far <= 1e-12 * scale, "{far:e} apart at scale {scale}");
    }
}

#[test]
fn running_statistics_are_carried() {
    let mut params = Params::<f64>::with_seed(0);
    let mean = params.root().buffer("mean", array![1.0].into_dyn());
    let g = Graph::new();
    let x = g.constant(array![[1.0], [2.0], [3.0]]);
    g.scan(&[g.full([], 0.0)], &[x], |carry, x| {
        g.update(&mean, 0.5 * g.current(&mean) + x[0]);
        (vec![carry[0] + g.current(&mean).sum()], vec![])
    });
    let (_, after) = g.updates()[0];
    let value = Evaluator::new(&g).params(&params).run(&[after]).unwrap().remove(0).into_real();
    assert_eq!(value, array![0.125 + 0.25 + 1.0 + 3.0].into_dyn());
}

#[test]
fn an_error_in_a_step_names_it_and_both_lines() {
    let g = Graph::new();
    let (table, index) = (g.constant(array![1.0, 2.0]), g.constant(array![0, 1, 7, 0]));
    let y = g.scan(&[g.full([], 0.0)], &[index], |carry, i| {
        (vec![carry[0] + table.take(0, i[0]) * carry[0]], vec![])
    });
    let error = y.0[0].eval().unwrap_err().to_string();
    assert!(error.contains("index 7") && error.contains("scan/tests.rs"), "{error}");
}

#[test]
#[should_panic(expected = "carry 0 must keep its type, starts as [2], and is [] after a step")]
fn a_carry_keeps_its_shape() {
    let g = Graph::new();
    g.scan(&[g.full([2], 0.0)], &[g.full([3], 1.0)], |carry, _| (vec![carry[0].sum()], vec![]));
}

#[test]
#[should_panic(expected = "all have equally many slices along axis 0")]
fn slices_are_equally_many() {
    let g = Graph::new();
    let xs = [g.full([3], 1.0), g.full([4], 1.0)];
    g.scan(&[g.full([], 0.0)], &xs, |carry, _| (vec![carry[0]], vec![]));
}

#[test]
fn a_loop_is_recorded_in_the_same_size_whatever_its_length() {
    let size = |steps| {
        let g = Graph::new();
        let others = [drawn(&g, [4, 8], 4), drawn(&g, [2, 8], 5), drawn(&g, [8], 6)];
        let init = [drawn(&g, [3, 2], 1), drawn(&g, [3, 2], 2)];
        let x = drawn(&g, [steps, 3, 4], 3);
        let step = cell(others[0], others[1], others[2]);
        derivatives(&g.scan(&init, &[x], step).1, &others);
        g.len()
    };
    assert_eq!(size(3), size(300));
}
