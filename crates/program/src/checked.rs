//! Where a number that is not finite arose.

use std::ops::Range;
use std::panic::Location;

use crate::engine::Run;
use crate::execute::Seen;
use crate::in_place::Lent;
use crate::instruction::{Action, Base, FusedInput, Instruction, Memory, Written};
use crate::look::Look;
use crate::{Feed, Precision, Program};
use graph::RunError;
use graph::Seed;
use graph::reading::Extent;
use graph::{Params, Place};
use smallvec::SmallVec;

impl<T: Precision> Program<T> {
    /// As [`run`](Self::run), but looks at every value on the way, and stops at the first that is
    /// infinite or NaN. [`run`](Self::run) pays nothing for it.
    ///
    /// Elementwise operations that run in one loop are looked at together. Of a loop over steps, the error names the step, too.
    ///
    /// ```
    /// use cotangent::{Graph, Params, Seed};
    /// use cotangent::Program;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let x = g.input("x", [2]);
    /// let y = x.ln().sum();
    /// let params = Params::seeded(0);
    /// let mut program = Program::compile(&[y], &params);
    /// let x = array![1.0_f32, -1.0];
    /// let error = program.run_checked(&params, &[(&x).into()], Seed::default()).unwrap_err();
    /// assert!(error.to_string().starts_with("ln → sum answered NaN in the forward pass"));
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run), and [`RunError::Arose`] at the first value that is not finite, with the
    /// operations, their line, and the ranges of what they read.
    pub fn run_checked(
        &mut self,
        params: &Params<T>,
        inputs: &[Feed<'_, T>],
        seed: Seed,
    ) -> Result<(), RunError> {
        T::run(self, params, inputs, Run::Checked(seed))
    }

    /// Runs all instructions, and looks at every value.
    pub(crate) fn execute_checked(
        &mut self,
        params: &Params<T>,
        seed: Seed,
        lent: &mut [Lent<'_, T>],
    ) -> Result<(), RunError> {
        let mut watch = Watch::on(&self.instructions);
        self.execute_seen(params.values(), seed, lent, &mut watch)
    }
}

/// What an instruction reads and writes.
pub(crate) struct Effects {
    reads: Vec<Memory>,
    pub writes: Vec<Written>,
    operations: String,
    pass: &'static str,
    location: &'static Location<'static>,
}

impl Effects {
    pub fn of<T>(instruction: &Instruction<T>) -> Self {
        let (reads, writes) = match &instruction.action {
            Action::Fused { inputs, slots, outputs, .. } => {
                let read = |input: &FusedInput| match input {
                    FusedInput::Memory(memory) => memory.clone(),
                    FusedInput::Output(slot) => slots[*slot].clone(),
                };
                (inputs.iter().map(read).collect(), outputs.clone())
            }
            Action::Contract(product) => {
                let read = |input: &FusedInput| match input {
                    FusedInput::Memory(memory) => memory.clone(),
                    FusedInput::Output(_) => product.output.memory.clone(),
                };
                (product.factors.iter().map(read).collect(), vec![product.output.clone()])
            }
            Action::Zero(_) | Action::Pack { .. } => (Vec::new(), Vec::new()),
            Action::Scatter { base, reads, to, .. } => {
                let of_base = match base {
                    Base::Number(_) => None,
                    Base::Own => Some(to.clone()),
                    Base::Copy(_, from) => Some(from.clone()),
                };
                let written = Written { memory: to.clone(), part: None };
                (of_base.into_iter().chain(reads.clone()).collect(), vec![written])
            }
            Action::Overlay { parts, to } => {
                let reads = parts.iter().map(|(_, from)| from.clone());
                (reads.collect(), vec![Written { memory: to.clone(), part: None }])
            }
            Action::Position { from, .. } => (vec![from.clone()], Vec::new()),
            Action::Loop(looped) => {
                let starts = looped.carries.iter().map(|carry| &carry.start.memory);
                let reads = starts.chain(looped.body.reads.iter().map(|read| &read.memory));
                let written = Written { memory: Memory::Real(looped.written.clone()), part: None };
                (reads.cloned().collect(), vec![written])
            }
            Action::Repeated(repeated) => {
                let starts = repeated.carries.iter().map(|carry| &carry.start.memory);
                let reads = starts.chain(repeated.body.reads.iter().map(|read| &read.memory));
                let memory = Memory::Real(repeated.written.clone());
                (reads.cloned().collect(), vec![Written { memory, part: None }])
            }
            Action::Chosen(chosen) => {
                let reads = chosen.yes.reads.iter().map(|read| read.memory.clone());
                let memory = Memory::Real(chosen.written.clone());
                (reads.collect(), vec![Written { memory, part: None }])
            }
            Action::Plain { inputs, output, .. } => {
                let written = match output {
                    Memory::Real(_) => vec![Written { memory: output.clone(), part: None }],
                    _ => Vec::new(),
                };
                (inputs.iter().map(|operand| operand.memory.clone()).collect(), written)
            }
        };
        let cost = &instruction.cost;
        Self {
            reads,
            writes,
            operations: cost.operations.join(" → "),
            pass: if cost.backward { "backward" } else { "forward" },
            location: instruction.location,
        }
    }
}

/// What looks at every value that instructions write.
struct Watch {
    steps: Vec<Effects>,
    /// The extents of what was written, where nothing was written since: it may be overwritten by its reader.
    known: Vec<(Range<usize>, Extent)>,
    /// Likewise in the bodies of each instruction.
    bodies: Vec<SmallVec<[Watch; 2]>>,
}

impl Watch {
    fn on<T>(instructions: &[Instruction<T>]) -> Self {
        let within = |instruction: &Instruction<T>| {
            let bodies = instruction.action.bodies().into_iter();
            bodies.map(|(_, body)| Self::on(&body.instructions)).collect()
        };
        Self {
            steps: instructions.iter().map(Effects::of).collect(),
            known: Vec::new(),
            bodies: instructions.iter().map(within).collect(),
        }
    }

    fn extent<T: Precision>(&self, memory: &Memory, seen: Seen<'_, T>) -> Option<Extent> {
        let known = memory.real().and_then(|range| {
            let of_range = self.known.iter().find(|(known, _)| known == range);
            of_range.map(|(_, extent)| *extent)
        });
        known.or_else(|| seen.read(memory).map(Extent::of))
    }

    /// Notes what was written.
    fn note(&mut self, range: &Range<usize>, extent: Extent) {
        self.known.retain(|(known, _)| known.end <= range.start || range.end <= known.start);
        self.known.push((range.clone(), extent));
    }
}

impl<T: Precision> Look<T> for Watch {
    type Inside = Self;

    fn inside(&mut self, position: usize, body: usize) -> &mut Self {
        &mut self.bodies[position][body]
    }

    fn after(&mut self, position: usize, seen: Seen<'_, T>) -> Result<(), RunError> {
        let step = &self.steps[position];
        for written in &step.writes {
            let values = seen.read(&written.memory).expect("indices are always finite");
            let Some(value) = wild(values, written.part.as_ref()) else { continue };
            let read = step.reads.iter().filter_map(|memory| self.extent(memory, seen));
            return Err(RunError::Arose {
                operations: step.operations.clone(),
                value: value.to_f64(),
                pass: step.pass,
                inputs: read.map(|extent| extent.to_string()).collect::<Vec<_>>().join(", "),
                location: step.location,
            });
        }
        let written = step.writes.iter().filter_map(|written| written.memory.real().cloned());
        for range in written.collect::<Vec<_>>() {
            let extent = Extent::of(&seen.reals[range.clone()]);
            self.note(&range, extent);
        }
        Ok(())
    }
}

/// What is not finite of values, or of a part of them.
fn wild<T: Precision>(values: &[T], part: Option<&Place>) -> Option<T> {
    let mut all = values.iter();
    let found = match part {
        None => all.find(|value| !value.is_finite()),
        Some(place) => {
            place.numbers().map(|number| &values[number]).find(|value| !value.is_finite())
        }
    };
    found.copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use graph::{Graph, Var};
    use ndarray::array;

    fn arose(
        build: impl for<'g> Fn(Var<'g>) -> Vec<Var<'g>>,
    ) -> (String, &'static str, String, u32) {
        let g = Graph::new();
        let outputs = build(g.input("x", [2, 2]));
        let params = Params::seeded(0);
        let mut program = Program::compile(&outputs, &params);
        let x = array![[4.0_f32, 0.0], [1.0, 90.0]];
        let error = program.run_checked(&params, &[(&x).into()], Seed::default()).unwrap_err();
        let RunError::Arose { operations, pass, inputs, location, .. } = error else {
            panic!("{error}")
        };
        (operations, pass, inputs, location.line())
    }

    #[test]
    fn an_overflow_names_its_operation_line_and_inputs() {
        let line = line!() + 1;
        let (operations, pass, inputs, at) = arose(|x| vec![x.matmul(x).exp().cumsum(0)]);
        assert!(operations.contains("exp"), "{operations}");
        assert_eq!((pass, at), ("forward", line));
        assert!(inputs.contains("9e1"), "{inputs}");
    }

    #[test]
    fn what_arises_backward_says_so() {
        // The root of 0 is finite, and its derivative is not.
        let (_, pass, _, _) = arose(|x| vec![x.cumsum(0).sqrt().sum().grad(x)]);
        assert_eq!(pass, "backward");
    }

    #[test]
    fn what_is_told_of_an_array_of_parts_is_of_all_of_them() {
        let start = ndarray::arr0(0);
        let (_, _, inputs, _) = arose(|x| {
            let parts = [x, x * 3.5e36].map(|part| {
                let start = x.graph().constant(start.clone());
                part.dynamic_update_slice(0, start, x.slice_axis(0, 0..1) + 1.0)
            });
            vec![x.graph().stack(&parts, 0).cumprod(0)]
        });
        assert!(inputs.starts_with("[1e0, 3.15") && inputs.ends_with("e38]"), "{inputs}");
    }

    #[test]
    fn a_finite_run_is_like_any_other() {
        let g = Graph::new();
        let x = g.input("x", [2]);
        let params = Params::seeded(0);
        let mut program = Program::compile(&[x.exp()], &params);
        let x = array![0.0_f32, 1.0];
        program.run_checked(&params, &[(&x).into()], Seed::default()).unwrap();
        assert_eq!(program.output(0)[0], 1.0);
    }
}
