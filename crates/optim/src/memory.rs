//! What an optimizer remembers from step to step.

use graph::Shape;
use program::Scalar;

use crate::OptimError;
use crate::segments::{self, Run, Segment, Selected};
use crate::state::Ledger;

/// A buffer of state with a part for each parameter, such as Adam's mean of gradients.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    name: &'static str,
    shape: fn(&Shape) -> Shape,
    start: Start,
    saved: bool,
}

/// What a slot holds before the first step.
#[derive(Clone, Copy, Debug)]
enum Start {
    Value(f64),
    Weights,
}

impl Slot {
    /// A number for each number of the parameter, 0 before the first step.
    pub fn like_weights(name: &'static str) -> Self {
        Self::shaped(name, Shape::clone)
    }

    /// As many numbers as the shape has that is a function of the parameter's, 0 at first.
    pub fn shaped(name: &'static str, shape: fn(&Shape) -> Shape) -> Self {
        Self { name, shape, start: Start::Value(0.0), saved: true }
    }

    /// The slot, with this value in it before the first step.
    pub fn starting_at(self, value: f64) -> Self {
        Self { start: Start::Value(value), ..self }
    }

    /// A number for each number of the parameter, a copy of it before the first step.
    pub fn copy_of_weights(name: &'static str) -> Self {
        Self { start: Start::Weights, ..Self::like_weights(name) }
    }

    /// The slot, or an empty one in its place where it is not needed.
    pub fn only_if(self, needed: bool) -> Self {
        if needed { self } else { Self { shape: |_| Shape::from([0]), saved: false, ..self } }
    }

    /// The slot as space to compute in: what a step leaves there is of no use to the next.
    pub fn scratch(self) -> Self {
        Self { saved: false, ..self }
    }
}

/// The most slots that a rule or part can have.
pub const MAX_SLOTS: usize = 5;

/// The slots' contents, in the order of their declaration; empty where there are fewer.
///
/// A rule takes its own by name: `let [mean, square, ..] = state;`.
pub type Slots<'a, T> = [&'a mut [T]; MAX_SLOTS];

/// A single number that a rule or part remembers: its name in files and its first value.
pub type Number = (&'static str, f64);

/// Slots and numbers, laid out at the first step.
#[derive(Clone, Debug)]
pub(crate) struct Memory<T> {
    pub segments: Vec<Segment>,
    pub numbers: Vec<f64>,
    buffers: Vec<Buffer<T>>,
}

/// The memory of a run.
pub(crate) struct Piece<'a, T> {
    /// The shape of its first parameter.
    pub shape: &'a Shape,
    pub numbers: &'a mut [f64],
    pub slots: Slots<'a, T>,
}

#[derive(Clone, Debug)]
struct Buffer<T> {
    slot: Slot,
    /// Where each segment's part starts, and where the last ends.
    starts: Vec<usize>,
    values: Vec<T>,
}

impl<T: Scalar> Memory<T> {
    pub fn new(selected: Selected<'_, T>, slots: &[Slot], numbers: &[Number]) -> Self {
        let segments = segments::segments(selected);
        let weights = selected.params().trainable();
        let buffers = slots.iter().map(|&slot| Buffer::new(slot, &segments, weights)).collect();
        Self { segments, numbers: numbers.iter().map(|number| number.1).collect(), buffers }
    }

    /// Fails if the parameters are not those that the memory was laid out for.
    pub fn check(&self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        segments::check(&self.segments, selected)
    }

    /// Copies a slot that is like the weights to where the weights lie.
    pub fn read(&self, slot: usize, weights: &mut [T]) {
        let Buffer { starts, values, .. } = &self.buffers[slot];
        for (segment, &start) in self.segments.iter().zip(starts) {
            let size = segment.range.len();
            weights[segment.range.clone()].copy_from_slice(&values[start..start + size]);
        }
    }

    /// Transfers everything to or from a ledger: `slot/parameter` by `slot/parameter`.
    pub fn transfer(&mut self, numbers: &[Number], ledger: &mut Ledger<'_, T>) {
        for (number, (name, _)) in self.numbers.iter_mut().zip(numbers) {
            ledger.number(name, number);
        }
        for Buffer { slot, starts, values } in self.buffers.iter_mut().filter(|b| b.slot.saved) {
            for (i, segment) in self.segments.iter().enumerate() {
                let range = starts[i]..starts[i + 1];
                // Some slots are for some shapes only.
                if range.is_empty() && !segment.range.is_empty() {
                    continue;
                }
                let name = format!("{}/{}", slot.name, segment.path);
                ledger.tensor(&name, (slot.shape)(&segment.shape), &mut values[range]);
            }
        }
    }

    /// What belongs to a run.
    pub fn of(&mut self, run: &Run) -> Piece<'_, T> {
        let mut slots = Slots::default();
        for (slot, buffer) in slots.iter_mut().zip(&mut self.buffers) {
            let range = buffer.starts[run.segments.start]..buffer.starts[run.segments.end];
            *slot = &mut buffer.values[range];
        }
        Piece { shape: &self.segments[run.segments.start].shape, numbers: &mut self.numbers, slots }
    }
}

impl<T: Scalar> Buffer<T> {
    fn new(slot: Slot, segments: &[Segment], weights: &[T]) -> Self {
        let mut starts = vec![0];
        for segment in segments {
            starts.push(starts[starts.len() - 1] + (slot.shape)(&segment.shape).size());
        }
        let size = starts[segments.len()];
        let values = match slot.start {
            Start::Value(value) => vec![T::from_f64(value); size],
            Start::Weights => {
                segments.iter().flat_map(|s| &weights[s.range.clone()]).copied().collect()
            }
        };
        Self { slot, starts, values }
    }
}
