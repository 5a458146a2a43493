//! Matrices whose patterns, colours and entries are known.

use ndarray::{Array1, array};

use super::*;
use crate::{GradientError, Graph, SparsePattern};

/// The positions at which a predicate holds.
fn pattern(rows: usize, columns: usize, holds: impl Fn(usize, usize) -> bool) -> SparsePattern {
    let row = |i: usize| (0..columns).filter(|&j| holds(i, j)).collect::<Vec<usize>>();
    SparsePattern::of_rows(columns, (0..rows).map(row))
}

/// Σₖ wₖ·uᵢ₊ₖ², |k| ≤ reach, with zeros outside.
fn banded(u: Var<'_>, reach: isize) -> Var<'_> {
    let n = u.shape()[0] as isize;
    let padded = u.square().pad([(reach as usize, reach as usize)], 0.0);
    let part = |k: isize| (1.0 + k as f64) * padded.slice_axis(0, k..k + n);
    (0..=2 * reach).map(part).reduce(|a, b| a + b).unwrap()
}

#[test]
fn bands_have_their_patterns_and_as_many_colours_as_diagonals() {
    for (n, reach) in [(1, 1), (2, 1), (3, 1), (10, 1), (101, 1), (5, 2), (57, 2), (80, 3)] {
        let g = Graph::new();
        let u = g.constant(reals([n], 1));
        let y = banded(u, reach as isize);
        let jacobian = y.sparse_jacobian(u);
        assert_eq!(jacobian.pattern, pattern(n, n, |i, j| i.abs_diff(j) <= reach));
        assert_eq!(jacobian.sweeps, n.min(2 * reach + 1), "{n}, {reach}");
        check_jacobian("banded", Gradient::of(y), &[u]);
        check_hessian("banded", Gradient::of(weighed(y.sin())), &[u]);
    }
}

#[test]
fn arrows_need_two_sweeps() {
    let g = Graph::new();
    let (x, s) = (g.constant(reals([40], 1)), g.constant(0.7));
    let y = x.sin() * s;
    // A diagonal and a dense column, by rows.
    let jacobian = Gradient::of(y).sparse_jacobian(&[x, s]).unwrap();
    assert_eq!(jacobian.pattern, pattern(40, 41, |i, j| i == j || j == 40));
    assert_eq!(jacobian.sweeps, 2);
    check_jacobian("tall arrow", Gradient::of(y), &[x, s]);
    // A diagonal and a dense row, by columns.
    let both = g.concat(&[x.square(), x.sum().sin().unsqueeze(0)], 0);
    let jacobian = both.sparse_jacobian(x);
    assert_eq!(jacobian.pattern, pattern(41, 40, |i, j| i == j || i == 40));
    assert_eq!(jacobian.sweeps, 2);
    check_jacobian("wide arrow", Gradient::of(both), &[x]);
    // Both, of which only symmetry spares products.
    let loss = Gradient::of(y.sum() * s);
    let hessian = loss.sparse_hessian(&[x, s]).unwrap();
    assert_eq!(hessian.pattern, pattern(41, 41, |i, j| i == j || i.max(j) == 40));
    assert_eq!(hessian.sweeps, 2);
    check_hessian("arrow", loss, &[x, s]);
}

#[test]
fn reaction_and_diffusion_at_ten_thousand_points_need_three_sweeps() {
    let n = 10_000;
    let start = std::time::Instant::now();
    let g = Graph::new();
    let u = g.constant(reals([n], 1));
    let padded = u.pad([(1, 1)], 0.0);
    let [left, right] = [(0, n), (2, n + 2)].map(|(a, b)| padded.slice_axis(0, a..b));
    let residual = left - 2.0 * u + right - 0.3 * u * (1.0 - u.square());
    let jacobian = residual.sparse_jacobian(u);
    assert_eq!((jacobian.sweeps, jacobian.pattern.len()), (3, 3 * n - 2));
    let values = Evaluator::<f64>::new(&g).run(&[u, jacobian.values]).unwrap();
    let [u, values] = <[Value<f64>; 2]>::try_from(values).unwrap().map(Value::into_real);
    for (i, j, value) in jacobian.pattern.triplets(&values) {
        let expected = if i == j { -2.0 - 0.3 * (1.0 - 3.0 * u[i] * u[i]) } else { 1.0 };
        assert!(i.abs_diff(j) <= 1 && (value - expected).abs() < 1e-14, "{i}, {j}: {value}");
    }
    let took = start.elapsed();
    assert!(took.as_secs() < 5, "{took:?}");
}

#[test]
fn five_points_on_a_grid_need_few_sweeps() {
    let g = Graph::new();
    let u = g.constant(reals([60, 70], 1));
    let padded = u.pad([(1, 1), (1, 1)], 0.0);
    let at = |i: isize, j: isize| padded.slice_axis(0, 1 + i..61 + i).slice_axis(1, 1 + j..71 + j);
    let laplacian = at(-1, 0) + at(1, 0) + at(0, -1) + at(0, 1) - 4.0 * u;
    let jacobian = (laplacian + u.exp()).sparse_jacobian(u);
    assert_eq!(jacobian.pattern.len(), 5 * 4200 - 2 * 60 - 2 * 70);
    assert!(jacobian.sweeps <= 8, "{} sweeps", jacobian.sweeps);
    let hessian = (laplacian.square().sum() + u.exp().sum()).sparse_hessian(u);
    assert!(hessian.sweeps <= 21, "{} sweeps", hessian.sweeps);
}

#[test]
fn the_hessian_of_rosenbrocks_chain_needs_three_sweeps() {
    let n = 1000;
    let g = Graph::new();
    let x = g.constant(reals([n], 1));
    let (this, next) = (x.slice_axis(0, ..n - 1), x.slice_axis(0, 1..));
    let f = (100.0 * (next - this.square()).square() + (1.0 - this).square()).sum();
    let hessian = f.sparse_hessian(x);
    assert_eq!(hessian.pattern, pattern(n, n, |i, j| i.abs_diff(j) <= 1));
    assert_eq!(hessian.sweeps, 3);
    let [x, values] = values([x, hessian.values]);
    for (i, j, value) in hessian.pattern.triplets(&values) {
        let expected = if i == j {
            let first = if i + 1 < n { 1200.0 * x[i] * x[i] - 400.0 * x[i + 1] + 2.0 } else { 0.0 };
            first + if i > 0 { 200.0 } else { 0.0 }
        } else {
            -400.0 * x[i.min(j)]
        };
        assert!((value - expected).abs() < 1e-11, "{i}, {j}: {value} for {expected}");
    }
}

#[test]
fn the_values_are_differentiated_again() {
    let g = Graph::new();
    let x = g.constant(reals([6], 1));
    let y = banded(x, 1).sin();
    let ours = weighed(y.sparse_jacobian(x).to_dense()).grad(x);
    let dense = weighed(y.jacobian(x)).grad(x);
    let [ours, dense] = values([ours, dense]);
    same("the gradient of a weighed Jacobian", &ours, &dense);
    let loss = y.square().sum();
    let [ours, dense] = values([
        weighed(loss.sparse_hessian(x).to_dense()).grad(x),
        weighed(loss.hessian(x)).grad(x),
    ]);
    same("the gradient of a weighed Hessian", &ours, &dense);
}

#[test]
fn colours_are_swept_some_at_a_time() {
    let g = Graph::new();
    let u = g.constant(reals([9], 1));
    let y = banded(u, 1);
    for rows in [1, 2, 3, 7] {
        check_jacobian("chunked", Gradient::of(y).chunk(rows), &[u]);
        check_jacobian("chunked columns", Gradient::of(g.concat(&[y, y], 0)).chunk(rows), &[u]);
        check_hessian("chunked", Gradient::of(y.square().sum()).chunk(rows), &[u]);
    }
}

#[test]
fn an_output_may_be_a_variable_and_a_variable_be_given_twice() {
    let g = Graph::new();
    let x = g.constant(reals([3], 1));
    let itself = x.sparse_jacobian(x);
    assert_eq!(itself.pattern, pattern(3, 3, |i, j| i == j));
    check_jacobian("itself", Gradient::of(x), &[x]);
    check_jacobian("twice", Gradient::of(x.sin()), &[x, x]);
    check_jacobian(
        "twice, by columns",
        Gradient::of(banded(g.concat(&[x, x.sin()], 0), 1)),
        &[x, x],
    );
}

#[test]
fn nothing_has_no_entries() {
    let g = Graph::new();
    let (x, y) = (g.full([0, 2], 1.0), g.full([3], 1.0));
    let jacobian = x.exp().sparse_jacobian(x);
    assert_eq!((jacobian.pattern.rows(), jacobian.pattern.columns()), (0, 0));
    assert_eq!((jacobian.sweeps, jacobian.values.eval().unwrap().len()), (0, 0));
    assert_eq!(jacobian.to_dense().eval().unwrap().shape(), [0, 0]);
    check_jacobian("no columns", Gradient::of(x.sum()), &[x]);
    check_jacobian("no rows", Gradient::of(y.slice_axis(0, 3..)), &[y]);
    check_hessian("of nothing", Gradient::of(x.square().sum()), &[x]);
    // Of a linear function.
    let hessian = y.sum().sparse_hessian(y);
    assert!(hessian.pattern.is_empty() && hessian.sweeps == 0);
    assert_eq!(hessian.to_dense().eval().unwrap(), ArrayD::<f64>::zeros(vec![3, 3]));
}

#[test]
fn a_variable_without_a_path_is_an_error_or_has_no_entries() {
    let g = Graph::new();
    let (x, y) = (g.constant(array![1.0, 2.0]), g.constant(Array1::<f64>::ones(3)).named("y"));
    let gradient = Gradient::of(x.square());
    let error = gradient.sparse_jacobian(&[x, y]).unwrap_err();
    assert!(matches!(error, GradientError::NoPath { .. }), "{error}");
    assert!(error.to_string().contains("\"y\"") && error.to_string().contains("exact.rs"));
    let jacobian = gradient.zeros_without_path().sparse_jacobian(&[x, y]).unwrap();
    assert_eq!(jacobian.pattern, pattern(2, 5, |i, j| i == j));
    let error = gradient.sparse_hessian(&[x]).unwrap_err();
    assert!(matches!(error, GradientError::NotScalar { .. }), "{error}");
    let loss = Gradient::of(x.square().sum());
    assert!(matches!(loss.sparse_hessian(&[y]), Err(GradientError::NoPath { .. })));
    check_hessian("no path", loss.zeros_without_path(), &[y, x]);
    // What is stopped passes nothing.
    let stopped = Gradient::of(x.square() + x.sum().stop_gradient() + x.gt(0.0).to_real());
    assert_eq!(stopped.jacobian_pattern(&[x]).unwrap(), pattern(2, 2, |i, j| i == j));
}

#[test]
#[should_panic(expected = "triplets: 2 values are given for 3 entries")]
fn there_is_a_value_for_each_entry() {
    let g = Graph::new();
    let x = g.full([3], 1.0);
    let _ = x.sin().sparse_jacobian(x).pattern.triplets(&ArrayD::<f32>::zeros(vec![2])).count();
}

#[test]
#[should_panic(expected = "sparse_hessian: a matrix is of at least one variable")]
fn there_is_a_variable() {
    let g = Graph::new();
    let _ = Gradient::of(g.full([], 1.0)).sparse_hessian(&[]);
}
