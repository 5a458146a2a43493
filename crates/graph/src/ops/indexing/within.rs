//! Indices that are known to be less than an extent. Who reads by index in somebody's name records the operation; compilers
//! do in place of one that reads by index, for which it speaks where an index is out of range.

use super::super::registry::{Example, Sample};
use super::check;
use crate::error::{exactly, expect_kind};
use crate::{
    Args, Batch, Cotangents, Fault, IndexWords, Kind, Lowering, Operation, Out, RunResult, Scalar,
    Type, Var,
};

/// The indices themselves, each of which must be less than an extent, or so many positions from each on. No derivative.
///
/// Recorded by [`Var::within`](crate::Var::within) and [`Var::starts_within`](crate::Var::starts_within).
#[derive(Clone)]
pub struct Within {
    /// For which operation it speaks.
    pub name: &'static str,
    /// What each index must be less than, and each of the positions that follow.
    pub extent: usize,
    /// How many positions there are from an index on: 1, but for the starts of slices.
    pub size: usize,
    /// What an index is called, and what it is one of.
    pub words: IndexWords,
}

/// The indices, which must be less than an extent; an operation of this name says so, if nobody has already.
pub(super) fn checked<'g>(name: &'static str, extent: usize, index: Var<'g>) -> Var<'g> {
    if is_checked(index, extent) {
        return index;
    }
    index.graph().apply(Within { name, extent, size: 1, words: IndexWords::default() }, &[index])
}

/// Whether indices are some of those that were found to be less than an extent.
fn is_checked(index: Var<'_>, extent: usize) -> bool {
    let (mut at, graph) = (index.id(), index.graph());
    loop {
        match graph.node(at, |node| node.op.lower()) {
            Lowering::Within(least) => return least <= extent,
            Lowering::Reshape | Lowering::Broadcast | Lowering::Permute(_) | Lowering::View(_) => {
                at = graph.node_inputs(at)[0];
            }
            _ => return false,
        }
    }
}

impl<'g> Var<'g> {
    /// These indices, each of which must be from 0 to `extent` − 1; in their shape.
    ///
    /// One that is not ends the run with [`RunError::IndexOutOfRange`](crate::RunError::IndexOutOfRange), in the name of
    /// `operation` and in these words, at the line that asked for it. A layer or a loss that finds elements by index says so
    /// of what it is given: the `gather` or `take` within it is not what its user called.
    ///
    /// For an example see [`IndexWords`](crate::IndexWords).
    ///
    /// # Panics
    /// If these are not indices.
    #[track_caller]
    pub fn within(self, extent: usize, operation: &'static str, words: IndexWords) -> Var<'g> {
        self.graph().apply(Within { name: operation, extent, size: 1, words }, &[self])
    }

    /// These indices, from each of which on `size` positions must be from 0 to `extent` − 1; in their shape, and as they are if
    /// it was asked for before. As [`within`](Self::within), of the starts of slices.
    ///
    /// ```
    /// use cotangent::{Graph, IndexWords};
    /// use cotangent::ndarray::arr0;
    ///
    /// let g = Graph::new();
    /// let words = IndexWords { one: "step", many: "steps" };
    /// let start = g.constant(arr0(7)).starts_within(4, 10, "window", words);
    /// let told = start.to_real().eval().unwrap_err().to_string();
    /// assert!(told.starts_with("window: step 7, with the 3 that follow, is outside 0..10, the number of steps"), "{told}");
    /// ```
    ///
    /// # Panics
    /// If these are not indices.
    #[track_caller]
    pub fn starts_within(
        self,
        size: usize,
        extent: usize,
        operation: &'static str,
        words: IndexWords,
    ) -> Var<'g> {
        let within = Within { name: operation, extent, size, words };
        if is_checked(self, within.starts()) {
            return self;
        }
        self.graph().apply(within, &[self])
    }
}

/// Of two operations that read by the same indices, the first speaks for both.
impl PartialEq for Within {
    fn eq(&self, other: &Self) -> bool {
        self.starts() == other.starts()
    }
}

/// Without the name: what is equal prints alike.
impl std::fmt::Debug for Within {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Within").field("extent", &self.starts()).finish()
    }
}

