//! Compiled solutions of equations: values, first and second derivatives against those of differences.

use cotangent::{Function, Params, Var};
use ndarray::{Array1, Array2, ArrayD, array};

const AT: [f64; 2] = [0.15, 0.8];

/// x* of an equation with a matrix W and a shift b: the first number is added to an element of W, the second multiplies b.
type Solve = for<'g> fn(Var<'g>, Var<'g>) -> Var<'g>;

/// x* = tanh(W·x* + b).
fn settled<'g>(w: Var<'g>, b: Var<'g>) -> Var<'g> {
    w.graph().fixed_point(w.graph().full([2], 0.0), 1e-14, 200, |x| (w.matmul(x) + b).tanh())
}

/// x* + x*³ + W·x* = b.
fn root<'g>(w: Var<'g>, b: Var<'g>) -> Var<'g> {
    w.graph().root(w.graph().full([2], 0.5), 1e-14, 50, |x| x + x * x * x + w.matmul(x) - b)
}

/// The solution, ∂x*/∂θ and ∂²x*/∂θ², as a program computes them.
fn compiled(solve: Solve) -> impl FnMut(&Array1<f64>) -> [ArrayD<f64>; 3] {
    let params = Params::<f64>::with_seed(0);
    let mut function = Function::several(move |g, [moved]| {
        let w = g.constant(array![[0.3, -0.4], [0.2, 0.5]]);
        let corner = g.constant(array![[0.0, 1.0], [0.0, 0.0]]);
        let w = w + corner * moved.index_axis(0, 0);
        let x = solve(w, g.constant(array![0.1, 0.7]) * moved.index_axis(0, 1));
        let slope = x.jacobian(moved);
        [x, slope, slope.jacobian(moved)]
    });
    move |moved| function.run(&params, (moved,)).unwrap().map(|values| values.to_owned())
}

/// ∂f/∂θᵢ by central differences of sixth order.
fn difference(f: &mut dyn FnMut(&Array1<f64>) -> ArrayD<f64>, i: usize) -> ArrayD<f64> {
    let h = 1e-2;
    let mut pair = |k: f64| {
        let [more, less] = [k * h, -k * h].map(|step| {
            let mut moved = array![AT[0], AT[1]];
            moved[i] += step;
            f(&moved)
        });
        more - less
    };
    (pair(3.0) - pair(2.0) * 9.0 + pair(1.0) * 45.0) / (60.0 * h)
}

#[track_caller]
fn agrees_with_differences(solve: Solve) {
    let mut compiled = compiled(solve);
    let [_, slope, curvature] = compiled(&array![AT[0], AT[1]]);
    for (order, derivative) in [(0, slope), (1, curvature)] {
        let last = derivative.ndim() - 1;
        for i in 0..2 {
            let expected = difference(&mut |moved| compiled(moved)[order].clone(), i);
            let ours = derivative.index_axis(ndarray::Axis(last), i);
            let far = (&ours - &expected).iter().fold(0.0, |most: f64, x| most.max(x.abs()));
            assert!(far < 1e-9, "derivative {} by number {i}: {far:e} apart", order + 1);
        }
    }
}

#[test]
fn compiled_derivatives_of_a_fixed_point_are_those_of_differences() {
    agrees_with_differences(settled);
}

#[test]
fn compiled_derivatives_of_a_root_are_those_of_differences() {
    agrees_with_differences(root);
}

#[test]
fn compiled_solutions_solve_their_equations() {
    let b = array![0.1, 0.7] * AT[1];
    let w: Array2<f64> = array![[0.3, -0.4 + AT[0]], [0.2, 0.5]];
    let [x, ..] = compiled(settled)(&array![AT[0], AT[1]]);
    let x = Array1::from_iter(x);
    let rest = &x - (w.dot(&x) + &b).mapv(f64::tanh);
    assert!(rest.iter().all(|far| far.abs() < 1e-13), "{rest}");
    let [x, ..] = compiled(root)(&array![AT[0], AT[1]]);
    let x = Array1::from_iter(x);
    let rest = &x + x.mapv(|x| x.powi(3)) + w.dot(&x) - &b;
    assert!(rest.iter().all(|far| far.abs() < 1e-13), "{rest}");
}
