//! Sparse matrices against dense ones, and against what is known of them.

mod exact;
mod random;
mod registry;
mod structures;

use ndarray::ArrayD;

use crate::ops::Sample;
use crate::testing::{numbers, weighed};
use crate::{Evaluator, Gradient, Shape, Value, Var};

fn reals(shape: impl Into<Shape>, stream: u64) -> ArrayD<f64> {
    numbers(&Sample::real(shape, -1.0..1.0), stream).into_real()
}

/// The values of two matrices.
fn values(matrices: [Var<'_>; 2]) -> [ArrayD<f64>; 2] {
    let values = Evaluator::<f64>::new(matrices[0].graph()).run(&matrices).unwrap();
    let [a, b] = <[Value<f64>; 2]>::try_from(values).unwrap();
    [a.into_real(), b.into_real()]
}

/// Fails if the matrices differ by more than rounding.
fn same(context: &str, ours: &ArrayD<f64>, dense: &ArrayD<f64>) {
    assert_eq!(ours.shape(), dense.shape(), "{context}");
    let scale = dense.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
    for (place, dense) in dense.indexed_iter() {
        let far = (ours[place.clone()] - dense).abs();
        assert!(far <= 1e-12 * scale, "{context}, at {place:?}: {far:e} from {dense}");
    }
}

/// Fails if the sparse Jacobian is not the dense one; answers how many entries of the pattern are 0.
fn check_jacobian(context: &str, gradient: Gradient<'_>, variables: &[Var<'_>]) -> usize {
    let sparse = gradient.sparse_jacobian(variables).unwrap();
    let (rows, columns) = (sparse.pattern.rows(), sparse.pattern.columns());
    assert!(sparse.sweeps <= rows.min(columns), "{context}: {} sweeps", sparse.sweeps);
    assert_eq!(gradient.jacobian_pattern(variables).unwrap(), sparse.pattern, "{context}");
    let dense = gradient.jacobian_matrix(variables).unwrap();
    let [ours, dense] = values([sparse.to_dense(), dense]);
    same(&format!("{context}: Jacobian"), &ours, &dense);
    sparse.pattern.positions().filter(|&(i, j)| dense[[i, j]] == 0.0).count()
}

/// As [`check_jacobian`], of the Hessian of a scalar.
fn check_hessian(context: &str, gradient: Gradient<'_>, variables: &[Var<'_>]) -> usize {
    let sparse = gradient.sparse_hessian(variables).unwrap();
    assert!(sparse.sweeps <= sparse.pattern.rows(), "{context}: {} sweeps", sparse.sweeps);
    assert_eq!(sparse.pattern.transposed(), sparse.pattern, "{context}");
    assert_eq!(gradient.hessian_pattern(variables).unwrap(), sparse.pattern, "{context}");
    let dense = gradient.hessian_matrix(variables).unwrap();
    let [ours, dense] = values([sparse.to_dense(), dense]);
    same(&format!("{context}: Hessian"), &ours, &dense);
    sparse.pattern.positions().filter(|&(i, j)| dense[[i, j]] == 0.0).count()
}
