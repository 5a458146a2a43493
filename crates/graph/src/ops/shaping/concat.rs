//! Arrays joined along an axis, and taken apart again.

use super::super::registry::{Example, Sample};
use super::view::Embed;
use crate::shape::resolve_axis;
use crate::{Graph, Kind, Place, Type, Var, misfit};

/// The rule for arrays that are joined: the axis, counted from the first.
fn joint(types: &[Type], axis: isize) -> Result<usize, String> {
    let first = types.first().ok_or("takes at least one array")?;
    let axis = resolve_axis(axis, first.shape.rank())?;
    let fits = |other: &&Type| {
        other.kind == first.kind
            && other.shape.rank() == first.shape.rank()
            && other.shape.with(axis, 0) == first.shape.with(axis, 0)
    };
    match types.iter().find(|other| !fits(other)) {
        Some(other) => Err(format!("{first} and {other} differ elsewhere than along axis {axis}")),
        None => Ok(axis),
    }
}

impl Graph {
    /// Arrays one after the other along an axis, along which alone their shapes may differ.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let (a, b) = (g.constant(array![[1.0, 2.0]]), g.constant(array![[3.0]]));
    /// assert_eq!(g.concat(&[a, b], 1).eval()?, array![[1.0, 2.0, 3.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If there is none, or the shapes differ elsewhere.
    #[track_caller]
    pub fn concat<'g>(&'g self, parts: &[Var<'g>], axis: isize) -> Var<'g> {
        let types: Vec<Type> = parts.iter().map(|part| part.ty()).collect();
        let axis = match joint(&types, axis) {
            Ok(axis) => axis,
            Err(rule) => misfit("concat", rule, parts),
        };
        if types[0].kind == Kind::Boolean {
            let mut numbers = Vec::with_capacity(parts.len());
            for part in parts {
                numbers.push(part.to_real());
            }
            return self.concat(&numbers, axis as isize).ne(0.0);
        }
        let extents = types.iter().map(|ty| ty.shape[axis]);
        let shape = types[0].shape.with(axis, extents.fold(0, usize::saturating_add));
        if let Err(rule) = shape.check_size() {
            misfit("concat", rule, parts);
        }
        let mut from = 0;
        let place = |ty: &Type| {
            let place = Place::whole(&shape).along(axis, from, 1, ty.shape[axis]);
            from += ty.shape[axis];
            place
        };
        let places = types.iter().map(place).collect();
        self.apply(Embed { name: "concat", shape: shape.clone(), places }, parts)
    }

    /// Arrays of one shape, one after the other along a new axis in front of `axis`.
    ///
    /// # Panics
    /// If there is none, or the shapes differ.
    #[track_caller]
    pub fn stack<'g>(&'g self, parts: &[Var<'g>], axis: isize) -> Var<'g> {
        match parts {
            [] => misfit("stack", "takes at least one array", parts),
            [first, others @ ..] => {
                if let Some(other) = others.iter().find(|other| other.ty() != first.ty()) {
                    let (a, b) = (first.ty(), other.ty());
                    misfit(
                        "stack",
                        format!("all arrays must have one shape, and there are {a} and {b}"),
                        parts,
                    );
                }
            }
        }
        let mut unsqueezed = Vec::with_capacity(parts.len());
        for part in parts {
            unsqueezed.push(part.unsqueeze(axis));
        }
        self.concat(&unsqueezed, axis)
    }
}

impl<'g> Var<'g> {
    /// Parts of these extents along an axis, in order.
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// let parts = g.full([2, 5], 1.0).split(&[2, 3], 1);
    /// assert_eq!((parts[0].shape(), parts[1].shape()), ([2, 2].into(), [2, 3].into()));
    /// ```
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
    use ndarray::array;

    #[test]
    #[should_panic(expected = "[2, 3] and [3, 3] differ elsewhere than along axis 1")]
    fn shapes_may_differ_along_the_axis_alone() {
        let g = Graph::new();
        g.concat(&[g.full([2, 3], 0.0), g.full([3, 3], 0.0)], 1);
    }

    #[test]
    fn truth_values_and_indices_are_joined_too() {
        let g = Graph::new();
        let x = g.constant(array![1.0, -1.0]);
        let joined = g.concat(&[x.gt(0.0), x.lt(0.0)], 0);
        assert_eq!(joined.select(2.0, 3.0).eval().unwrap(), array![2.0, 3.0, 3.0, 2.0].into_dyn());
        let i = g.constant(array![1_i64, 0]);
        let taken = x.take(0, g.concat(&[i, i], 0));
        assert_eq!(taken.eval().unwrap(), array![-1.0, 1.0, -1.0, 1.0].into_dyn());
    }
}
