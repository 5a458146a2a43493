//! Mutants of linear algebra and of windows.

use cotangent::ops::{Conv, Divisor, TriangularSolve, Window};
use cotangent::{Gradient, Var};

use super::{Mutant, mutant};

/// A matrix far from singular, whose symmetric part is positive definite.
fn a<'g>(x: &[Var<'g>]) -> Var<'g> {
    x[0] + 5.0 * x[0].graph().full([2], 1.0).diag()
}

/// Factorisations, solutions and determinants.
pub fn factorisations() -> Vec<Mutant> {
    let x = || [&[2, 2][..]];
    let ab = || [&[2, 2][..], &[2, 2]];
    let tall = || [&[3, 2][..]];
    vec![
        mutant(
            "cholesky not symmetric",
            x(),
            |_, x| a(x).cholesky(),
            |_, l, v| {
                let product = l.t().matmul(v);
                vec![around(l, 0.5 * (product.tril(0) + product.tril(-1)))]
            },
        ),
        mutant(
            "diagonal of cholesky not halved",
            x(),
            |_, x| a(x).cholesky(),
            |_, l, v| {
                let lower = l.t().matmul(v).tril(0);
                vec![around(l, 0.5 * (lower + lower.t()))]
            },
        ),
        mutant(
            "matrix of solve not transposed",
            ab(),
            |_, x| a(x).solve(x[1]),
            |x, y, v| {
                let w = a(x).solve(v);
                vec![-w.matmul(y.t()), w]
            },
        ),
        mutant(
            "sign of solve",
            ab(),
            |_, x| a(x).solve(x[1]),
            |x, y, v| {
                let w = a(x).t().solve(v);
                vec![w.matmul(y.t()), w]
            },
        ),
        mutant(
            "cotangent of solve transposed",
            ab(),
            |_, x| a(x).solve(x[1]),
            |x, y, v| {
                let w = a(x).t().solve(v);
                vec![-y.matmul(w.t()), w]
            },
        ),
        mutant(
            "other half of a triangular matrix",
            ab(),
            |_, x| a(x).solve_triangular(x[1], TriangularSolve::upper()),
            |x, y, v| {
                let w = a(x).solve_triangular(v, TriangularSolve::upper().transposed());
                vec![-w.matmul(y.t()), w]
            },
        ),
        mutant(
            "inverse not transposed",
            x(),
            |_, x| a(x).inverse(),
            |_, y, v| vec![-y.matmul(v).matmul(y)],
        ),
        mutant(
            "sign of inverse",
            x(),
            |_, x| a(x).inverse(),
            |_, y, v| vec![y.t().matmul(v).matmul(y.t())],
        ),
        mutant(
            "det without its value",
            x(),
            |_, x| a(x).det(),
            |x, _, v| vec![v * a(x).inverse().t()],
        ),
        mutant(
            "inverse of det not transposed",
            x(),
            |_, x| a(x).det(),
            |x, y, v| vec![v * y * a(x).inverse()],
        ),
        mutant(
            "inverse of logabsdet not transposed",
            x(),
            |_, x| a(x).logabsdet(),
            |x, _, v| vec![v * a(x).inverse()],
        ),
        mutant(
            "eigenvalues of vectors in rows",
            x(),
            |_, x| a(x).eigvalsh(),
            |x, _, v| {
                let vectors = a(x).eigh().1;
                vec![(vectors.t() * v.unsqueeze(-2)).matmul(vectors)]
            },
        ),
        mutant(
            "singular values without their left vectors",
            x(),
            |_, x| a(x).svdvals(),
            |x, _, v| {
                let vt = a(x).svd().2;
                vec![(vt.t() * v.unsqueeze(-2)).matmul(vt)]
            },
        ),
        mutant(
            "matrix_exp as if it commuted",
            x(),
            |_, x| a(x).matrix_exp(),
            |_, y, v| vec![y.t().matmul(v)],
        ),
        mutant(
            "pinv as an inverse",
            tall(),
            |_, x| x[0].pinv(),
            |_, y, v| vec![-y.t().matmul(v).matmul(y.t())],
        ),
    ]
}

/// L⁻ᵀ·M·L⁻¹.
fn around<'g>(l: Var<'g>, middle: Var<'g>) -> Var<'g> {
    let back = TriangularSolve::lower().transposed();
    let left = l.solve_triangular(middle, back.clone());
    l.solve_triangular(left.t(), back).t()
}

/// Diagonals, triangles, products by equation.
pub fn arrangements() -> Vec<Mutant> {
    let x = || [&[3, 3][..]];
    vec![
        mutant(
            "trace of all elements",
            x(),
            |_, x| x[0].trace(),
            |x, _, v| vec![v.broadcast_to(x[0].shape())],
        ),
        mutant("wrong diagonal", x(), |_, x| x[0].diagonal_at(1), |_, _, v| vec![v.diag_at(-1)]),
        mutant("lower for upper triangle", x(), |_, x| x[0].triu(0), |_, _, v| vec![v.tril(0)]),
        mutant(
            "diagonal of a strict triangle",
            x(),
            |_, x| x[0].tril(-1),
            |_, _, v| vec![v.tril(0)],
        ),
        mutant(
            "outer product transposed",
            [&[2], &[2]],
            |_, x| x[0].outer(x[1]),
            |x, _, v| vec![v.t().matmul(x[1]), v.matmul(x[0])],
        ),
        mutant(
            "result of einsum not permuted",
            [&[2, 3], &[3, 2]],
            |g, x| g.einsum("ij,jk->ki", x),
            |x, _, v| vec![v.matmul(x[1].t()), x[0].t().matmul(v)],
        ),
        mutant(
            "diagonal of einsum everywhere",
            x(),
            |g, x| g.einsum("ii->i", x),
            |x, _, v| vec![v.unsqueeze(1).broadcast_to(x[0].shape())],
        ),
    ]
}

/// Convolution and pooling.
pub fn windows() -> Vec<Mutant> {
    let images = || [&[1, 1, 3, 3][..], &[1, 1, 2, 2]];
    vec![
        mutant(
            "kernel flipped",
            images(),
            |_, x| x[0].conv2d(x[1], Conv::new()),
            |x, _, v| {
                let flipped = x[0].conv2d(x[1].flip([2, 3]), Conv::new());
                Gradient::of(flipped).cotangent(v).with_respect_to(x).unwrap()
            },
        ),
        mutant(
            "padding forgotten",
            images(),
            |_, x| x[0].conv2d(x[1], Conv::new().padding(1)),
            |x, _, v| {
                let inside = x[0].conv2d(x[1], Conv::new());
                let v = v.slice_axis(2, 1..3).slice_axis(3, 1..3);
                Gradient::of(inside).cotangent(v).with_respect_to(x).unwrap()
            },
        ),
        mutant(
            "divisor of a mean pool",
            [&[4, 4]],
            |_, x| x[0].avg_pool2d(Window::new(2), Divisor::Window),
            |x, _, v| {
                let sums = x[0].unfold2d(Window::new(2)).sum_over([0, 1]);
                Gradient::of(sums).cotangent(v).with_respect_to(x).unwrap()
            },
        ),
    ]
}
