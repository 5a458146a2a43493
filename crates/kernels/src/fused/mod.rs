//! Fused elementwise-and-reduction programs over slices (interface; simple implementation for now).
#![allow(missing_docs)]
mod builder;
use crate::{Arg, Isa, Pool, Scalar};
pub use builder::{FusedBuilder, Value};
use builder::{Node, Output};

#[derive(Clone, Copy, Debug)]
pub enum Source<'a, T> {
    Slice(&'a [T]),
    Output(usize),
}

#[derive(Clone, Debug)]
pub struct Fused<T> {
    extents: Vec<usize>,
    inputs: Vec<Vec<usize>>,
    nodes: Vec<Node<T>>,
    outputs: Vec<Output>,
}

impl<T: Scalar> Fused<T> {
    /// The longest row of which a `reduce_last` may be used again.
    pub const MAX_ROW: usize = 4096;

    fn new(b: FusedBuilder<T>) -> Self {
        let (mut extents, mut inputs, nodes, outputs) = b.parts();
        while extents.len() < 2 {
            extents.insert(0, 1);
            inputs.iter_mut().for_each(|s| s.insert(0, 0));
        }
        Fused { extents, inputs, nodes, outputs }
    }

    pub fn scratch_len(&self, _threads: usize) -> usize {
        0
    }

    pub fn run(
        &self,
        isa: Isa,
        _pool: &Pool,
        inputs: &[Source<'_, T>],
        outputs: &mut [&mut [T]],
        _scratch: &mut [T],
    ) {
        let (rows, columns) =
            (self.extents[self.extents.len() - 2], self.extents[self.extents.len() - 1]);
        let outer: usize = self.extents[..self.extents.len() - 2].iter().product();
        let whole = outer * rows * columns;
        let position = |k: usize, i: usize| {
            let (mut i, mut at) = (i, 0);
            for (axis, &e) in self.extents.iter().enumerate().rev() {
                at += i % e * self.inputs[k][axis];
                i /= e;
            }
            at
        };
        let mut values: Vec<Vec<T>> = Vec::new();
        for node in &self.nodes {
            let arg = |v: Value| Arg::Slice(&values[v.index()][..]);
            let mut out = vec![T::zero(); whole];
            match *node {
                Node::Input(k) => {
                    for (i, x) in out.iter_mut().enumerate() {
                        *x = match inputs[k] {
                            Source::Slice(s) => s[position(k, i)],
                            Source::Output(j) => outputs[j][position(k, i)],
                        }
                    }
                }
                Node::Constant(x) => out.fill(x),
                Node::Unary(f, x) => crate::unary(isa, f, arg(x), &mut out),
                Node::Binary(f, a, b) => crate::binary(isa, f, arg(a), arg(b), &mut out),
                Node::Select(c, a, b) => crate::select(isa, arg(c), arg(a), arg(b), &mut out),
                Node::ReduceLast(f, x) => {
                    for r in 0..outer * rows {
                        let at = r * columns..(r + 1) * columns;
                        let sum = crate::reduce(isa, f, &values[x.index()][at.clone()]);
                        out[at].fill(sum);
                    }
                }
            }
            values.push(out);
        }
        for (o, out) in self.outputs.iter().zip(outputs) {
            let x = &values[o.value.index()];
            let x: Vec<T> = if o.per_row {
                x.iter().copied().step_by(columns.max(1)).collect()
            } else {
                x.clone()
            };
            let width = if o.per_row { 1 } else { columns };
            match o.reduce {
                None => out.copy_from_slice(&x),
                Some(f) => {
                    for k in 0..outer {
                        crate::reduce_columns(
                            isa,
                            f,
                            &x[k * rows * width..],
                            rows,
                            width,
                            &mut out[k * width..(k + 1) * width],
                        );
                    }
                }
            }
        }
    }
}
