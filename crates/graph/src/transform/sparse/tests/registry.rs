//! Every operation: its pattern covers its Jacobian and its Hessian.

use super::*;
use crate::Graph;
use crate::ops::{Example, registry};
use crate::reading::operation;

/// The example on numbers, with what of them is real.
fn recorded<'g>(g: &'g Graph, example: &Example) -> (Var<'g>, Vec<Var<'g>>) {
    let samples = example.samples.iter().enumerate();
    let inputs: Vec<Var<'g>> =
        samples.map(|(i, sample)| g.constant(numbers::<f64>(sample, i as u64))).collect();
    let y = example.record(g, &inputs);
    (y, inputs.into_iter().filter(|x| x.is_real()).collect())
}

/// Operations of which entries are 0 that the pattern does not know to be.
const MORE: &[&str] = &[
    // What is chosen or left out by a value.
    "adaptive_max_pool2d",
    "argmax",
    "argmin",
    "argsort",
    "bernoulli",
    "clamp",
    "cummax",
    "cummin",
    "matrix_norm",
    "vector_norm",
    "le",
    "lt",
    "max",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "maximum",
    "min",
    "minimum",
    "ne",
    "relu",
    "segment_max",
    "select",
    // Products with zeros of padding and of other constants.
    "adaptive_avg_pool2d",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "interpolate",
    "one_hot",
    // Imaginary parts at the ends of a spectrum, which count nothing.
    "irfft",
    "rfft",
    // The diagonal of gaps, and the half of R that is 0.
    "gaps",
    "qr",
    // What cancels: a cofactor does not depend on its own element, though on the determinant and the inverse.
    "cholesky",
    "cofactor",
];

#[test]
fn patterns_cover_every_operation_to_second_order_and_hold_no_more() {
    let mut more = std::collections::BTreeSet::new();
    for example in registry() {
        let g = Graph::new();
        let (y, real) = recorded(&g, &example);
        if real.is_empty() || !y.is_real() {
            continue;
        }
        let context = format!("{example:?}");
        let zeros = check_jacobian(&context, Gradient::of(y).zeros_without_path(), &real);
        if zeros > 0 {
            more.insert(example.operation);
        }
        let loss = Gradient::of(weighed(y.sin())).zeros_without_path();
        check_hessian(&context, loss, &real);
    }
    let more: Vec<&str> = more.into_iter().filter(|name| !MORE.contains(name)).collect();
    assert!(more.is_empty(), "patterns with entries that are 0: {more:?}");
}

#[test]
fn elementwise_operations_are_diagonal() {
    let mut seen = 0;
    for example in registry() {
        let g = Graph::new();
        let (y, real) = recorded(&g, &example);
        let itself = match (&crate::reading::inputs(y)[..], &real[..]) {
            ([input], [x]) => input.id() == x.id(),
            _ => false,
        };
        if !itself || !format!("{:?}", operation(y)).starts_with("Map(") {
            continue;
        }
        seen += 1;
        let pattern = Gradient::of(y).jacobian_pattern(&real).unwrap();
        let size = y.shape().size();
        let diagonal: Vec<(usize, usize)> = (0..size).map(|i| (i, i)).collect();
        let flat = ["ceil", "floor", "round", "sign", "trunc"].contains(&example.operation);
        let expected = if flat { &[][..] } else { &diagonal };
        assert_eq!(pattern.positions().collect::<Vec<_>>(), expected, "{example:?}");
        let sweeps = y.sparse_jacobian(real[0]).sweeps;
        assert_eq!(sweeps, usize::from(!expected.is_empty()), "{example:?}");
    }
    assert!(seen > 20, "{seen} elementwise examples");
}
