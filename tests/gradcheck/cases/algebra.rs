//! Uses of linear algebra and of windows.

use cotangent::ops::{Conv, Divisor, Example, Sample, TriangularSolve, Window};
use cotangent::{Seed, Var};

use super::Map;

/// Linear algebra on matrices without rows, of one row, in batches that broadcast, used twice.
pub fn factorisations() -> Vec<Example> {
    let pairs: [(&[usize], &[usize]); 8] = [
        (&[0, 0], &[0]),
        (&[0, 0], &[0, 2]),
        (&[2, 2], &[2, 0]),
        (&[1, 1], &[1]),
        (&[3, 3], &[3]),
        (&[2, 2], &[3, 2, 1]),
        (&[2, 2, 2], &[2, 2]),
        (&[2, 1, 2, 2], &[3, 2, 1]),
    ];
    let of_pair = |(a, b): (&[usize], &[usize])| {
        let samples = || [Sample::real(a, -0.6..0.6), Sample::real(b, -1.0..1.0)];
        let lower = TriangularSolve::lower;
        [
            Example::new("solve", samples(), |_, x| regular(x[0]).solve(x[1])),
            Example::new("solve_triangular", samples(), move |_, x| {
                regular(x[0]).solve_triangular(x[1], lower().unit_diagonal())
            }),
            Example::new("solve_triangular", samples(), move |_, x| {
                let half = regular(x[0]).solve_triangular(x[1], lower());
                regular(x[0]).solve_triangular(half, lower().transposed())
            }),
        ]
    };
    let functions: [(&str, Map); 15] = [
        ("cholesky", |x| regular(x).cholesky()),
        ("cholesky", |x| (regular(x).matmul(regular(x).t())).cholesky().inverse()),
        ("inverse", |x| regular(x).inverse().matmul(x)),
        ("det", |x| regular(x).det()),
        ("logabsdet", |x| regular(x).logabsdet()),
        ("det_sign", |x| regular(x).slogdet().0 * x.square().sum()),
        ("qr", |x| regular(x).qr().0.matmul(x)),
        ("eigh", |x| spread(x).eigh().1.matmul(x)),
        ("svd", |x| spread(x).svd().0.matmul(x)),
        ("svd", |x| regular(x).matmul(x).svdvals().square().sum() * x),
        ("pinv", |x| regular(x).pinv().matmul(x)),
        ("matrix_exp", |x| x.matrix_exp().matmul(x)),
        ("diagonal", |x| x.square().diagonal().diag() * x),
        ("tril", |x| x.tril(-1).matmul(x.triu(0))),
        ("einsum", |x| x.graph().einsum("...ij,...kj->...ik", &[x, x])),
    ];
    let shapes: [&[usize]; 5] = [&[0, 0], &[1, 1], &[2, 2], &[0, 2, 2], &[2, 1, 3, 3]];
    let of_shape = |shape: &[usize]| {
        let sample = Sample::real(shape, -0.6..0.6);
        functions.map(|(name, f)| Example::new(name, [sample.clone()], move |_, x| f(x[0])))
    };
    let of_shapes = shapes.into_iter().flat_map(of_shape);
    pairs.into_iter().flat_map(of_pair).chain(of_shapes).collect()
}

/// A + 3·I: far from singular for elements below 1, with a positive definite symmetric part.
fn regular(a: Var<'_>) -> Var<'_> {
    let rows = a.shape()[a.rank() - 1];
    a + a.graph().full([rows], 3.0).diag()
}

/// 0.2·A + diag(1, 2, …): eigenvalues and singular values are apart.
fn spread(a: Var<'_>) -> Var<'_> {
    let rows = a.shape()[a.rank() - 1];
    0.2 * a + (a.graph().arange(rows).to_real() + 1.0).diag()
}

/// Convolution and pooling with random strides, paddings, dilations and groups.
pub fn windows() -> Vec<Example> {
    let empty = [Sample::real([0, 1, 3, 3], -1.0..1.0), Sample::real([2, 1, 2, 2], -1.0..1.0)];
    let of_none = Example::new("conv2d", empty, |_, x| x[0].conv2d(x[1], Conv::new()));
    (0..8).flat_map(windows_of).chain([of_none]).collect()
}

fn windows_of(run: u64) -> Vec<Example> {
    let seed = Seed { seed: 7, run };
    let below = |stream: u64, extent: usize| (seed.bits(stream, 0) % extent as u64) as usize;
    let pair = |stream: u64, from: usize, count: usize| {
        [from + below(stream, count), from + below(stream + 1, count)]
    };
    let (kernel, stride) = (pair(0, 1, 3), pair(2, 1, 2));
    let (padding, dilation) = (pair(4, 0, 2), pair(6, 1, 2));
    let groups = 1 + below(8, 2);
    let (channels, outputs) = (groups * (1 + below(9, 2)), groups * (1 + below(10, 2)));
    let image = Sample::real([2, channels, 5, 6], -1.0..1.0);
    let weight = [outputs, channels / groups, kernel[0], kernel[1]];
    let conv = Conv::new().stride(stride).padding(padding).dilation(dilation).groups(groups);
    let window = Window::new(kernel).stride(stride).dilation(dilation);
    // Of a window of one position, at most half is none.
    let half = [0, 1].map(|axis| padding[axis].min(kernel[axis] / 2));
    let (largest, padded) = (window.clone(), window.padding(half));
    vec![
        Example::new("conv2d", [image.clone(), Sample::real(weight, -1.0..1.0)], move |_, x| {
            x[0].conv2d(x[1], conv.clone())
        }),
        Example::new("max_pool2d", [image.clone()], move |_, x| {
            x[0].max_pool2d(largest.clone()).square()
        }),
        Example::new("unfold2d", [image], move |_, x| {
            let each = x[0].square().avg_pool2d(padded.clone(), Divisor::Window);
            each * x[0].avg_pool2d(padded.clone(), Divisor::Window)
        }),
    ]
}