impl Within {
    /// How many indices there are from which on all positions are within the extent.
    fn starts(&self) -> usize {
        self.extent.saturating_add(1).saturating_sub(self.size)
    }

    /// The fault, in the words of this operation.
    fn told(&self, fault: Fault) -> Fault {
        match fault {
            Fault::IndexOutOfRange { index, position, .. } => {
                let Self { extent, size, words, .. } = *self;
                Fault::IndexOutOfRange { index, position, extent, size, words }
            }
            fault => fault,
        }
    }
}

impl Operation for Within {
    fn name(&self) -> &'static str {
        self.name
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [index] = exactly(inputs)?;
        expect_kind("the argument", index.kind, Kind::Index)?;
        Ok(index.clone())
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let (index, starts) = (args.index(0), self.starts());
        let within = |&i: &i64| (i as u64) < starts as u64;
        if !index.iter().all(within) {
            for (place, &i) in index.indexed_iter() {
                let position = || ndarray::Dimension::slice(&place).to_vec();
                check(i, starts, position).map_err(|fault| self.told(fault))?;
            }
        }
        out.index().assign(&index);
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::Within(self.starts())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

pub(super) fn examples() -> Vec<Example> {
    let samples = [Sample::real([4, 3], -2.0..2.0), Sample::index([2, 2], 4)];
    vec![Example::new("within", samples, |_, x| {
        let words = IndexWords { one: "row", many: "rows" };
        x[0].square().take(0, x[1].within(4, "within", words))
    })]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Graph, RunError};
    use ndarray::array;

    #[test]
    fn indices_that_were_checked_are_not_checked_again() {
        let g = Graph::new();
        let words = IndexWords { one: "label", many: "classes" };
        let labels = g.index_input("labels", [3]).within(5, "loss", words).unsqueeze(1);
        assert_eq!(checked("gather", 5, labels).id(), labels.id());
        assert_eq!(checked("gather", 6, labels).id(), labels.id());
        assert_ne!(checked("gather", 4, labels).id(), labels.id());
    }

    #[test]
    fn a_slice_that_ends_outside_is_told_with_its_size() {
        let g = Graph::new();
        let words = IndexWords { one: "step", many: "steps" };
        let told = |starts, size| {
            let starts: ndarray::Array1<i64> = starts;
            let starts = g.constant(starts).starts_within(size, 10, "window", words);
            starts.to_real().eval().map_err(|error| error.to_string())
        };
        assert!(told(array![0, 6, 3], 4).is_ok());
        let rule = "window: step 7 at position [1], with the 3 that follow, is outside 0..10, the number of steps; begin earlier, \
                    take fewer than 4 from there on, or let there be at least 11 steps\n  at ";
        let error = told(array![0, 7], 4).unwrap_err();
        assert!(error.starts_with(rule), "{error}");
        let rule = "window: step -1 at position [0], with the 3 that follow, is outside 0..10, the number of steps; a step counts \
                    from 0, and none is negative";
        let error = told(array![-1], 4).unwrap_err();
        assert!(error.starts_with(rule), "{error}");
        assert!(told(array![0], 11).is_err(), "a longer slice begins nowhere");
        // A slice of all begins at 0, and one of nothing anywhere, the end included.
        assert!(told(array![0], 10).is_ok() && told(array![1], 10).is_err());
        assert!(told(array![10], 0).is_ok() && told(array![11], 0).is_err());
        let start = g.index_input("start", []).starts_within(4, 10, "window", words);
        assert_eq!(start.starts_within(4, 10, "another", words).id(), start.id());
        assert_ne!(start.starts_within(5, 10, "another", words).id(), start.id());
    }

    #[test]
    fn an_index_outside_is_told_in_the_words_of_who_asked() {
        let g = Graph::new();
        let words = IndexWords { one: "row", many: "rows" };
        let rows = g.constant(array![[0_i64, 7]]).within(5, "table", words);
        let error = rows.to_real().eval().unwrap_err();
        assert!(matches!(error, RunError::IndexOutOfRange { index: 7, extent: 5, .. }));
        let rule = "table: row 7 at position [0, 1] is outside 0..5, the number of rows; a row counts from 0: subtract 1 from \
                    those that count from 1, or let there be at least 8 rows\n  at ";
        assert!(error.to_string().starts_with(rule), "{error}");
    }
}
