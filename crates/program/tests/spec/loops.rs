//! Compiled loops against the plain evaluator: values, gradients and gradients of gradients.

use cotangent::{
    Args, Cotangents, Function, Gradient, Graph, Operation, Out, Params, Program, RunError,
    RunResult, Scalar, Seed, Step, Type, Var,
};
use ndarray::array;

use crate::agree::{agree, derivatives, drawn};

type Results<'g> = (Vec<Var<'g>>, Vec<Var<'g>>);

/// Ties the lifetimes of a closure's arguments together.
fn same<'g, F: Fn(&[Var<'g>], &[Var<'g>]) -> Results<'g>>(body: F) -> F {
    body
}

/// An LSTM's cell, of which a product runs before the loop, and gradients of weights after it.
fn cell<'g>(w: Var<'g>, u: Var<'g>, b: Var<'g>) -> impl Fn(&[Var<'g>], &[Var<'g>]) -> Results<'g> {
    same(move |carry, x| {
        let z = x[0].matmul(w) + carry[0].matmul(u) + b;
        let gates = z.split(&[2, 2, 2, 2], 1);
        let c = gates[0].sigmoid() * carry[1] + gates[1].sigmoid() * gates[2].tanh();
        let h = gates[3].sigmoid() * c.tanh();
        (vec![h, c], vec![h, c.square(), x[0] * 2.0, (h * c).sum_over(1)])
    })
}

#[test]
fn lengths_and_directions() {
    for steps in [0, 1, 2, 7, 64] {
        let g = Graph::new();
        let init = [drawn(&g, [3, 2], 1), drawn(&g, [3, 2], 2)];
        let x = drawn(&g, [steps, 3, 4], 3);
        let others = [drawn(&g, [4, 8], 4), drawn(&g, [2, 8], 5), drawn(&g, [8], 6)];
        let inputs = [init[0], init[1], x, others[0], others[1], others[2]];
        let step = cell(others[0], others[1], others[2]);
        let all = |(last, each): Results<'_>| {
            [last, each].concat().iter().map(|y| y.id()).collect::<Vec<_>>()
        };
        let runs = [
            all(g.scan(&init, &[x], &step)),
            all(g.scan_reverse(&init, &[x], &step)),
            all(g.scan_recomputed(&init, &[x], &step)),
        ];
        for (how, run) in runs.into_iter().enumerate() {
            let results: Vec<Var<'_>> = run.into_iter().map(|id| g.var(id)).collect();
            agree(&format!("{steps} steps, way {how}"), &derivatives(&results, &inputs));
            // Of the results, one alone.
            agree(&format!("the last of {steps} steps, way {how}"), &results[..1]);
            agree(
                &format!("gradients of {steps} steps, way {how}"),
                &derivatives(&results[..1], &inputs)[1..],
            );
        }
    }
}

#[test]
fn slices_and_weights_lie_anywhere() {
    let g = Graph::new();
    let start = drawn(&g, [2, 3], 1).t();
    // Batch first, turned around; a transposed weight, a part of one, a number for each step, and one for all.
    let x = drawn(&g, [3, 5, 2], 2).permute([1, 0, 2]).flip([0, 2]);
    let (w, v) =
        (drawn(&g, [2, 2], 3).t(), drawn(&g, [4, 4], 4).slice_axis(0, 1..3).slice_axis(1, 1..3));
    let (numbers, same_for_all) = (drawn(&g, [5], 5), drawn(&g, [1, 2], 6).broadcast_to([5, 2]));
    let index = g.constant(array![[2, 0, 1], [1, 1, 0], [0, 2, 2], [1, 0, 2], [2, 2, 2]]);
    let table = drawn(&g, [3, 2], 7);
    let step = same(|carry, x| {
        let h = (carry[0].matmul(w) + x[0].matmul(v) + x[2] * x[1] + table.take(0, x[3])).tanh();
        (vec![h], vec![h.take(0, x[3])])
    });
    let (last, each) = g.scan(&[start], &[x, numbers, same_for_all, index], step);
    agree(
        "anywhere",
        &derivatives(&[last[0], each[0]], &[start, x, w, v, numbers, same_for_all, table]),
    );
}

