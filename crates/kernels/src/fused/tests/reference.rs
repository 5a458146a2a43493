//! What a program means: every value at every position, one by one, in double precision.

use crate::elementwise::{Binary, Unary};
use crate::fused::builder::{Node, Parts};
use crate::fused::nest::Lay;
use crate::reduce::Reduce;
use crate::scalar::Scalar;
use crate::testing::Precise;

/// The outputs of a program of exact operations, and the largest finite magnitude on the way.
pub(super) fn interpret<T: Scalar>(parts: &Parts<T>, inputs: &[Vec<f64>]) -> (Vec<Vec<f64>>, f64) {
    let mut extents = vec![1; 2usize.saturating_sub(parts.extents.len())];
    extents.extend(&parts.extents);
    let columns = extents[extents.len() - 1];
    let (outer, rows) = extents[..extents.len() - 1].split_at(extents.len() - 1 - parts.row_axes);
    let [outer, rows] = [outer, rows].map(|axes| axes.iter().product::<usize>());
    // A row without columns still has its per-row values: they stand in a column of their own.
    let width = columns.max(1);
    let read = |lay: &Lay, inputs: &[Vec<f64>], k: usize, i: usize| {
        let at = position(&extents, width, &lay.strides, i);
        inputs[k].get(lay.offset.wrapping_add_signed(at)).copied()
    };
    let mut values: Vec<Vec<f64>> = Vec::new();
    for node in &parts.nodes {
        let value = |i: usize| match *node {
            Node::Input(k) => read(&parts.inputs[k].lay, inputs, k, i).unwrap_or(0.0),
            Node::Gather(k, index) => {
                let along = parts.inputs[k].role.along().expect("a table");
                let lay = &parts.inputs[k].lay;
                let start = position(&extents, width, &lay.strides, i);
                let step = read(&parts.inputs[index].lay, inputs, index, i).unwrap_or(0.0) as isize;
                let at = lay.offset.wrapping_add_signed(start + step * along.stride);
                inputs[k].get(at).copied().unwrap_or(0.0)
            }
            Node::IsAt(index, n) => {
                let lay = &parts.numbers[n];
                let at = position(&extents, width, &lay.strides, i);
                let number = lay.offset.wrapping_add_signed(at) as f64;
                let said = read(&parts.inputs[index].lay, inputs, index, i);
                f64::from(said.unwrap_or(0.0) == number)
            }
            Node::Product(p) => {
                let (row, column, first) = (i / width, i % width, parts.inputs.len() + 2 * p);
                if column >= columns {
                    return 0.0;
                }
                let factors = [&inputs[first][..], &inputs[first + 1][..]];
                parts.products[p].meaning(factors, (row, column), columns)
            }
            Node::Constant(x) => x.to_f64(),
            Node::Unary(f, x) => unary(f, values[x.index()][i]),
            Node::Binary(f, a, b) => binary(f, values[a.index()][i], values[b.index()][i]),
            Node::Select(c, a, b) => {
                values[if values[c.index()][i] != 0.0 { a } else { b }.index()][i]
            }
            Node::ReduceLast(f, x) => {
                let row = i / width * width;
                reduce(f, values[x.index()][row..row + columns].iter().copied())
            }
            Node::ReduceRows(f, x) => {
                let (round, column) = (i / width / rows, i % width);
                let at = |row: usize| values[x.index()][(round * rows + row) * width + column];
                reduce(f, (0..rows).map(at))
            }
        };
        let value = (0..outer * rows * width).map(value).collect();
        values.push(value);
    }
    let largest = values
        .iter()
        .flatten()
        .filter(|x| x.is_finite())
        .fold(0.0, |largest: f64, x| largest.max(x.abs()));
    let output = |output: &crate::fused::builder::Output| {
        let x = &values[output.value.index()];
        let columns = if output.per_row { 1 } else { columns };
        let at = |round: usize, row: usize, column: usize| x[(round * rows + row) * width + column];
        if output.per_column {
            // Of no rows, nothing but a reduction has a value.
            let Node::ReduceRows(f, _) = parts.nodes[output.value.index()] else {
                return (0..outer * columns).map(|i| at(i / columns, 0, i % columns)).collect();
            };
            let value = |i: usize| match rows {
                0 => reduce(f, std::iter::empty()),
                _ => at(i / columns, 0, i % columns),
            };
            return (0..outer * columns).map(value).collect();
        }
        match output.reduce {
            None => (0..outer * rows * columns)
                .map(|i| at(0, i / columns, i % columns))
                .collect::<Vec<f64>>(),
            Some(f) => (0..outer * columns)
                .map(|i| reduce(f, (0..rows).map(|row| at(i / columns, row, i % columns))))
                .collect(),
        }
    };
    (parts.outputs.iter().map(output).collect(), largest)
}

/// The element of an input at position `i` of the extents with the last one `width`.
fn position(extents: &[usize], width: usize, strides: &[isize], i: usize) -> isize {
    let (mut rest, mut at) = (i, 0);
    let padding = extents.len() - strides.len();
    for axis in (0..extents.len()).rev() {
        let extent = if axis + 1 == extents.len() { width } else { extents[axis] };
        if axis >= padding {
            at += (rest % extent) as isize * strides[axis - padding];
        }
        rest /= extent;
    }
    at
}

fn reduce(f: Reduce, numbers: impl Iterator<Item = f64>) -> f64 {
    match f {
        Reduce::Sum => numbers.sum(),
        Reduce::Prod => numbers.product(),
        Reduce::Max => numbers.fold(f64::NEG_INFINITY, maximum),
        Reduce::Min => numbers.fold(f64::INFINITY, |a, b| -maximum(-a, -b)),
    }
}

fn unary(f: Unary, x: f64) -> f64 {
    match f {
        Unary::Neg => -x,
        Unary::Abs => x.abs(),
        Unary::Square => x * x,
        Unary::Relu => maximum(x, 0.0),
        _ => unreachable!("not an exact operation"),
    }
}

fn binary(f: Binary, a: f64, b: f64) -> f64 {
    match f {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Max => maximum(a, b),
        Binary::Min => -maximum(-a, -b),
        Binary::Lt => f64::from(a < b),
        Binary::Eq => f64::from(a == b),
        _ => unreachable!("not an exact operation"),
    }
}

fn maximum(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}
