//! The minimizers of a whole vector: what each promises.

use cotangent::minimize::{
    Beta, Found, LineSearch, Objective, Recorded, RecordedResiduals, ResidualFunctions, Stop,
    Stopping, TorchLbfgs, assign, trainable,
};
use cotangent::minimize::{
    ConjugateGradient, GradientDescent, Lbfgs, LevenbergMarquardt, MinimizeError, Minimizer,
    Minimum, Newton, NewtonCg,
};
use cotangent::ndarray::array;
use cotangent::{Params, Var};
use proptest::prelude::*;

fn close(a: &[f64], b: &[f64], tolerance: f64) {
    assert_eq!(a.len(), b.len());
    let near = a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance);
    assert!(near, "{a:?} instead of {b:?}");
}

/// ½xᵀAx − bᵀx, with eigenvalues from 1 to 50.
fn bowl() -> Recorded<'static> {
    let a = array![
        [10.0, 2.0, 0.0, 1.0],
        [2.0, 50.0, -3.0, 0.0],
        [0.0, -3.0, 5.0, 1.0],
        [1.0, 0.0, 1.0, 2.0]
    ];
    let b = array![1.0, -2.0, 0.5, 3.0];
    Recorded::new(4, move |g, x| {
        0.5 * (x * g.constant(&a).matmul(x)).sum() - (g.constant(&b) * x).sum()
    })
}

fn rosenbrock() -> Recorded<'static> {
    Recorded::new(2, |_, x| {
        let [x, y] = x.split(&[1, 1], 0)[..] else { unreachable!() };
        (100.0 * (y - x.square()).square() + (1.0 - x).square()).sum()
    })
}

#[test]
fn all_of_them_find_the_bottom_of_the_valley() {
    let x0 = [-1.2, 1.0];
    let f = &mut rosenbrock();
    let slow = GradientDescent::new().gradient_tolerance(1e-5).max_iterations(100_000);
    let minima: Vec<Minimum> = vec![
        slow.minimize(f, &x0).unwrap(),
        ConjugateGradient::new().minimize(f, &x0).unwrap(),
        Lbfgs::new().minimize(f, &x0).unwrap(),
        Lbfgs::new().bounds(&[-5.0; 2], &[5.0; 2]).minimize(f, &x0).unwrap(),
        NewtonCg::new().minimize(f, &x0).unwrap(),
        Newton::new().minimize(f, &x0).unwrap(),
    ];
    for minimum in minima {
        assert_eq!(minimum.stop, Stop::Gradient);
        close(&minimum.x, &[1.0; 2], 1e-4);
        assert_eq!(minimum.history.last().unwrap().value, minimum.value);
        assert_eq!(minimum.history.last().unwrap().functions, minimum.evaluations.functions);
        assert!(minimum.history.windows(2).all(|w| w[1].value <= w[0].value), "it descends");
    }
    let mut residuals = RecordedResiduals::new(2, |g, x| {
        let [x, y] = x.split(&[1, 1], 0)[..] else { unreachable!() };
        g.concat(&[10.0 * (y - x.square()), 1.0 - x], 0)
    });
    let minimum = LevenbergMarquardt::new().minimize(&mut residuals, &x0).unwrap();
    close(&minimum.x, &[1.0; 2], 1e-13);
}

#[test]
fn conjugate_directions_end_on_a_quadratic_in_as_many_steps_as_there_are_variables() {
    // With line searches that are as good as exact.
    let exact = LineSearch { curvature: 1e-3, ..LineSearch::precise() };
    for beta in [
        Beta::FletcherReeves,
        Beta::PolakRibiere,
        Beta::HestenesStiefel,
        Beta::DaiYuan,
        Beta::HagerZhang,
    ] {
        let method = ConjugateGradient::new().beta(beta).line_search(exact);
        let minimum = method.minimize(&mut bowl(), &[1.0, -1.0, 2.0, 0.5]).unwrap();
        assert!(
            minimum.stop == Stop::Gradient && minimum.iterations() <= 6,
            "{beta:?}: {minimum:?}"
        );
        assert!(minimum.history[4].gradient_norm < 1e-3, "{beta:?}: {minimum:?}");
    }
}

#[test]
fn newton_needs_one_step_in_a_bowl() {
    let minimum = Newton::new().minimize(&mut bowl(), &[1.0, -1.0, 2.0, 0.5]).unwrap();
    assert_eq!((minimum.iterations(), minimum.evaluations.hessians), (1, 2));
    // Truncated Newton solves for the step to no more digits than are of use.
    let minimum = NewtonCg::new().minimize(&mut bowl(), &[1.0, -1.0, 2.0, 0.5]).unwrap();
    assert!(minimum.iterations() <= 8 && minimum.evaluations.hessians == 0, "{minimum:?}");
}

