use ndarray::array;

use crate::{Graph, Var};

/// x* = tanh(W·x* + b), in which W contracts.
fn settled<'g>(w: Var<'g>, b: Var<'g>) -> Var<'g> {
    let g = w.graph();
    g.fixed_point(g.full([2], 0.0), 1e-14, 200, |x| (w.matmul(x) + b).tanh())
}

/// The derivative of a function of a number, by central differences of sixth order.
fn difference(f: impl Fn(f64) -> f64, at: f64) -> f64 {
    let h = 1e-2;
    let pair = |k: f64| f(at + k * h) - f(at - k * h);
    (pair(3.0) - 9.0 * pair(2.0) + 45.0 * pair(1.0)) / (60.0 * h)
}

const W: [[f64; 2]; 2] = [[0.3, -0.4], [0.2, 0.5]];

/// With one number of W and one of b moved: the value, its gradient and a gradient of that, in all.
fn of_numbers(
    moved: [f64; 2],
    solve: impl for<'g> Fn(Var<'g>, Var<'g>) -> Var<'g>,
) -> (f64, [f64; 2], [f64; 4]) {
    let g = Graph::new();
    let moved = g.constant(array![moved[0], moved[1]]);
    let e = g.constant(array![[0.0, 1.0], [0.0, 0.0]]);
    let w = g.constant(ndarray::arr2(&W)) + e * moved.index_axis(0, 0);
    let b = g.constant(array![0.1, 0.7]) * moved.index_axis(0, 1);
    let y = (solve(w, b).square() * g.constant(array![1.0, -2.0])).sum();
    let slope = y.grad(moved);
    let curvature = slope.jacobian(moved);
    let values = [y, slope, curvature].map(|y| y.eval().unwrap());
    let all = |i: usize| values[i].iter().copied().collect::<Vec<f64>>();
    (values[0].sum(), all(1).try_into().unwrap(), all(2).try_into().unwrap())
}

#[track_caller]
fn agrees_with_differences(solve: impl for<'g> Fn(Var<'g>, Var<'g>) -> Var<'g> + Copy) {
    let at = [0.15, 0.8];
    let (_, slope, curvature) = of_numbers(at, solve);
    for i in 0..2 {
        let moved = |x: f64| {
            let mut moved = at;
            moved[i] = x;
            moved
        };
        let expected = difference(|x| of_numbers(moved(x), solve).0, at[i]);
        assert!((slope[i] - expected).abs() < 1e-9, "{i}: {} and {expected}", slope[i]);
        for k in 0..2 {
            let (ours, expected) =
                (curvature[2 * k + i], difference(|x| of_numbers(moved(x), solve).1[k], at[i]));
            assert!((ours - expected).abs() < 1e-9, "{k}, {i}: {ours} and {expected}");
        }
    }
}

#[test]
fn derivatives_of_a_fixed_point_are_those_of_differences() {
    agrees_with_differences(settled);
}

#[test]
fn a_fixed_point_is_one_and_is_reached_from_anywhere() {
    let g = Graph::new();
    let (w, b) = (g.constant(ndarray::arr2(&W)), g.constant(array![0.1, 0.7]));
    let x = settled(w, b);
    let rest = (x - (w.matmul(x) + b).tanh()).eval().unwrap();
    assert!(rest.iter().all(|far| far.abs() < 1e-13), "{rest}");
    let start = g.constant(array![5.0, -5.0]);
    let other = g.fixed_point(start, 1e-14, 200, |x| (w.matmul(x) + b).tanh());
    assert!((other - x).eval().unwrap().iter().all(|far| far.abs() < 1e-13));
    assert!(crate::Gradient::of(other.sum()).with_respect_to(&[start]).is_err());
}

#[test]
fn fixed_points_of_samples_are_those_of_each() {
    let g = Graph::new();
    let w = g.constant(ndarray::arr2(&W));
    let b = g.constant(array![[0.1, 0.7], [3.0, -2.0], [0.0, 0.0]]);
    let ours = g.vmap(&[(b, 0)], |b| {
        let x = settled(w, b[0]);
        vec![x, x.square().sum().grad(w)]
    });
    for i in 0..3 {
        let x = settled(w, b.index_axis(0, i));
        for (k, expected) in [x, x.square().sum().grad(w)].into_iter().enumerate() {
            let far = (ours[k].index_axis(0, i) - expected).eval().unwrap();
            assert!(far.iter().all(|far| far.abs() < 1e-12), "{i}, {k}: {far}");
        }
    }
    let (whole, each) = (
        ours[0].square().sum().grad(b),
        g.vmap(&[(b, 0)], |b| vec![settled(w, b[0]).square().sum().grad(b[0])])[0],
    );
    assert!((whole - each).eval().unwrap().iter().all(|far| far.abs() < 1e-12));
}

#[test]
fn what_does_not_come_to_rest_is_an_error() {
    let g = Graph::new();
    let x = g.constant(1.0);
    for (y, changed) in [
        (g.fixed_point(x, 1e-9, 30, |y| x - y), "1e0"),
        (g.fixed_point(x, 1e-9, 30, |y| y * y + x), "NaN"),
        // From 1: its cosine 0.5403, and then 0.8576 and 0.6543.
        (g.fixed_point(x, 1e-9, 3, |y| (x * y).cos()), "2.03"),
    ] {
        let error = y.eval().unwrap_err().to_string();
        assert!(error.contains("still change by more than the tolerance 1e-9"), "{error}");
        assert!(error.contains(&format!("the last changed them by {changed}")), "{error}");
        assert!(error.contains("implicit/tests.rs"), "{error}");
    }
}

#[test]
#[should_panic(expected = "the function must keep the type, and makes [2] of it")]
fn a_function_keeps_the_type() {
    let g = Graph::new();
    g.fixed_point(g.full([], 1.0), 1e-9, 3, |x| g.full([2], 1.0) * x);
}

#[cfg(feature = "linalg")]
mod roots {
    use super::*;

    fn root<'g>(w: Var<'g>, b: Var<'g>) -> Var<'g> {
        let g = w.graph();
        g.root(g.full([2], 0.0), 1e-13, 50, |x| x - (w.matmul(x) + b).tanh())
    }

    #[test]
    fn derivatives_of_a_root_are_those_of_differences() {
        agrees_with_differences(root);
    }

    #[test]
    fn roots_of_samples_are_those_of_each() {
        let g = Graph::new();
        let a = g.constant(array![8.0, 27.0, 1.0]);
        let roots = g.vmap(&[(a, 0)], |a| {
            let x = g.root(g.full([], 2.0), 1e-14, 50, |x| x * x * x - a[0]);
            vec![x, x.grad(a[0])]
        });
        let expected = [array![2.0, 3.0, 1.0], array![1.0 / 12.0, 1.0 / 27.0, 1.0 / 3.0]];
        for (ours, expected) in roots.iter().zip(expected) {
            let far = ours.eval().unwrap() - expected.into_dyn();
            assert!(far.iter().all(|far| far.abs() < 1e-13), "{far}");
        }
    }
}
