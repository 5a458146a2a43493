//! Parameters that stay as they are.

use super::id::unique;
use super::{Param, ParamId, Params, ParamsError, Pattern, Role};
use crate::Scalar;

impl<T: Scalar> Params<T> {
    /// Freezes every parameter and buffer whose path the pattern matches: from now on they stay as
    /// they are, until they are [unfrozen](Self::unfreeze).
    ///
    /// A training step computes no gradient with respect to a frozen parameter, nor what only
    /// such a gradient would need, and writes no running statistics into a frozen buffer. No
    /// optimizer moves a frozen parameter, be it by momentum or weight decay; what it remembers of
    /// it waits. Steps that were compiled before are compiled anew. [`set`](Self::set) and
    /// [`load`](Self::load) change frozen values like others.
    ///
    /// ```
    /// let mut params = cotangent::Params::seeded(0);
    /// let mut root = params.root();
    /// let encoder = root.child("encoder").parameter("weight", cotangent::ndarray::arr1(&[2.0]).into_dyn());
    /// let head = root.child("head").parameter("weight", cotangent::ndarray::arr1(&[3.0]).into_dyn());
    /// params.freeze("encoder.*")?;
    /// assert!(params.is_frozen(encoder.id()) && !params.is_frozen(head.id()));
    /// params.unfreeze("*")?;
    /// assert!(!params.is_frozen(encoder.id()));
    /// # Ok::<(), cotangent::ParamsError>(())
    /// ```
    ///
    /// # Errors
    /// If the pattern matches nothing: a misspelt path, most likely.
    pub fn freeze(&mut self, pattern: impl Into<Pattern>) -> Result<(), ParamsError> {
        self.mark(&pattern.into(), true)
    }

    /// Lets every parameter and buffer whose path the pattern matches change again: `"*"` for all.
    ///
    /// # Errors
    /// If the pattern matches nothing.
    pub fn unfreeze(&mut self, pattern: impl Into<Pattern>) -> Result<(), ParamsError> {
        self.mark(&pattern.into(), false)
    }

    /// Whether a parameter or buffer is frozen; one of another store is not.
    pub fn is_frozen(&self, id: ParamId) -> bool {
        self.entry(id).is_some() && self.frozen[id.index()]
    }

    /// The trainable parameters that are not frozen, in the order of building: those that a step
    /// computes gradients with respect to.
    pub fn unfrozen_entries(&self) -> impl Iterator<Item = &Param> {
        self.entries()
            .iter()
            .filter(|param| param.role() == Role::Trainable && !self.frozen[param.id().index()])
    }

    /// Freezes exactly these parameters and buffers, and unfreezes all others. Ids of another store
    /// are passed over.
    pub fn set_frozen(&mut self, ids: &[ParamId]) {
        let frozen = self.entries().iter().map(|param| ids.contains(&param.id())).collect();
        self.replace_frozen(frozen);
    }

    fn mark(&mut self, pattern: &Pattern, mark: bool) -> Result<(), ParamsError> {
        let mut frozen = self.frozen.clone();
        let mut matched = false;
        for param in self.entries().iter().filter(|param| pattern.matches(param.path())) {
            frozen[param.id().index()] = mark;
            matched = true;
        }
        if !matched {
            return Err(ParamsError::UnmatchedPattern {
                pattern: pattern.to_string(),
                known: Param::list(self.entries()),
            });
        }
        self.replace_frozen(frozen);
        Ok(())
    }

    fn replace_frozen(&mut self, frozen: Vec<bool>) {
        if self.frozen != frozen {
            self.frozen = frozen;
            self.structure = unique();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array, array};

    fn store() -> Params {
        let mut params = Params::seeded(0);
        for part in ["encoder", "head"] {
            let mut scope = params.root();
            let mut scope = scope.child(part);
            scope.parameter("weight", Array::zeros((2, 2)).into_dyn());
            scope.buffer("running", Array::zeros(2).into_dyn());
        }
        params
    }

    fn frozen(params: &Params) -> Vec<bool> {
        params.entries().iter().map(|param| params.is_frozen(param.id())).collect()
    }

    #[test]
    fn what_a_pattern_matches_is_frozen_and_back() {
        let mut params = store();
        params.freeze("encoder.*").unwrap();
        assert_eq!(frozen(&params), [true, true, false, false]);
        let unfrozen: Vec<_> = params.unfrozen_entries().map(Param::path).collect();
        assert_eq!(unfrozen, ["head.weight"]);
        assert_eq!(params.trainable_entries().count(), 2, "a frozen parameter keeps its role");
        params.unfreeze("*.weight").unwrap();
        assert_eq!(frozen(&params), [false, true, false, false]);
        let weights: Vec<_> = params.trainable_entries().map(Param::id).collect();
        params.set_frozen(&weights);
        assert_eq!(frozen(&params), [true, false, true, false]);
    }

    #[test]
    fn the_structure_changes_where_something_is_frozen_that_was_not() {
        let mut params = store();
        let before = params.structure();
        params.unfreeze("*").unwrap();
        assert_eq!(params.structure(), before);
        params.freeze("head.weight").unwrap();
        assert_ne!(params.structure(), before);
        let copy = params.clone();
        assert_eq!((copy.structure(), frozen(&copy)), (params.structure(), frozen(&params)));
        params.root().parameter("late", array![0.0].into_dyn());
        assert_eq!(frozen(&params), [false, false, true, false, false]);
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_told_what_there_is() {
        let mut params = store();
        let told = params.freeze("encodr.*").unwrap_err().to_string();
        assert_eq!(
            told,
            "no parameter matches \"encodr.*\"; there are \"encoder.weight\", \"encoder.running\", \
             \"head.weight\", \"head.running\""
        );
        assert!(params.unfreeze("").is_err());
    }
}