#[test]
fn loops_nest_and_are_mapped() {
    let g = Graph::new();
    let (h, x, w) = (drawn(&g, [2], 1), drawn(&g, [3, 4, 2], 2), drawn(&g, [2, 2], 3));
    let inner = same(|carry, x| {
        let h = (carry[0].matmul(w) + x[0]).tanh();
        (vec![h], vec![h * x[0]])
    });
    let outer = same(|carry, x| {
        let (last, each) = g.scan(carry, x, inner);
        (last, vec![each[0].sum_over(0)])
    });
    let (last, each) = g.scan(&[h], &[x], outer);
    agree("nested", &derivatives(&[last[0], each[0]], &[h, x, w]));
    let (last, each) = g.scan_recomputed(&[h], &[x], outer);
    agree("segments", &derivatives(&[last[0], each[0]], &[h, x, w]));
    let mapped = g.vmap(&[(x, 0)], |x| {
        let (last, each) = g.scan(&[h], &[x[0]], inner);
        let slope = last[0].square().sum().grad(w);
        vec![last[0], each[0], slope]
    });
    agree("mapped", &derivatives(&mapped, &[h, x, w]));
}

#[test]
fn random_numbers_are_those_of_the_evaluator() {
    let g = Graph::new();
    let x = drawn(&g, [6, 2], 1);
    let noisy = same(|carry, x| {
        let h = carry[0] * g.uniform([2], 0.5, 1.5) + x[0];
        (vec![h], vec![h])
    });
    let start = g.full([2], 1.0);
    for (last, each) in [g.scan(&[start], &[x], noisy), g.scan_recomputed(&[start], &[x], noisy)] {
        agree("random", &derivatives(&[last[0], each[0]], &[x]));
    }
}

/// What the gradient of a loop plans, in bytes, of which each step draws 1000 numbers.
fn planned_to_draw(steps: usize) -> usize {
    let g = Graph::new();
    let x = g.input("x", [steps]);
    let loss = g.scan_recomputed(&[g.full([], 0.0)], &[x], |sum, x| {
        let noise = g.normal([10, 100], 0.0, 1.0);
        (vec![sum[0] + (x[0] * noise).tanh().matmul(noise.t()).sum()], vec![])
    });
    Program::<f64>::compile(&[loss.0[0].grad(x)], &Params::with_seed(0)).arena_bytes()
}

#[test]
fn a_loop_that_is_computed_again_has_the_draws_of_one_step_in_memory() {
    let [few, many] = [10, 1000].map(planned_to_draw);
    // A carry, its gradient, and the number of a draw.
    assert!(many - few <= 990 * 4 * 8, "{few} bytes of 10 steps, {many} of 1000");
}

#[test]
fn what_is_drawn_in_the_function_of_a_choice_is_that_of_the_evaluator() {
    let g = Graph::new();
    let x = drawn(&g, [6], 1);
    let (last, each) = g.scan_recomputed(&[g.full([], 1.0)], &[x], |carry, x| {
        let noisy = || vec![carry[0] * g.uniform([], 0.5, 1.5) + x[0]];
        let h = g.cond(x[0].gt(0.0), noisy, || vec![carry[0] * g.normal([], 0.0, 1.0)])[0];
        (vec![h], vec![h])
    });
    agree("random choices", &derivatives(&[last[0], each[0]], &[x]));
}

#[test]
fn a_program_is_of_the_same_size_whatever_the_number_of_steps() {
    let size = |steps: usize| {
        let g = Graph::new();
        let others = [drawn(&g, [4, 8], 4), drawn(&g, [2, 8], 5), drawn(&g, [8], 6)];
        let init = [drawn(&g, [3, 2], 1), drawn(&g, [3, 2], 2)];
        let x = drawn(&g, [steps, 3, 4], 3);
        let last = g.scan(&init, &[x], cell(others[0], others[1], others[2])).0;
        let gradients = Gradient::of(last[0].sum()).with_respect_to(&others).unwrap();
        let table =
            Program::<f32>::compile(&gradients, &Params::with_seed(0)).explain().to_string();
        table.lines().count()
    };
    assert_eq!(size(1000), size(4000));
}

#[test]
fn an_error_in_a_step_names_it() {
    let g = Graph::new();
    let table = g.constant(array![1.0, 2.0]);
    let index = g.index_input("index", [4]);
    let last = g.scan(&[g.full([], 0.0)], &[index], |carry, i| {
        let far = carry[0].gt(5.0).select(g.full([1], 1.0), 0.0).argmax(0);
        (vec![carry[0] + table.take(0, i[0]) + far.to_real()], vec![])
    });
    let params = Params::with_seed(0);
    let mut program = Program::<f64>::compile(&last.0, &params);
    let given = array![0_i64, 1, 7, 0];
    let error = program.run(&params, &[(&given).into()], Seed::default()).unwrap_err().to_string();
    assert!(error.contains("index 7"), "{error}");
}

