//! What an optimizer remembers from step to step.

use graph::{Scalar, Shape};

use crate::OptimError;
use crate::segments::{self, Run, Segment, Selected};

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

    /// The slot, with a copy of the parameters in it before the first step.
    pub fn starting_at_weights(self) -> Self {
        Self { start: Start::Weights, ..self }
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

    /// The parts of a run, and the numbers.
    pub fn of(&mut self, run: &Run) -> (Slots<'_, T>, &mut [f64]) {
        let mut slots = Slots::default();
        for (slot, buffer) in slots.iter_mut().zip(&mut self.buffers) {
            let range = buffer.starts[run.segments.start]..buffer.starts[run.segments.end];
            *slot = &mut buffer.values[range];
        }
        (slots, &mut self.numbers)
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
