//! Arrays joined along an axis, and taken apart again.

use ndarray::{Axis, Slice};

use super::super::registry::{Example, Sample};
use crate::shape::resolve_axis;
use crate::{Args, Cotangents, Graph, Operation, Out, RunResult, Scalar, Type, Var, View, misfit};

/// Arrays one after the other along an axis. Cotangents: the parts of v.
#[derive(Clone, Debug, PartialEq)]
pub struct Concat {
    /// The axis; negative from the last.
    pub axis: isize,
}

impl Operation for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let first = inputs.first().ok_or("takes at least one array")?;
        let axis = resolve_axis(self.axis, first.shape.rank())?;
        let fits = |other: &Type| {
            other.kind == first.kind
                && other.shape.rank() == first.shape.rank()
                && other.shape.with(axis, 0) == first.shape.with(axis, 0)
        };
        if let Some(other) = inputs.iter().find(|other| !fits(other)) {
            return Err(format!("{first} and {other} differ elsewhere than along axis {axis}"));
        }
        let extents = inputs.iter().map(|input| input.shape[axis]);
        let extent = extents.fold(0, usize::saturating_add);
        Ok(Type { kind: first.kind, shape: first.shape.with(axis, extent) })
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let axis = resolve_axis(self.axis, v.rank()).expect("the shape rule checked the axis");
        let mut from = 0;
        let part = |input: &Var<'g>| {
            let to = from + input.shape()[axis] as isize;
            let part = v.slice_axis(axis as isize, from..to);
            from = to;
            Some(part)
        };
        inputs.iter().map(part).collect()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let mut from = 0;
        for i in 0..args.len() {
            let (shape, rank) = match args.view(i) {
                View::Real(x) => (x.shape(), x.ndim()),
                View::Index(x) => (x.shape(), x.ndim()),
            };
            let axis = resolve_axis(self.axis, rank).expect("the shape rule checked the axis");
            let to = from + shape[axis];
            let part = Slice::from(from..to);
            match out {
                Out::Real(out) => out.slice_axis_mut(Axis(axis), part).assign(&args.real(i)),
                Out::Index(out) => out.slice_axis_mut(Axis(axis), part).assign(&args.index(i)),
            }
            from = to;
        }
        Ok(())
    }
}

impl Graph {
    /// Arrays one after the other along an axis, along which alone their shapes may differ.
    ///
    /// # Panics
    /// If there is none, or the shapes differ elsewhere.
    #[track_caller]
    pub fn concat<'g>(&'g self, parts: &[Var<'g>], axis: isize) -> Var<'g> {
        self.apply(Concat { axis }, parts)
    }

    /// Arrays of one shape, one after the other along a new axis in front of `axis`.
    ///
    /// # Panics
    /// If there is none, or the shapes differ.
    #[track_caller]
    pub fn stack<'g>(&'g self, parts: &[Var<'g>], axis: isize) -> Var<'g> {
        let mut unsqueezed = Vec::with_capacity(parts.len());
        for part in parts {
            unsqueezed.push(part.unsqueeze(axis));
        }
        self.apply(Concat { axis }, &unsqueezed)
    }
}

impl<'g> Var<'g> {
    /// Parts of these extents along an axis, in order.
    ///
    /// # Panics
    /// Unless the extents add up to the axis.
    #[track_caller]
    pub fn split(self, extents: &[usize], axis: isize) -> Vec<Var<'g>> {
        let shape = self.shape();
        let resolved = match resolve_axis(axis, shape.rank()) {
            Ok(axis) => axis,
            Err(rule) => misfit("split", rule, &[self]),
        };
        let total = extents.iter().copied().fold(0, usize::saturating_add);
        if total != shape[resolved] {
            let rule = format!(
                "extents {extents:?} add up to {total}, and axis {resolved} has {}",
                shape[resolved]
            );
            misfit("split", rule, &[self]);
        }
        let mut parts = Vec::with_capacity(extents.len());
        let mut from = 0;
        for &extent in extents {
            let to = from + extent as isize;
            parts.push(self.slice_axis(axis, from..to));
            from = to;
        }
        parts
    }
}

pub(super) fn examples() -> Vec<Example> {
    let parts = || [Sample::real([2, 3], -2.0..2.0), Sample::real([2, 1], -2.0..2.0)];
    let same = || [Sample::real([2, 3], -2.0..2.0), Sample::real([2, 3], -2.0..2.0)];
    vec![
        Example::new("concat", parts(), |g, x| g.concat(&[x[0], x[1], x[0]], -1).square()),
        Example::new("concat", same(), |g, x| g.stack(&[x[0], x[1]], 1).square()),
        Example::new("concat", same(), |_, x| {
            let parts = x[0].split(&[1, 2], 1);
            parts[0] * parts[1] * x[1].split(&[1, 1], 0)[1].sum_over(1)
        }),
    ]
}

#[cfg(test)]
mod tests {
    use crate::Graph;

    #[test]
    #[should_panic(expected = "[2, 3] and [3, 3] differ elsewhere than along axis 1")]
    fn shapes_may_differ_along_the_axis_alone() {
        let g = Graph::new();
        g.concat(&[g.full([2, 3], 0.0), g.full([3, 3], 0.0)], 1);
    }
}
