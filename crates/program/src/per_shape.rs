//! What was compiled for inputs of each combination of shapes.

use std::mem;

use crate::workspace::Workspace;
use crate::{Feed, Precision, Program};
use graph::{Graph, Params, Type, Var};

/// How many programs are kept unless another limit is set.
pub(crate) const LIMIT: usize = 128;

/// Compiled programs by the types of their inputs, for parameters of one structure. They share one
/// workspace, which goes from one to the next; beyond a limit, what was not used for longest makes room.
#[derive(Clone, Debug)]
pub(crate) struct PerShape<P> {
    /// The [structure](Params::structure) of the store they were compiled for.
    structure: Option<u64>,
    entries: Vec<Entry<P>>,
    /// The entry that holds the workspace: the last that was asked for.
    current: usize,
    limit: usize,
    /// How often an entry was asked for.
    clock: u64,
}

#[derive(Clone, Debug)]
struct Entry<P> {
    types: Vec<Type>,
    compiled: P,
    /// The time of the clock when it was last asked for.
    used: u64,
}

impl<P> PerShape<P> {
    /// No program yet, and never more than `limit`, but at least one.
    pub fn with_limit(limit: usize) -> Self {
        Self { structure: None, entries: Vec::new(), current: 0, limit: limit.max(1), clock: 0 }
    }

    /// The position of the entry for these inputs, which is made if there is none. It holds the
    /// workspace then: what others have computed is gone. Parameters of another structure make all of
    /// them anew.
    pub fn position<T: Precision, E>(
        &mut self,
        params: &Params<T>,
        inputs: &[Feed<'_, T>],
        make: impl FnOnce(&[Type]) -> Result<P, E>,
    ) -> Result<usize, E>
    where
        P: AsMut<Program<T>>,
    {
        let stale = self.structure != Some(params.structure());
        let known = self.entries.iter().position(|entry| !stale && entry.takes(inputs));
        let position = match known {
            Some(known) => known,
            None => {
                let types = types_of(inputs);
                let compiled = make(&types)?;
                if stale {
                    let structure = Some(params.structure());
                    *self = Self { structure, ..Self::with_limit(self.limit) };
                }
                self.insert::<T>(Entry { types, compiled, used: 0 })
            }
        };
        self.hand_over::<T>(position);
        self.clock += 1;
        self.entries[position].used = self.clock;
        Ok(position)
    }

    fn insert<T>(&mut self, mut new: Entry<P>) -> usize
    where
        P: AsMut<Program<T>>,
    {
        if self.entries.len() < self.limit {
            self.entries.push(new);
            return self.entries.len() - 1;
        }
        let ages = self.entries.iter().enumerate().map(|(position, entry)| (entry.used, position));
        let (_, oldest) = ages.min().expect("the limit is at least 1");
        // If it is the one with the workspace, that stays where it was.
        let old: &mut Program<T> = self.entries[oldest].compiled.as_mut();
        mem::swap(&mut old.workspace, &mut new.compiled.as_mut().workspace);
        self.entries[oldest] = new;
        oldest
    }

    fn hand_over<T: Precision>(&mut self, position: usize)
    where
        P: AsMut<Program<T>>,
    {
        let from: &mut Program<T> = self.entries[self.current].compiled.as_mut();
        let workspace = mem::replace(&mut from.workspace, Workspace::empty());
        let to: &mut Program<T> = self.entries[position].compiled.as_mut();
        to.workspace = workspace;
        to.workspace.fit(to.needs);
        self.current = position;
    }

    pub fn get(&self, position: usize) -> &P {
        &self.entries[position].compiled
    }

    pub fn get_mut(&mut self, position: usize) -> &mut P {
        &mut self.entries[position].compiled
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }
}

impl<P> Entry<P> {
    /// Whether these inputs are of the types that it was compiled for.
    fn takes<T: Precision>(&self, inputs: &[Feed<'_, T>]) -> bool {
        self.types.iter().zip(inputs).all(|(ty, input)| input.fits(ty))
    }
}

/// The types of inputs, truth values being given as reals.
pub(crate) fn types_of<T: Precision>(inputs: &[Feed<'_, T>]) -> Vec<Type> {
    inputs.iter().map(Feed::ty).collect()
}

/// Inputs of these types for a closure to record on.
pub(crate) fn record_inputs<'g>(graph: &'g Graph, types: &[Type]) -> Vec<Var<'g>> {
    let input = |(i, ty): (usize, &Type)| graph.typed_input(&format!("input {i}"), ty.clone());
    types.iter().enumerate().map(input).collect()
}

/// As many inputs as the closure takes, which is as many as were given.
pub(crate) fn inputs_of<'g, const N: usize>(inputs: &[Var<'g>]) -> [Var<'g>; N] {
    std::array::from_fn(|i| inputs[i])
}

#[cfg(test)]
mod tests {
    use ndarray::Array1;

    use super::*;
    use crate::Arithmetic;
    use graph::{Params, Seed};

    /// Runs n ↦ Σᵢ 2·xᵢ for x = 1, 1, … of these lengths, and counts how often a program was compiled.
    fn compiled(limit: usize, lengths: &[usize]) -> (usize, PerShape<Program<f32>>) {
        let mut programs: PerShape<Program<f32>> = PerShape::with_limit(limit);
        let (params, mut count) = (Params::with_seed(0), 0);
        for &length in lengths {
            let x = Array1::<f32>::ones(length);
            let inputs = [(&x).into()];
            let make = |types: &[Type]| {
                count += 1;
                let graph = Graph::new();
                let x = record_inputs(&graph, types)[0];
                let y = (x * graph.constant(Array1::from_elem(length, 2.0))).sum();
                Ok::<_, ()>(Program::without_workspace(&[y], &params, Arithmetic::AsWritten))
            };
            let position = programs.position(&params, &inputs, make).unwrap();
            let program = programs.get_mut(position);
            program.run(&params, &inputs, Seed::default()).unwrap();
            assert_eq!(program.output(0)[[]], 2.0 * length as f32);
        }
        (count, programs)
    }

    #[test]
    fn programs_compute_in_one_workspace_as_large_as_the_largest_needs() {
        let (count, programs) = compiled(9, &[3, 50, 7, 3, 50, 7]);
        assert_eq!(count, 3);
        let sizes: Vec<usize> =
            programs.entries.iter().map(|entry| entry.compiled.workspace.reals.len()).collect();
        let largest = programs.entries.iter().map(|entry| entry.compiled.needs.reals).max();
        assert_eq!(sizes, [0, 0, largest.unwrap()]);
    }

    #[test]
    fn the_program_that_was_not_used_for_longest_makes_room() {
        // 1 is used again before 4 comes, and so 2 goes.
        assert_eq!(compiled(3, &[1, 2, 3, 1, 4, 1, 3, 4]).0, 4);
        assert_eq!(compiled(3, &[1, 2, 3, 1, 4, 2]).0, 5);
        assert_eq!(compiled(3, &[1, 2, 3, 1, 4, 2]).1.len(), 3);
        assert_eq!(compiled(1, &[1, 2, 2, 1]).0, 3);
        assert_eq!(compiled(0, &[1, 1]).0, 1);
    }
}
