use ndarray::{ArrayD, array};

use crate::ops::{Example, Sample, registry};
use crate::testing::{agree, derivatives, numbers};
use crate::transform::{grad, hessian, jvp, vmap};
use crate::{Args, Cotangents, Graph, Operation, Out, Params, RunResult, Scalar, Shape, Type, Var};

const SAMPLES: usize = 3;

fn of_real<'g>(y: Var<'g>) -> Var<'g> {
    if y.is_real() { y } else { y.to_real() }
}

/// The slice of a value that is one sample's.
fn slice(x: Var<'_>, at: usize) -> Var<'_> {
    x.slice_axis(0, at..at + 1).squeeze(0)
}

/// The inputs of an example with `slices` in place of those that are mapped.
fn spliced<'g>(inputs: &[Var<'g>], mask: usize, slices: &[Var<'g>]) -> Vec<Var<'g>> {
    let mut slices = slices.iter();
    let mut given = Vec::new();
    for (i, &x) in inputs.iter().enumerate() {
        given.push(if mask >> i & 1 == 1 { *slices.next().unwrap() } else { x });
    }
    given
}

/// An example for all samples at once, with these inputs mapped, against the stack of its runs: derivatives of all, and
/// derivatives of each.
fn check(g: &Graph, example: &Example, mask: usize) {
    let mapped = |i: usize| mask >> i & 1 == 1;
    let input = |(i, sample): (usize, &Sample)| {
        let mut sample = sample.clone();
        if mapped(i) {
            sample.ty.shape = sample.ty.shape.inserted(0, SAMPLES);
        }
        g.constant(numbers::<f64>(&sample, i as u64))
    };
    let inputs: Vec<Var<'_>> = example.samples.iter().enumerate().map(input).collect();
    let given: Vec<Var<'_>> = (0..inputs.len()).filter(|&i| mapped(i)).map(|i| inputs[i]).collect();
    let over: Vec<(Var<'_>, isize)> = given.iter().map(|&x| (x, 0)).collect();
    let of_sample = |at: usize| {
        let slices: Vec<Var<'_>> = given.iter().map(|&x| slice(x, at)).collect();
        spliced(&inputs, mask, &slices)
    };
    let context = format!("{example:?} over inputs {mask:b}");
    let ours =
        g.vmap(&over, |slices| vec![of_real(example.record(g, &spliced(&inputs, mask, slices)))]);
    let runs: Vec<Var<'_>> =
        (0..SAMPLES).map(|at| of_real(example.record(g, &of_sample(at)))).collect();
    agree(&context, &derivatives(&[ours[0]], &inputs), &derivatives(&[g.stack(&runs, 0)], &inputs));

    let inside = g.vmap(&over, |slices| {
        let given = spliced(&inputs, mask, slices);
        derivatives(&[of_real(example.record(g, &given))], &given)
    });
    let each: Vec<Vec<Var<'_>>> = (0..SAMPLES)
        .map(|at| {
            let given = of_sample(at);
            derivatives(&[of_real(example.record(g, &given))], &given)
        })
        .collect();
    let stacked: Vec<Var<'_>> = (0..inside.len())
        .map(|k| g.stack(&each.iter().map(|one| one[k]).collect::<Vec<_>>(), 0))
        .collect();
    agree(&format!("{context}, inside"), &inside, &stacked);
}

#[test]
fn every_operation_over_any_of_its_inputs_is_the_stack_of_its_runs_to_second_order() {
    let random = ["uniform", "normal", "bernoulli"];
    for example in registry().iter().filter(|example| !random.contains(&example.operation)) {
        (1..1 << example.samples.len()).for_each(|mask| check(&Graph::new(), example, mask));
    }
}

#[test]
fn operands_of_lower_rank_and_other_axes_are_aligned() {
    let g = Graph::new();
    let x = g.constant(numbers::<f64>(&Sample::real([4, 3, 2], -1.0..1.0), 1));
    let w = g.constant(numbers::<f64>(&Sample::real([2], -1.0..1.0), 2));
    // Of samples along the middle axis: [4, 2] beside [2] and a number of each.
    let ours = g.vmap(&[(x, -2)], |x| {
        let largest = x[0].max();
        vec![x[0] * w + largest, x[0].sum_over([-1, 0]) - w.mean_over(-1), w.square()]
    });
    let runs: Vec<Vec<Var<'_>>> = (0..3)
        .map(|i| {
            let x = x.slice_axis(1, i..i + 1).squeeze(1);
            vec![x * w + x.max(), x.sum() - w.mean(), w.square()]
        })
        .collect();
    let expected: Vec<Var<'_>> =
        (0..3).map(|k| g.stack(&[runs[0][k], runs[1][k], runs[2][k]], 0)).collect();
    agree("middle axis", &ours, &expected);
}

#[test]
fn transforms_nest_in_any_order() {
    let g = Graph::new();
    let x = g.constant(numbers::<f64>(&Sample::real([3, 2], -1.0..1.0), 3));
    let t = g.constant(numbers::<f64>(&Sample::real([4, 2], -1.0..1.0), 4));
    fn scalar<'g>(_: &'g Graph, x: &[Var<'g>]) -> Var<'g> {
        (x[0] * x[0].sum().sin()).prod()
    }
    // All pairs of points and tangents.
    let pairs = vmap(vmap(jvp(scalar, 0), &[None, Some(0)]), &[Some(0), None]);
    let ours = pairs(&g, &[x, t]);
    let gradients = vmap(grad(scalar, 0), &[Some(0)])(&g, &[x]);
    agree("all pairs", &[ours], &[gradients.matmul(t.t())]);
    let curvatures = vmap(hessian(scalar, 0), &[Some(0)])(&g, &[x]);
    let row = |i: isize| {
        let x = x.slice_axis(0, i..i + 1).squeeze(0);
        scalar(&g, &[x]).hessian(x)
    };
    agree("hessians", &[curvatures], &[g.stack(&[row(0), row(1), row(2)], 0)]);
    let loss = vmap(scalar, &[Some(0)])(&g, &[x]).sum();
    agree("the gradient of the sum", &[loss.grad(x)], &[gradients]);
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
fn an_operation_without_a_batching_rule_runs_once_for_each_sample() {
    let g = Graph::new();
    let x = g.constant(numbers::<f64>(&Sample::real([4, 3], -1.0..1.0), 5));
    let ours = g.vmap(&[(x, 1)], |x| vec![g.record(Cube, x).unwrap() + 1.0])[0];
    let expected = (x * x * x).t() + 1.0;
    agree("cube", &derivatives(&[ours], &[x]), &derivatives(&[expected], &[x]));
}

#[test]
fn every_sample_draws_its_own_numbers_and_recomputes_them() {
    let g = Graph::new();
    let x = g.constant(numbers::<f64>(&Sample::real([3, 2], 1.0..2.0), 6));
    let noisy = crate::transform::checkpoint(|g, x| x[0].square() * g.uniform([2], 0.0, 1.0));
    let outer = g.uniform([2], 0.0, 1.0);
    let ours = g.vmap(&[(x, 0)], |x| {
        let y = noisy(&g, &[x[0]]);
        vec![y, y.sum().grad(x[0]), outer * 1.0]
    });
    let values: Vec<ArrayD<f64>> = ours.iter().map(|y| y.eval().unwrap()).collect();
    let noise = &values[0] / &x.square().eval().unwrap();
    assert!(noise.iter().enumerate().all(|(i, a)| noise.iter().skip(i + 1).all(|b| a != b)));
    let expected = 2.0 * x.eval().unwrap() * &noise;
    assert!((&values[1] - &expected).iter().all(|far| far.abs() < 1e-14));
    assert_eq!(values[2].shape(), [3, 2]);
    let rows: Vec<_> = values[2].rows().into_iter().map(|row| row.to_owned()).collect();
    assert!(rows.iter().all(|row| row == rows[0]), "outer draws are the same for all");
}

#[test]
fn several_models_are_one_with_other_parameters() {
    let mut params = Params::<f64>::with_seed(0);
    let w = params.root().parameter("w", array![1.0, 2.0].into_dyn());
    let g = Graph::new();
    let weights = g.constant(array![[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]]);
    let x = g.constant(array![2.0, 1.0]);
    let ours = g.vmap(&[(weights, 0)], |weights| {
        g.rebind(&[(&w, weights[0])], || vec![(g.param(&w) * x).sum()])
    });
    assert_eq!(ours[0].eval().unwrap(), array![4.0, 5.0, 1.0].into_dyn());
}

#[test]
fn no_samples_are_no_results() {
    let g = Graph::new();
    let x = g.full([0, 3], 1.0);
    let y = g.vmap(&[(x, 0)], |x| vec![x[0].softmax(0), x[0].sum()]);
    assert_eq!((y[0].shape(), y[1].shape()), (Shape::from([0, 3]), Shape::from([0])));
    assert_eq!(y[1].sum().grad(x).shape(), [0, 3].into());
}

#[test]
#[should_panic(expected = "all over equally many samples, and they have [3, 2]")]
fn samples_are_equally_many() {
    let g = Graph::new();
    g.vmap(&[(g.full([3], 1.0), 0), (g.full([4, 2], 1.0), 1)], |x| vec![x[0]]);
}

#[test]
#[should_panic(expected = "running statistics have no value that is one sample's")]
fn statistics_are_not_one_samples() {
    let mut params = Params::<f64>::with_seed(0);
    let mean = params.root().buffer("mean", array![0.0].into_dyn());
    let g = Graph::new();
    g.vmap(&[(g.full([3, 1], 1.0), 0)], |x| {
        g.update(&mean, x[0]);
        vec![x[0]]
    });
}

#[test]
fn what_leaves_the_body_another_way_is_told() {
    let g = Graph::new();
    let mut kept = None;
    g.vmap(&[(g.full([3], 1.0), 0)], |x| {
        kept = Some(x[0] + 1.0);
        vec![x[0]]
    });
    let error = kept.unwrap().eval().unwrap_err().to_string();
    assert!(error.contains("has no value outside: let the body answer it"), "{error}");
}
