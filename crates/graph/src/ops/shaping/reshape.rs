//! The same elements, in the same row-major order, under another shape.

use smallvec::smallvec;

use super::super::registry::{Example, shaped};
use crate::Lowering;
use crate::error::exactly;
use crate::shape::resolve_axis;
use crate::{
    Args, Batch, Cotangents, Operation, Out, RunResult, Scalar, Shape, Type, Var, View, misfit,
};

/// The elements in row-major order under another shape. Cotangent: v, reshaped back.
///
/// Recorded by [`Var::reshape`](crate::Var::reshape).
#[derive(Clone, Debug, PartialEq)]
pub struct Reshape {
    /// The new shape.
    pub shape: Shape,
}

impl Operation for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        let (from, to) = (x.shape.size(), self.shape.size());
        if from == to {
            Ok(Type { kind: x.kind, shape: self.shape.clone() })
        } else {
            Err(format!(
                "the number of elements must not change: {} has {from}, and {} has {to}",
                x.shape, self.shape
            ))
        }
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        smallvec![Some(v.reshape_to(inputs[0].shape()))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        match (args.view(0), out) {
            (View::Real(x), Out::Real(out)) => copy(x.iter(), out.iter_mut()),
            (View::Index(x), Out::Index(out)) => copy(x.iter(), out.iter_mut()),
            _ => unreachable!("the output has the kind of the input"),
        }
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::Reshape
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(Self { shape: self.shape.inserted(0, batch.samples()) }))
    }
}

fn copy<'a, E: Copy + 'a>(from: impl Iterator<Item = &'a E>, to: impl Iterator<Item = &'a mut E>) {
    for (to, from) in to.zip(from) {
        *to = *from;
    }
}

impl<'g> Var<'g> {
    /// The elements in row-major order under another shape, of which one extent may be −1: it is
    /// then what the others leave.
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// assert_eq!(g.full([2, 3, 4], 0.0).reshape([2, -1]).shape(), [2, 12].into());
    /// ```
    ///
    /// # Panics
    /// If the number of elements would change.
    #[track_caller]
    pub fn reshape(self, shape: impl AsRef<[isize]>) -> Var<'g> {
        let asked = shape.as_ref();
        let given = asked.iter().filter(|&&extent| extent >= 0).map(|&extent| extent as usize);
        let known = given.fold(1, usize::saturating_mul);
        let size = self.shape().size();
        let inferred = size.checked_div(known).unwrap_or(0);
        let unknown = asked.iter().filter(|&&extent| extent < 0).count();
        let fits = unknown == 0 || (unknown == 1 && inferred * known == size);
        if !fits || asked.iter().any(|&extent| extent < -1) {
            let rule = format!(
                "{size} elements do not fill shape {asked:?}: one extent may be -1, and stands for \
                 what the others leave"
            );
            misfit("reshape", rule, &[self]);
        }
        let extent = |&extent: &isize| if extent < 0 { inferred } else { extent as usize };
        self.reshape_to(asked.iter().map(extent).collect::<Shape>())
    }

    /// The elements in row-major order under another shape.
    ///
    /// # Panics
    /// If the number of elements would change.
    #[track_caller]
    pub fn reshape_to(self, shape: impl Into<Shape>) -> Var<'g> {
        self.graph().apply(Reshape { shape: shape.into() }, &[self])
    }

    /// A new axis of extent 1 in front of `axis`; −1 adds it at the end.
    ///
    /// From `[2, 3]`, axis 1 gives `[2, 1, 3]`.
    ///
    /// # Panics
    /// If the result would have no such axis.
    #[track_caller]
    pub fn unsqueeze(self, axis: isize) -> Var<'g> {
        let shape = self.shape();
        match resolve_axis(axis, shape.rank() + 1) {
            Ok(axis) => self.reshape_to(shape.inserted(axis, 1)),
            Err(rule) => misfit("unsqueeze", format!("{rule}, counting the new one"), &[self]),
        }
    }

    /// Without `axis`, whose extent must be 1.
    ///
    /// From `[2, 1, 3]`, axis 1 gives `[2, 3]`.
    ///
    /// # Panics
    /// If there is no such axis, or its extent is not 1.
    #[track_caller]
    pub fn squeeze(self, axis: isize) -> Var<'g> {
        let shape = self.shape();
        match resolve_axis(axis, shape.rank()) {
            Ok(axis) if shape[axis] == 1 => self.reshape_to(shape.reduced(&[axis], false)),
            Ok(axis) => {
                let rule = format!("axis {axis} has extent {}, not 1", shape[axis]);
                misfit("squeeze", rule, &[self])
            }
            Err(rule) => misfit("squeeze", rule, &[self]),
        }
    }

    /// All elements in row-major order, as a vector.
    #[track_caller]
    pub fn flatten(self) -> Var<'g> {
        self.reshape_to([self.shape().size()])
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        shaped("reshape", [2, 3, 2], |x| x.square().reshape([4, -1])),
        shaped("reshape", [2, 3], |x| x.square().unsqueeze(1).squeeze(1) * x),
    ]
}

#[cfg(test)]
mod tests {
    use crate::Graph;

    #[test]
    #[should_panic(expected = "6 elements do not fill shape [4, -1]")]
    fn what_does_not_divide_is_refused() {
        Graph::new().full([2, 3], 0.0).reshape([4, -1]);
    }

    #[test]
    #[should_panic(
        expected = "the number of elements must not change: [2, 3] has 6, and [5] has 5"
    )]
    fn the_size_must_not_change() {
        Graph::new().full([2, 3], 0.0).reshape([5]);
    }
}
