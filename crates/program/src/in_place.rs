//! Programs that compute in memory of their caller.

use std::mem;

use graph::{Kind, Params, RunError, Seed, Var};

use crate::compile::Lending;
use crate::instruction::Memory;
use crate::program::Input;
use crate::workspace::Workspace;
use crate::{Arithmetic, Precision, Program};

/// How many slices a program can be lent to write to, so that running it needs no heap.
pub(crate) const MAX_LENT: usize = 8;

/// Memory that a caller lends for a run.
///
/// It stands in the example of [`InPlace`].
#[derive(Debug)]
pub enum Lent<'a, T> {
    /// To be read.
    Read(&'a [T]),
    /// To be read, and written over.
    Written(&'a mut [T]),
}

/// Programs that read their inputs where the caller has them, and write results over them: what an update rule is. They
/// share the memory for what lies between.
///
/// ```
/// use cotangent::{Graph, InPlace, Lent};
///
/// let g = Graph::new();
/// let (w, dw) = (g.input("w", [3]), g.input("dw", [3]));
/// let rate = g.input("rate", []);
/// let mut programs = InPlace::<f32>::default();
/// let descent = programs.add(&[(w, Some(w - rate * dw)), (dw, None)], &[rate]);
///
/// let mut weights = [1.0, 2.0, 3.0];
/// let lent = &mut [Lent::Written(&mut weights), Lent::Read(&[2.0, 2.0, 4.0])];
/// programs.run(descent, &[0.5], lent)?;
/// assert_eq!(weights, [0.0, 1.0, 1.0]);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Debug)]
pub struct InPlace<T> {
    programs: Vec<Lender<T>>,
    /// The one that holds the workspace.
    current: usize,
}
#[derive(Clone, Debug)]
struct Lender<T> {
    program: Program<T>,
    /// For each output, the slice that it is written over.
    over: Vec<usize>,
}

impl<T> Default for InPlace<T> {
    fn default() -> Self {
        Self { programs: Vec::new(), current: 0 }
    }
}

impl<T: Precision> InPlace<T> {
    /// Compiles a program, and answers its position: each lent input with what is written over it, and then numbers. They are
    /// the inputs of one graph, in this order.
    ///
    /// # Panics
    /// If they are not, one is of indices, a result has another shape than what it is written over, nothing is written, or more
    /// than 8 are lent.
    #[track_caller]
    pub fn add(&mut self, lent: &[(Var<'_>, Option<Var<'_>>)], numbers: &[Var<'_>]) -> usize {
        assert!(
            lent.len() <= MAX_LENT,
            "{} inputs are lent, at most {MAX_LENT} can be",
            lent.len()
        );
        let results = || lent.iter().enumerate().filter_map(|(i, (x, y))| Some((i, x, (*y)?)));
        for (_, x, y) in results() {
            assert_eq!(x.ty(), y.ty(), "what is written over an input is of its type");
        }
        let mut given = lent.iter().map(|lent| lent.0).chain(numbers.iter().copied());
        assert!(
            given.all(|input| input.kind() != Kind::Index),
            "what is lent and the numbers are reals, not indices"
        );
        let outputs: Vec<Var<'_>> = results().map(|(_, _, result)| result).collect();
        let over: Vec<usize> = results().map(|(position, ..)| position).collect();
        let inputs = outputs.first().expect("something is written").graph().inputs();
        let given = lent.iter().map(|lent| lent.0).chain(numbers.iter().copied());
        let in_order = inputs.iter().map(|input| input.id()).eq(given.map(|input| input.id()));
        assert!(
            in_order,
            "what is lent and the numbers are all inputs of the graph, in their order"
        );
        let lending = Lending {
            inputs: lent.len(),
            outputs: over.iter().copied().map(Some).collect(),
            fixed: 0..0,
        };
        let params = Params::with_seed(0);
        let program = T::compile(&outputs, &params, Arithmetic::Reassociated, &lending);
        self.programs.push(Lender { program, over });
        // The first run, too, then asks for no memory.
        self.hold(self.programs.len() - 1);
        self.programs.len() - 1
    }

    /// Runs a program: `numbers` are rounded to the precision, once.
    ///
    /// # Errors
    /// If an operation is given what it has no value for. What is lent is then unspecified.
    ///
    /// # Panics
    /// If there are more or fewer numbers or slices than the program has, or slices of other lengths.
    pub fn run(
        &mut self,
        position: usize,
        numbers: &[f64],
        lent: &mut [Lent<'_, T>],
    ) -> Result<(), RunError> {
        self.hold(position);
        let Lender { program, over } = &mut self.programs[position];
        T::run_lent(program, over, numbers, lent)
    }

    /// Hands the workspace to a program, with the room that it needs.
    fn hold(&mut self, position: usize) {
        let from = &mut self.programs[self.current].program;
        let workspace = mem::replace(&mut from.workspace, Workspace::empty());
        self.current = position;
        let program = &mut self.programs[position].program;
        program.workspace = workspace;
        program.workspace.fit(program.needs);
    }

    /// The programs, to be explained.
    pub fn programs(&self) -> impl Iterator<Item = &Program<T>> {
        self.programs.iter().map(|lender| &lender.program)
    }
}

impl<T: Precision> Program<T> {
    /// Runs in memory of the caller; `over` says for each output which of it is written.
    pub(crate) fn perform_lent(
        &mut self,
        over: &[usize],
        numbers: &[f64],
        lent: &mut [Lent<'_, T>],
    ) -> Result<(), RunError> {
        let (slices, of_numbers) = self.inputs.split_at(lent.len());
        let fits = |(lent, input): (&Lent<'_, T>, &Input)| lent.len() == input.ty.shape.size();
        assert!(
            lent.iter().zip(slices).all(fits),
            "what is lent has as many numbers as was recorded"
        );
        assert_eq!(numbers.len(), of_numbers.len(), "as many numbers as were recorded");
        for (&number, input) in numbers.iter().zip(of_numbers) {
            if let Some(Memory::Real(range)) = &input.memory {
                self.workspace.reals[range.clone()].fill(T::from_f64(number));
            }
        }
        self.execute(&[], Seed::default(), lent)?;
        // What could not be computed where it belongs is copied there.
        for (output, &position) in self.outputs.iter().zip(over) {
            if let Lent::Written(slice) = &mut lent[position]
                && !output.range.is_empty()
            {
                slice.copy_from_slice(&self.workspace.reals[output.range.clone()]);
            }
        }
        Ok(())
    }
}

impl<T> Lent<'_, T> {
    fn len(&self) -> usize {
        match self {
            Self::Read(slice) => slice.len(),
            Self::Written(slice) => slice.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use graph::Graph;

    use super::*;
    use crate::instruction::{Action, Base};

    #[test]
    fn a_loop_writes_over_what_it_reads() {
        let g = Graph::new();
        let [w, dw, v] = ["w", "dw", "v"].map(|name| g.input(name, [4]));
        let rate = g.input("rate", []);
        let velocity = v * 0.5 + dw;
        let mut programs = InPlace::<f64>::default();
        let step = [(w, Some(w - rate * velocity)), (dw, None), (v, Some(velocity))];
        let step = programs.add(&step, &[rate]);
        let program = programs.programs().next().unwrap();
        assert_eq!(program.instructions().len(), 1);
        assert!(program.outputs.iter().all(|output| output.range.is_empty()));

        let (mut w, mut v) = ([1.0; 4], [2.0, 4.0, 6.0, 8.0]);
        let lent = &mut [Lent::Written(&mut w), Lent::Read(&[1.0; 4]), Lent::Written(&mut v)];
        programs.run(step, &[0.5], lent).unwrap();
        assert_eq!((w, v), ([0.0, -0.5, -1.0, -1.5], [2.0, 3.0, 4.0, 5.0]));
    }

    #[test]
    fn nothing_is_written_before_it_was_read_for_the_last_time() {
        let g = Graph::new();
        let [x, y] = ["x", "y"].map(|name| g.input(name, [3]));
        // Each is written over by a turn of the other, and x is read once more after a sum.
        let (over_x, over_y) = (y.flip(0), x.flip(0) + (x * y).sum() * x);
        let mut programs = InPlace::<f64>::default();
        let step = programs.add(&[(x, Some(over_x)), (y, Some(over_y))], &[]);
        let (mut x, mut y) = ([1.0, 2.0, 3.0], [1.0, 0.0, -1.0]);
        let lent = &mut [Lent::Written(&mut x), Lent::Written(&mut y)];
        programs.run(step, &[], lent).unwrap();
        assert_eq!((x, y), ([-1.0, 0.0, 1.0], [1.0, -2.0, -5.0]));
    }

    #[test]
    fn an_input_can_take_the_place_of_another() {
        let g = Graph::new();
        let [x, y] = ["x", "y"].map(|name| g.input(name, [2]));
        let mut programs = InPlace::<f32>::default();
        let swap = programs.add(&[(x, Some(y)), (y, Some(x))], &[]);
        let (mut x, mut y) = ([1.0, 2.0], [3.0, 4.0]);
        programs.run(swap, &[], &mut [Lent::Written(&mut x), Lent::Written(&mut y)]).unwrap();
        assert_eq!((x, y), ([3.0, 4.0], [1.0, 2.0]));
    }

    #[test]
    fn a_slice_of_a_cache_is_written_into_it_and_nothing_is_copied() {
        let g = Graph::new();
        let (cache, row) = (g.input("cache", [4, 2]), g.input("row", [1, 2]));
        let start = g.constant(ndarray::arr0(2));
        let updated = cache.dynamic_update_slice(0, start, row * 2.0);
        let mut programs = InPlace::<f64>::default();
        let step = programs.add(&[(cache, Some(updated)), (row, None)], &[]);
        let program = programs.programs().next().unwrap();
        let writes =
            program.instructions.iter().filter_map(|instruction| match &instruction.action {
                Action::Scatter { base, .. } => Some(matches!(base, Base::Own)),
                _ => None,
            });
        assert_eq!(writes.collect::<Vec<_>>(), [true]);
        let mut cache = [0.0, 1.0, 2.0, f64::NAN, 4.0, f64::NAN, 6.0, 7.0];
        let lent = &mut [Lent::Written(&mut cache), Lent::Read(&[10.0, 20.0])];
        programs.run(step, &[], lent).unwrap();
        assert!(cache[3].is_nan());
        cache[3] = 3.0;
        assert_eq!(cache, [0.0, 1.0, 2.0, 3.0, 20.0, 40.0, 6.0, 7.0]);
    }

    #[test]
    fn what_an_update_reads_of_its_cache_is_read_before() {
        let g = Graph::new();
        let cache = g.input("cache", [4]);
        // The slice that is written is read, and so is all of the cache, later.
        let start = g.constant(ndarray::arr0(1));
        let moved = cache.dynamic_update_slice(0, start, cache.slice_axis(0, 0..3));
        let updated = moved * cache.sum();
        let mut programs = InPlace::<f64>::default();
        let step = programs.add(&[(cache, Some(updated))], &[]);
        let mut cache = [1.0, 2.0, 3.0, 4.0];
        programs.run(step, &[], &mut [Lent::Written(&mut cache)]).unwrap();
        assert_eq!(cache, [10.0, 10.0, 20.0, 30.0]);
    }

    #[test]
    #[should_panic(expected = "are reals, not indices")]
    fn indices_are_not_lent() {
        let g = Graph::new();
        let (cache, start) = (g.input("cache", [4]), g.index_input("start", []));
        let updated = cache.dynamic_update_slice(0, start, g.full([1], 1.0));
        InPlace::<f32>::default().add(&[(cache, Some(updated))], &[start]);
    }

    #[test]
    #[should_panic(expected = "as many numbers as was recorded")]
    fn slices_of_other_lengths_are_refused() {
        let g = Graph::new();
        let x = g.input("x", [2]);
        let mut programs = InPlace::<f32>::default();
        let twice = programs.add(&[(x, Some(x * 2.0))], &[]);
        let _ = programs.run(twice, &[], &mut [Lent::Written(&mut [1.0; 3])]);
    }
}
