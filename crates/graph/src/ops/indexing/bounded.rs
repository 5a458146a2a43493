//! Indices that are known to lie between others, which come from data as they do.

use super::super::registry::{Example, Sample};
use crate::error::{exactly, expect_kind};
use crate::{
    Args, Batch, BoundWords, Cotangents, Fault, Kind, Operation, Out, RunResult, Scalar, Type, Var,
};

/// The indices themselves, each of which must be no less than a least and no more than a largest one; both broadcast to
/// their shape. No derivative.
///
/// Recorded by [`Var::bounded`](crate::Var::bounded).
#[derive(Clone, Debug, PartialEq)]
pub struct Bounded {
    /// For which operation it speaks.
    pub name: &'static str,
    /// What an index is called, and the rule that it keeps.
    pub words: BoundWords,
}

impl<'g> Var<'g> {
    /// These indices, each of which must be no less than the first bound and no more than the second, indices that
    /// broadcast to their shape; in their shape.
    ///
    /// The first that is not ends the run with [`RunError::OutOfBounds`](crate::RunError::OutOfBounds), in the name of
    /// `operation` and in these words, at the line that asked for it: so are checked numbers that come from data and belong
    /// to each other, as lengths and offsets do. Indices that point into an axis are checked by [`within`](Self::within),
    /// which a compiler knows.
    ///
    /// For an example see [`BoundWords`](crate::BoundWords).
    ///
    /// # Panics
    /// If these or the bounds are not indices, or the bounds do not broadcast to their shape.
    #[track_caller]
    pub fn bounded(
        self,
        [least, most]: [Var<'g>; 2],
        operation: &'static str,
        words: BoundWords,
    ) -> Var<'g> {
        self.graph().apply(Bounded { name: operation, words }, &[self, least, most])
    }
}

impl Operation for Bounded {
    fn name(&self) -> &'static str {
        self.name
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [index, least, most] = exactly(inputs)?;
        expect_kind("the argument", index.kind, Kind::Index)?;
        for bound in [least, most] {
            expect_kind("a bound", bound.kind, Kind::Index)?;
            if !bound.shape.broadcasts_to(&index.shape) {
                return Err("the bounds must broadcast to the shape of the indices".to_owned());
            }
        }
        Ok(index.clone())
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let index = args.index(0);
        let [least, most] = [args.index(1), args.index(2)];
        let [least, most] = [&least, &most]
            .map(|bound| bound.broadcast(index.raw_dim()).expect("the shape rule checked it"));
        for (((place, &value), &least), &most) in index.indexed_iter().zip(&least).zip(&most) {
            if value < least || value > most {
                let position = ndarray::Dimension::slice(&place).into();
                let words = self.words;
                return Err(Fault::OutOfBounds { value, position, bounds: [least, most], words });
            }
        }
        out.index().assign(&index);
        Ok(())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        let rank = batch.ty(0).shape.rank();
        let bound =
            |i: usize| if batch.is_sampled(i) { batch.padded(i, rank) } else { batch.given(i) };
        // Of indices that are the same for all samples, too, each may have bounds of its own.
        let index = batch.each(0);
        Some(index.graph().apply(self.clone(), &[index, bound(1), bound(2)]))
    }
}

pub(super) fn examples() -> Vec<Example> {
    let samples =
        [Sample::real([4, 3], -2.0..2.0), Sample::index([2, 2], 4), Sample::index([2], 1)];
    vec![Example::new("bounded", samples, |g, x| {
        let words = BoundWords { one: "row", rule: "rows stand in a table" };
        let most = g.constant(ndarray::arr0(3_i64));
        x[0].square().take(0, x[1].bounded([x[2], most], "bounded", words))
    })]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Graph, RunError};
    use ndarray::array;

    const WORDS: BoundWords = BoundWords { one: "length", rule: "as long as its row, or less" };

    #[test]
    fn what_lies_within_its_bounds_is_as_it_was() {
        let g = Graph::new();
        let bounds = [array![0_i64, 2], array![3_i64, 2]].map(|bound| g.constant(bound));
        let index = g.constant(array![[0_i64, 2], [3, 2]]);
        let expected = array![[0.0, 2.0], [3.0, 2.0]].into_dyn();
        assert_eq!(index.bounded(bounds, "rows", WORDS).eval().unwrap(), expected);
    }

    #[test]
    fn the_first_that_does_not_is_told_with_its_bounds_and_its_line() {
        let g = Graph::new();
        let bounds = [array![0_i64, 0], array![3_i64, 5]].map(|bound| g.constant(bound));
        for (found, position, most) in [(4, 0, 3), (-1, 1, 5)] {
            let mut index = array![[0_i64, 1], [2, 2]];
            index[[1, position]] = found;
            let line = line!() + 1;
            let index = g.constant(index).bounded(bounds, "rows", WORDS);
            let error = index.to_real().eval().unwrap_err();
            assert!(matches!(error, RunError::OutOfBounds { value, .. } if value == found));
            let rule = format!(
                "rows: length {found} at position [1, {position}] must be in 0..={most}: as long as its row, or less\n  at {}:{line}:",
                file!()
            );
            assert!(error.to_string().starts_with(&rule), "{error}");
        }
    }

    #[test]
    fn each_sample_has_bounds_of_its_own() {
        let g = Graph::new();
        let zero = g.constant(ndarray::arr0(0_i64));
        let (one, of_each) = (g.constant(array![2_i64, 1]), g.constant(array![2_i64, 1]));
        // The same indices for all samples, below a bound for each; indices for each, below one bound for all.
        fn below<'g>(x: Var<'g>, bounds: [Var<'g>; 2]) -> Vec<Var<'g>> {
            vec![x.bounded(bounds, "rows", WORDS).to_real()]
        }
        let told = |mapped: Vec<Var<'_>>| mapped[0].eval().unwrap_err().to_string();
        let by_bound = told(g.vmap(&[(of_each, 0)], |most| below(one, [zero, most[0]])));
        assert!(
            by_bound.starts_with("rows: length 2 at position [1, 0] must be in 0..=1"),
            "{by_bound}"
        );
        let by_index = told(
            g.vmap(&[(of_each, 0)], |x| below(x[0], [zero, g.constant(ndarray::arr0(1_i64))])),
        );
        assert!(
            by_index.starts_with("rows: length 2 at position [0] must be in 0..=1"),
            "{by_index}"
        );
    }
}