/// Roots of which one is NaN in the step where a slice is negative, which the result does not show.
fn masked<'g>(g: &'g Graph, x: Var<'g>) -> Var<'g> {
    let sums = g.scan(&[g.full([3], 0.0)], &[x], |carry, x| {
        let sums = (x[0] + carry[0].tanh() * 1e-9).sqrt().cumsum(0);
        (vec![carry[0] + sums.is_nan().select(0.0, sums)], vec![])
    });
    sums.0[0]
}

#[test]
fn a_checked_run_looks_at_every_step() {
    let mut x = ndarray::Array2::from_elem((5, 3), 4.0);
    x[[3, 1]] = -1.0;
    let params = Params::with_seed(0);
    let g = Graph::new();
    let mut program = Program::<f64>::compile(&[masked(&g, g.input("x", [5, 3]))], &params);
    program.run(&params, &[(&x).into()], Seed::default()).unwrap();
    assert!((program.output(0)[2] - 24.0).abs() < 1e-6);
    let error = program.run_checked(&params, &[(&x).into()], Seed::default()).unwrap_err();
    let RunError::InStep { error: within, step: 3, .. } = &error else { panic!("{error}") };
    assert!(within.to_string().contains("answered NaN"), "{error}");
    assert!(error.to_string().contains("loops.rs"), "{error}");
    x[[3, 1]] = 1.0;
    program.run_checked(&params, &[(&x).into()], Seed::default()).unwrap();

    x[[2, 0]] = -1.0;
    let mut function = Function::new(|g, [x]| masked(g, x));
    function.run(&params, (&x,)).unwrap();
    let told = function.run_checked(&params, (&x,)).unwrap_err().to_string();
    assert!(told.contains("sqrt") && told.contains("step 2"), "{told}");
}

#[test]
fn a_profile_looks_into_steps() {
    let x = ndarray::Array2::from_elem((5, 3), 4.0);
    let mut step = Step::new(|g, [x]| masked(g, x).sum());
    let profile = step.profile(&Params::<f64>::with_seed(0), (&x,), 3).unwrap();
    let (rows, lines) = profile
        .to_string()
        .split_once("by line:")
        .map(|x| (x.0.to_owned(), x.1.to_owned()))
        .unwrap();
    let at = |what: &str| rows.lines().position(|row| row.contains(what)).expect(&rows);
    let (whole, within) = (at("5 steps"), at("  cumsum"));
    assert!(within > whole && within <= whole + 4, "{rows}");
    let of_line = lines.lines().filter(|line| line.contains("loops.rs"));
    assert!(of_line.count() >= 3, "{lines}");
}

/// x³, of which nothing is known but one evaluation.
#[derive(Clone, Debug, PartialEq)]
struct Cube;

impl Operation for Cube {
    fn name(&self) -> &'static str {
        "cube"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        Ok(inputs[0].clone())
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        [Some(v * 3.0 * inputs[0].square())].into_iter().collect()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        out.real().zip_mut_with(&args.real(0), |y, &x| *y = x * x * x);
        Ok(())
    }
}

#[test]
fn what_runs_once_for_each_sample_says_so() {
    let g = Graph::new();
    let x = drawn(&g, [4, 3], 1);
    let y = g.vmap(&[(x, 0)], |x| vec![g.record(Cube, x).unwrap()]);
    agree("each", &derivatives(&y, &[x]));
    let y = g.vmap(&[(g.input("x", [4, 3]), 0)], |x| vec![g.record(Cube, x).unwrap()]);
    let table = Program::<f32>::compile(&y, &Params::with_seed(0)).explain().to_string();
    assert!(table.contains("it has no rule for many samples"), "{table}");
}

#[test]
fn results_are_recorded_at_the_line_of_the_loop() {
    let g = Graph::new();
    let (c, x) = (g.input("c", [2]), g.input("x", [3, 2]));
    let body = same(|c, x| (vec![c[0] * x[0]], vec![c[0].sin()]));
    let line = line!() + 1;
    let (last, each) = g.scan(&[c], &[x], body);
    let ended = g.fori(3, &[c], |_, c| vec![c[0].cos()])[0];
    assert_eq!([last[0], each[0]].map(|y| y.location().line()), [line, line]);
    assert_eq!((last[0].location().file(), ended.location().line()), (file!(), line + 1));
}
