//! Mutants of operations on whole arrays.

use cotangent::keep;
use cotangent::ndarray::array;

use super::{Mutant, mutant};

/// Reductions, cumulative sums and softmax.
pub fn reductions() -> Vec<Mutant> {
    let x = || [&[2, 3][..]];
    vec![
        mutant(
            "mean for sum",
            x(),
            |_, x| x[0].sum_over(1),
            |x, _, v| vec![(v / 3.0).unsqueeze(1).broadcast_to(x[0].shape())],
        ),
        mutant(
            "sum for mean",
            x(),
            |_, x| x[0].mean_over(0),
            |x, _, v| vec![v.broadcast_to(x[0].shape())],
        ),
        mutant(
            "wrong axis",
            [&[3, 3]],
            |_, x| x[0].sum_over(0),
            |x, _, v| vec![v.unsqueeze(1).broadcast_to(x[0].shape())],
        ),
        mutant(
            "divisor of variance",
            x(),
            |_, x| x[0].variance_over(keep(1), 1),
            |x, _, v| vec![v * (x[0] - x[0].mean_over(keep(1))) * (2.0 / 3.0)],
        ),
        mutant(
            "dropped mean of variance",
            x(),
            |_, x| x[0].variance_over(keep(1), 0),
            |x, _, v| vec![v * x[0] * (2.0 / 3.0)],
        ),
        mutant(
            "shared cotangent of max",
            x(),
            |_, x| x[0].max_over(keep(1)),
            |x, _, v| vec![(v / 3.0).broadcast_to(x[0].shape())],
        ),
        mutant(
            "dropped quotient of prod",
            x(),
            |_, x| x[0].prod_over(keep(1)),
            |x, y, v| vec![(v * y).broadcast_to(x[0].shape())],
        ),
        mutant(
            "dropped shift of logsumexp",
            x(),
            |_, x| x[0].logsumexp_over(keep(1)),
            |x, _, v| vec![v * x[0].exp()],
        ),
        mutant(
            "dropped quotient of norm",
            x(),
            |_, x| x[0].norm_over(keep(1)),
            |x, _, v| vec![v * x[0]],
        ),
        mutant("direction of cumsum", x(), |_, x| x[0].cumsum(1), |_, _, v| vec![v.cumsum(1)]),
        mutant("dropped sum of softmax", x(), |_, x| x[0].softmax(1), |_, y, v| vec![v * y]),
        mutant(
            "mean for sum of log-softmax",
            x(),
            |_, x| x[0].log_softmax(1),
            |_, y, v| vec![v - y.exp() * v.mean_over(keep(1))],
        ),
    ]
}

/// Matrix products.
pub fn matrices() -> Vec<Mutant> {
    let ab = || [&[2, 2][..], &[2, 2]];
    vec![
        mutant(
            "second factor not transposed",
            ab(),
            |_, x| x[0].matmul(x[1]),
            |x, _, v| vec![v.matmul(x[1]), x[0].t().matmul(v)],
        ),
        mutant(
            "first factor not transposed",
            ab(),
            |_, x| x[0].matmul(x[1]),
            |x, _, v| vec![v.matmul(x[1].t()), x[0].matmul(v)],
        ),
        mutant(
            "factors in the wrong order",
            ab(),
            |_, x| x[0].matmul(x[1]),
            |x, _, v| vec![x[1].t().matmul(v), x[0].t().matmul(v)],
        ),
        mutant("missing sum over the batch", [&[2, 2, 2], &[2, 2]], |_, x| x[0].matmul(x[1]), {
            |x, _, v| {
                let every = x[0].permute([0, 2, 1]).matmul(v);
                vec![v.matmul(x[1].t()), every.slice_axis(0, 0..1).reshape([2, 2])]
            }
        }),
    ]
}

/// Rearrangements, parts and indices.
pub fn parts() -> Vec<Mutant> {
    let x = || [&[4][..]];
    vec![
        mutant(
            "permutation not inverted",
            [&[2, 2, 2]],
            |_, x| x[0].permute([1, 2, 0]),
            |_, _, v| vec![v.permute([1, 2, 0])],
        ),
        mutant(
            "reshape for transpose",
            [&[2, 3]],
            |_, x| x[0].t(),
            |_, _, v| vec![v.reshape([2, 3])],
        ),
        mutant(
            "slice off by one",
            x(),
            |_, x| x[0].slice_axis(0, 1..3),
            |_, _, v| vec![v.pad([(0, 2)], 0.0)],
        ),
        mutant(
            "border on the wrong side",
            x(),
            |_, x| x[0].pad([(2, 1)], 0.5),
            |_, _, v| vec![v.slice_axis(0, 1..5)],
        ),
        mutant("flip not undone", x(), |_, x| x[0].flip([0]), |_, _, v| vec![v]),
        mutant("parts of concat swapped", [&[2], &[2]], |g, x| g.concat(&[x[0], x[1]], 0), {
            |_, _, v| vec![v.slice_axis(0, 2..4), v.slice_axis(0, 0..2)]
        }),
        mutant(
            "repeated index overwritten",
            x(),
            |g, x| x[0].take(0, g.constant(array![2_i64, 0, 2])),
            |x, _, v| {
                let zeros = x[0].graph().full([4], 0.0);
                let last = x[0].graph().constant(array![0_i64, 2]);
                vec![zeros.index_add(0, last, v.slice_axis(0, 1..3))]
            },
        ),
        mutant(
            "index off by one",
            x(),
            |g, x| x[0].take(0, g.constant(array![2_i64, 0])),
            |x, _, v| {
                let zeros = x[0].graph().full([4], 0.0);
                vec![zeros.index_add(0, x[0].graph().constant(array![3_i64, 1]), v)]
            },
        ),
    ]
}
