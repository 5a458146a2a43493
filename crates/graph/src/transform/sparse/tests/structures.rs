//! What stands between variables and output: indices, loops, samples, rules of one's own.

use ndarray::array;

use super::*;
use crate::transform::checkpoint;
use crate::{
    Args, Cotangents, Graph, Number, Operation, Out, RunResult, Scalar, SparsePattern, Type,
};

fn of_rows(columns: usize, rows: &[&[usize]]) -> SparsePattern {
    SparsePattern::of_rows(columns, rows.iter().map(|row| row.to_vec()))
}

#[test]
fn known_indices_are_followed_and_others_may_point_anywhere() {
    let g = Graph::new();
    let x = g.constant(reals([4], 1));
    let index = g.constant(array![3, 0, 3]);
    // Through other operations on indices.
    let turned = index.reshape([3, 1]).t().flip(1).reshape([3]);
    for (index, expected) in [(index, [3, 0, 3]), (turned, [3, 0, 3])] {
        let y = x.take(0, index).sin();
        let rows: Vec<&[usize]> = expected.iter().map(std::slice::from_ref).collect();
        assert_eq!(Gradient::of(y).jacobian_pattern(&[x]).unwrap(), of_rows(4, &rows));
        check_jacobian("take", Gradient::of(y), &[x]);
        check_hessian("take", Gradient::of(weighed(y)), &[x]);
    }
    let fed = g.index_input("i", [2]);
    let pattern = Gradient::of(x.take(0, fed)).jacobian_pattern(&[x]).unwrap();
    assert_eq!(pattern, of_rows(4, &[&[0, 1, 2, 3], &[0, 1, 2, 3]]));
    let scattered = x.index_add(0, fed, g.constant(reals([2], 2)) * x.slice_axis(0, ..2));
    let pattern = Gradient::of(scattered).jacobian_pattern(&[x]).unwrap();
    assert_eq!(pattern, of_rows(4, &[&[0, 1], &[0, 1], &[0, 1, 2], &[0, 1, 3]]));
}

#[test]
fn loops_are_followed_step_by_step() {
    let g = Graph::new();
    let (start, slices) = (g.constant(reals([2], 1)), g.constant(reals([4, 2], 2)));
    let scanned = g.scan(&[start], &[slices], |carry, slice| {
        let next = (carry[0] + slice[0]).sin();
        (vec![next], vec![next.square()])
    });
    let each = scanned.1[0];
    let pattern = Gradient::of(each).jacobian_pattern(&[start, slices]).unwrap();
    // Step t and element e: of the start, element e; of the slices, element e of the steps up to t.
    let row = |t: usize, e: usize| -> Vec<usize> {
        [e].into_iter().chain((0..=t).map(|step| 2 + 2 * step + e)).collect()
    };
    let rows = (0..4).flat_map(|t| [row(t, 0), row(t, 1)]);
    assert_eq!(pattern, SparsePattern::of_rows(10, rows));
    check_jacobian("scan", Gradient::of(each), &[start, slices]);
    let last = scanned.0[0];
    check_jacobian("the end of a scan", Gradient::of(last), &[start, slices]);
    check_hessian("scan", Gradient::of(weighed(each) + weighed(last)), &[start, slices]);
}

#[test]
fn samples_of_a_vmap_are_blocks() {
    let g = Graph::new();
    let x = g.constant(reals([3, 2], 1));
    let y = g.vmap(&[(x, 0)], |x| vec![x[0].softmax(0)])[0];
    let pattern = Gradient::of(y).jacobian_pattern(&[x]).unwrap();
    let rows = (0..6).map(|i| vec![i / 2 * 2, i / 2 * 2 + 1]);
    assert_eq!(pattern, SparsePattern::of_rows(6, rows));
    check_jacobian("vmap", Gradient::of(y), &[x]);
    // Sparse matrices of samples.
    let jacobians = g.vmap(&[(x, 0)], |x| vec![x[0].sin().sparse_jacobian(x[0]).values])[0];
    let [ours, expected] = values([jacobians, x.cos()]);
    same("a Jacobian of each sample", &ours, &expected);
}

#[test]
fn rules_of_ones_own_say_what_depends_on_what() {
    let g = Graph::new();
    let x = g.constant(reals([3], 1));
    let wrapped = x.cumsum(0).with_vjp(&[x], |_, _, v| vec![2.0 * v]);
    let pattern = Gradient::of(wrapped).jacobian_pattern(&[x]).unwrap();
    assert_eq!(pattern, of_rows(3, &[&[0], &[1], &[2]]));
    check_jacobian("with_vjp", Gradient::of(wrapped), &[x]);
    let block = checkpoint(|_, x| x[0].cumsum(0).sin());
    let again = block(&g, &[x]);
    let pattern = Gradient::of(again).jacobian_pattern(&[x]).unwrap();
    assert_eq!(pattern, of_rows(3, &[&[0], &[0, 1], &[0, 1, 2]]));
    check_jacobian("checkpoint", Gradient::of(again), &[x]);
    check_hessian("checkpoint", Gradient::of(weighed(again)), &[x]);
}

/// 3·x, of which nothing else is said.
#[derive(Clone, Debug, PartialEq)]
struct Triple;

impl Operation for Triple {
    fn name(&self) -> &'static str {
        "triple"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        Ok(inputs[0].clone())
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        [Some(v.graph().apply(Triple, &[v]))].into_iter().collect()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        out.real().zip_mut_with(&args.real(0), |y, &x| *y = T::constant(3.0) * x);
        Ok(())
    }
}

#[test]
fn what_nothing_is_known_of_depends_on_everything_and_on_no_other_sample() {
    let g = Graph::new();
    let x = g.constant(reals([2, 2], 1));
    let y = g.apply(Triple, &[x]).sin();
    let pattern = Gradient::of(y).jacobian_pattern(&[x]).unwrap();
    assert_eq!(pattern, of_rows(4, &[&[0, 1, 2, 3][..]; 4]));
    check_jacobian("opaque", Gradient::of(y), &[x]);
    let y = g.vmap(&[(x, 0)], |x| vec![g.apply(Triple, &[x[0]]).sin()])[0];
    let pattern = Gradient::of(y).jacobian_pattern(&[x]).unwrap();
    assert_eq!(pattern, of_rows(4, &[&[0, 1], &[0, 1], &[2, 3], &[2, 3]]));
    check_jacobian("opaque samples", Gradient::of(y), &[x]);
}

#[cfg(feature = "linalg")]
#[test]
fn solutions_depend_on_their_own_system() {
    let g = Graph::new();
    let a = g.constant(reals([2, 2, 2], 1) + 3.0 * ndarray::Array2::<f64>::eye(2));
    let b = g.constant(reals([2, 2, 3], 2));
    let x = a.solve(b);
    let pattern = Gradient::of(x).jacobian_pattern(&[b]).unwrap();
    // Element (k, i, j): all of column j of system k.
    let row = |number: usize| [0, 3].map(|i| number / 6 * 6 + i + number % 3);
    assert_eq!(pattern, SparsePattern::of_rows(12, (0..12).map(row)));
    let lower = a.solve_triangular(b, crate::ops::TriangularSolve::lower());
    let pattern = Gradient::of(lower).jacobian_pattern(&[b]).unwrap();
    let row = |number: usize| (number / 6 * 6 + number % 3..=number).step_by(3);
    assert_eq!(pattern, SparsePattern::of_rows(12, (0..12).map(row)));
    check_jacobian("solve", Gradient::of(x), &[a, b]);
    check_hessian("solve", Gradient::of(weighed(x)), &[a, b]);
}