/// (x² − 1)² + y², which has a saddle between its minima, where the gradient is 0.
fn saddle() -> Recorded<'static> {
    Recorded::new(2, |_, x| {
        let [x, y] = x.split(&[1, 1], 0)[..] else { unreachable!() };
        ((x.square() - 1.0).square() + y.square()).sum()
    })
}

#[test]
fn a_saddle_is_left_even_from_its_very_point() {
    for start in [[0.0, 0.0], [0.0, 2.0]] {
        for minimum in [
            Newton::new().minimize(&mut saddle(), &start).unwrap(),
            NewtonCg::new().minimize(&mut saddle(), &start).unwrap(),
        ] {
            assert_eq!(minimum.stop, Stop::Gradient);
            close(&[minimum.x[0].abs(), minimum.x[1]], &[1.0, 0.0], 1e-6);
        }
    }
    // A method of first order cannot know.
    assert_eq!(Lbfgs::new().minimize(&mut saddle(), &[0.0, 0.0]).unwrap().x, [0.0, 0.0]);
}

#[test]
fn bounds_hold_what_the_gradient_pushes_against_them() {
    let free = Lbfgs::new().minimize(&mut bowl(), &[0.0; 4]).unwrap();
    let upper = [f64::INFINITY, f64::INFINITY, f64::INFINITY, 1.0];
    let lower = [0.0, f64::NEG_INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    assert!(free.x[0] < 0.0 && free.x[3] > 1.0, "both bounds matter: {:?}", free.x);
    let mut evaluated = Vec::new();
    let mut inner = bowl();
    let mut objective = |x: &[f64], g: &mut [f64]| {
        evaluated.push(x.to_vec());
        inner.value_and_gradient(x, g).unwrap()
    };
    let method = Lbfgs::new().bounds(&lower, &upper);
    let minimum = method.minimize(&mut objective, &[-3.0, 0.0, 0.0, 9.0]).unwrap();
    assert_eq!((minimum.stop, minimum.x[3]), (Stop::Gradient, 1.0));
    assert!(evaluated.iter().all(|x| x[0] >= 0.0 && x[3] <= 1.0), "none is evaluated outside");
    // Karush, Kuhn and Tucker: the free derivatives are 0, the others push outwards.
    let mut gradient = [0.0; 4];
    bowl().value_and_gradient(&minimum.x, &mut gradient).unwrap();
    for i in 0..4 {
        match (minimum.x[i] == lower[i], minimum.x[i] == upper[i]) {
            (true, _) => assert!(gradient[i] >= 0.0),
            (_, true) => assert!(gradient[i] <= 0.0),
            _ => assert!(gradient[i].abs() <= 1e-7, "{gradient:?}"),
        }
    }
    // Where no bound matters it goes to the same place.
    let wide = Lbfgs::new().bounds(&[-99.0; 4], &[99.0; 4]).minimize(&mut bowl(), &[0.0; 4]);
    close(&wide.unwrap().x, &free.x, 1e-7);
}

#[test]
fn where_the_function_is_not_defined_steps_are_shorter() {
    // x − ln x, and NaN for x ≤ 0, from where the first steps lead there.
    let f = || Recorded::new(1, |_, x: Var<'_>| (x - x.ln()).sum() * 100.0);
    let start = [6.0];
    for minimum in [
        GradientDescent::new().minimize(&mut f(), &start).unwrap(),
        ConjugateGradient::new().minimize(&mut f(), &start).unwrap(),
        Lbfgs::new().minimize(&mut f(), &start).unwrap(),
        Lbfgs::new().bounds(&[-9.0], &[9.0]).minimize(&mut f(), &start).unwrap(),
        Newton::new().radius(1e3).minimize(&mut f(), &start).unwrap(),
        NewtonCg::new().minimize(&mut f(), &start).unwrap(),
    ] {
        close(&minimum.x, &[1.0], 1e-6);
    }
    let mut roots = RecordedResiduals::new(1, |_, x| x.ln() - 1.0);
    let minimum = LevenbergMarquardt::new().region(100.0).minimize(&mut roots, &[20.0]).unwrap();
    close(&minimum.x, &[1_f64.exp()], 1e-13);
}

#[test]
fn a_function_without_a_minimum_ends_too() {
    let mut down = |x: &[f64], g: &mut [f64]| {
        g[0] = -1.0;
        -x[0]
    };
    let minimum = Lbfgs::new().max_iterations(20).minimize(&mut down, &[0.0]).unwrap();
    assert!(!minimum.stop.converged() && minimum.iterations() <= 20);
    // A gradient that is not that of the function.
    let mut wrong = |x: &[f64], g: &mut [f64]| {
        g[0] = -1.0;
        x[0]
    };
    let minimum = Lbfgs::new().minimize(&mut wrong, &[2.0]).unwrap();
    assert_eq!((minimum.stop, &minimum.x[..]), (Stop::NoDescent, &[2.0][..]));
}

#[test]
fn limits_are_kept() {
    let few = |iterations, evaluations| Stopping { iterations, evaluations, ..Stopping::default() };
    let x0 = [-1.2, 1.0];
    let minimum = Newton::new().stopping(few(3, 99)).minimize(&mut rosenbrock(), &x0).unwrap();
    assert_eq!((minimum.stop, minimum.iterations()), (Stop::Iterations, 3));
    let minimum = Lbfgs::new().stopping(few(99, 5)).minimize(&mut rosenbrock(), &x0).unwrap();
    assert_eq!(minimum.stop, Stop::Evaluations);
}

#[test]
fn least_squares_with_fewer_residuals_than_variables_and_with_lost_rank() {
    let mut plane = RecordedResiduals::new(3, |_, x| x.sum().reshape([1]) - 6.0);
    let minimum = LevenbergMarquardt::new().minimize(&mut plane, &[0.0; 3]).unwrap();
    close(&[minimum.x.iter().sum::<f64>(), minimum.value], &[6.0, 0.0], 1e-12);
    let mut copies = ResidualFunctions::new(
        2,
        |x: &[f64], r: &mut [f64]| (r[0], r[1]) = (x[0] + x[1] - 1.0, x[0] + x[1] - 3.0),
        |_: &[f64], j: &mut [f64]| j.fill(1.0),
    );
    let minimum = LevenbergMarquardt::new().minimize(&mut copies, &[5.0, 0.0]).unwrap();
    close(&[minimum.x[0] + minimum.x[1], minimum.value], &[2.0, 1.0], 1e-12);
}

#[test]
fn a_model_is_minimised_over_its_parameters() {
    let mut params = Params::seeded(0);
    let w = params.root().parameter("w", array![[0.0], [0.0]].into_dyn());
    let b = params.root().parameter("b", array![0.0].into_dyn());
    let buffer = params.root().buffer("shift", array![1.0].into_dyn());
    let (x, y) = (array![[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], array![[3.0], [1.0], [6.0]]);
    let inputs = || [(&x).into(), (&y).into()];
    let mut loss = Recorded::of_model(&params, inputs(), |g, [x, y]| {
        (x.matmul(g.param(&w)) + g.param(&b) + g.param(&buffer) - y).square().sum()
    });
    let minimum = Newton::new().minimize(&mut loss, &trainable(&params)).unwrap();
    assign(&mut params, &minimum.x);
    // w = (5, 3), and b makes up for the buffer: 5 + b + 1 = 3.
    let close_to = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
    assert!(close_to(params.values(), &[5.0, 3.0, -3.0, 1.0]), "{:?}", params.values());
    let mut residuals = RecordedResiduals::of_model(&params, inputs(), |g, [x, y]| {
        x.matmul(g.param(&w)) + g.param(&b) + g.param(&buffer) - y
    });
    let minimum = LevenbergMarquardt::new().minimize(&mut residuals, &[0.0; 3]).unwrap();
    close(&minimum.x, &[5.0, 3.0, -3.0], 1e-12);
}

#[test]
fn what_is_frozen_is_no_variable() {
    let mut params = Params::<f64>::with_seed(0);
    let w = params.root().parameter("w", array![2.0].into_dyn());
    let frozen = params.root().parameter("frozen", array![7.0, 7.0].into_dyn());
    let b = params.root().parameter("b", array![0.0].into_dyn());
    params.freeze("frozen").unwrap();
    let (x, y) = (array![1.0, 2.0, 3.0], array![10.0, 12.0, 14.0]);
    let inputs = || [(&x).into(), (&y).into()];
    let mut loss = Recorded::of_model(&params, inputs(), |g, [x, y]| {
        (x * g.param(&w) + g.param(&b) + g.param(&frozen).mean() - y).square().sum()
    });
    assert_eq!(trainable(&params), [2.0, 0.0]);
    let minimum = NewtonCg::new().minimize(&mut loss, &trainable(&params)).unwrap();
    assign(&mut params, &minimum.x);
    close(params.values(), &[2.0, 7.0, 7.0, 1.0], 1e-9);
    let mut residuals = RecordedResiduals::of_model(&params, inputs(), |g, [x, y]| {
        x * g.param(&w) + g.param(&b) + g.param(&frozen).mean() - y
    });
    let minimum = LevenbergMarquardt::new().minimize(&mut residuals, &[0.0; 2]).unwrap();
    close(&minimum.x, &[2.0, 1.0], 1e-12);
}

#[test]
fn what_is_refused_says_why() {
    let refused = |result: Result<Minimum, MinimizeError>, why: &str| {
        assert_eq!(result.unwrap_err().to_string(), why);
    };
    let f = &mut bowl();
    refused(Lbfgs::new().minimize(f, &[0.0; 3]), "the objective has 4 variables, and the start 3");
    refused(
        Newton::new().minimize(f, &[0.0, f64::NAN, 0.0, 0.0]),
        "the start holds NaN at 1: every number must be finite",
    );
    refused(
        NewtonCg::new().radius(-1.0).minimize(f, &[0.0; 4]),
        "newton-cg: radius must be finite and above 0, and is -1",
    );
    refused(
        GradientDescent::new().gradient_tolerance(f64::NAN).minimize(f, &[0.0; 4]),
        "gradient descent: gradient tolerance must be finite and at least 0, and is NaN",
    );
    refused(
        Lbfgs::new().memory(0).minimize(f, &[0.0; 4]),
        "lbfgs: memory must be finite and at least 1, and is 0",
    );
    let search = LineSearch { curvature: 1e-5, ..LineSearch::default() };
    refused(
        Lbfgs::new().line_search(search).minimize(f, &[0.0; 4]),
        "line search: curvature − decrease must be finite and above 0, and is -0.00009",
    );
    refused(
        Lbfgs::new().bounds(&[0.0; 3], &[1.0; 4]).minimize(f, &[0.0; 4]),
        "there are 4 variables, with 3 lower and 4 upper bounds",
    );
    refused(
        Lbfgs::new().bounds(&[0.0, 2.0, 0.0, 0.0], &[1.0; 4]).minimize(f, &[0.0; 4]),
        "no number of variable 1 is within the bounds 2 and 1",
    );
    let mut logarithm = Recorded::new(1, |_, x| x.ln().sum());
    refused(
        Lbfgs::new().minimize(&mut logarithm, &[-1.0]),
        "the objective at the start is not finite: it holds NaN",
    );
    let line = line!() + 1;
    let mut constant = Recorded::new(1, |g, _| g.full([], 1.0));
    let error = Lbfgs::new().minimize(&mut constant, &[0.0]).unwrap_err().to_string();
    assert!(error.contains("no differentiable path leads to the output"), "{error}");
    assert!(error.contains(&format!("at {}:{line}:", file!())), "{error}");
}

#[test]
fn pytorch_lbfgs_leaves_everything_as_it_was_where_it_refuses() {
    let mut lbfgs = TorchLbfgs::new(f64::NAN);
    let mut x = [1.0, 2.0, 3.0, 4.0];
    let error = lbfgs.step(&mut bowl(), &mut x).unwrap_err().to_string();
    assert_eq!(error, "torch lbfgs: learning_rate must be finite and at least 0, and is NaN");
    assert_eq!(x, [1.0, 2.0, 3.0, 4.0]);
}

/// φ and φ′ of a polynomial of degree 4 and a wave, with φ′(0) < 0 and φ growing at infinity.
fn wave(a: f64, b: f64, size: f64, t: f64) -> (f64, f64) {
    let value = -t + a * t * t + b * t.powi(4) + size * ((3.0 * t).cos() - 1.0);
    (value, -1.0 + 2.0 * a * t + 4.0 * b * t.powi(3) - 3.0 * size * (3.0 * t).sin())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_line_search_ends_where_the_strong_wolfe_conditions_hold(
        a in 0.0..5.0, b in 0.01..2.0, size in 0.0..0.5,
        first in 1e-4..1e4, curvature in 0.05..0.95, wall in 0.5..1e5_f64,
    ) {
        let search = LineSearch { curvature, ..LineSearch::default() };
        let phi = |t: f64| wave(a, b, size, t);
        // Not a number beyond a wall, which is behind where the conditions hold.
        let walled = |t: f64| Ok(if t < wall.max(10.0) { phi(t) } else { (f64::NAN, f64::NAN) });
        let found = search.search(first, phi(0.0), walled).unwrap().expect("there is a step");
        let Found { step, value, slope, wolfe } = found;
        prop_assert!(wolfe);
        prop_assert_eq!((value, slope), phi(step));
        prop_assert!(value <= phi(0.0).0 + search.decrease * step * phi(0.0).1);
        prop_assert!(slope.abs() <= curvature * phi(0.0).1.abs());
    }

    #[test]
    fn newton_and_truncated_newton_end_at_a_minimum_from_anywhere(
        x in -3.0..3.0_f64, y in -3.0..3.0_f64,
    ) {
        for minimum in [
            Newton::new().minimize(&mut saddle(), &[x, y]).unwrap(),
            NewtonCg::new().minimize(&mut saddle(), &[x, y]).unwrap(),
        ] {
            prop_assert!(minimum.stop == Stop::Gradient && minimum.value < 1e-12, "{minimum:?}");
        }
    }
}
