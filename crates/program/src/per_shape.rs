//! What was compiled for inputs of each combination of shapes.

use crate::{Feed, Scalar};
use graph::{Graph, Params, Type, Var};

/// Compiled programs by the types of their inputs, for parameters of one structure.
#[derive(Clone, Debug)]
pub(crate) struct PerShape<P, const N: usize> {
    /// The [structure](Params::structure) of the store they were compiled for.
    structure: Option<u64>,
    entries: Vec<([Type; N], P)>,
}

impl<P, const N: usize> PerShape<P, N> {
    pub fn new() -> Self {
        Self { structure: None, entries: Vec::new() }
    }

    /// The structure of the parameters that all entries are for.
    pub fn structure(&self) -> Option<u64> {
        self.structure
    }

    /// The position of the entry for these inputs, which is made if there is none. Parameters of
    /// another structure make all of them anew.
    pub fn position<T: Scalar, E>(
        &mut self,
        params: &Params<T>,
        inputs: &[Feed<'_, T>; N],
        make: impl FnOnce(&[Type; N]) -> Result<P, E>,
    ) -> Result<usize, E> {
        let types = inputs.each_ref().map(Feed::ty);
        let stale = self.structure != Some(params.structure());
        let known = self.entries.iter().position(|entry| entry.0 == types && !stale);
        if let Some(known) = known {
            return Ok(known);
        }
        let made = make(&types)?;
        if stale {
            self.entries.clear();
            self.structure = Some(params.structure());
        }
        self.entries.push((types, made));
        Ok(self.entries.len() - 1)
    }

    pub fn get(&self, position: usize) -> &P {
        &self.entries[position].1
    }

    pub fn get_mut(&mut self, position: usize) -> &mut P {
        &mut self.entries[position].1
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }
}

/// Inputs of these types for a closure to record on.
pub(crate) fn record_inputs<'g, const N: usize>(
    graph: &'g Graph,
    types: &[Type; N],
) -> [Var<'g>; N] {
    std::array::from_fn(|i| graph.typed_input(&format!("input {i}"), types[i].clone()))
}
