//! What an optimizer remembers from step to step.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use graph::{Graph, ParamId, Shape, Var};

use crate::segments::{self, Chosen, Run, Segment, Selected};
use crate::state::Ledger;
use crate::{OptimError, Precision, Unit};

/// A buffer of state with a part for each parameter, such as Adam's mean of gradients.
///
/// ```
/// use cotangent::Shape;
/// use cotangent::optim::Slot;
/// // What a rule answers that keeps a mean of gradients, and one number for each parameter.
/// let slots = vec![Slot::like_weights("mean"), Slot::shaped("norm", |_| Shape::scalar())];
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    name: &'static str,
    shape: fn(&Shape) -> Shape,
    start: Start,
    saved: bool,
}

/// How many layouts there were.
static LAYOUTS: AtomicU64 = AtomicU64::new(1);

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

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Its shape for a parameter of this shape.
    pub(crate) fn shape_for(&self, shape: &Shape) -> Shape {
        (self.shape)(shape)
    }

    /// What the slot of variables holds before the first step.
    pub(crate) fn recorded<'g>(self, graph: &'g Graph, weights: Var<'g>) -> Var<'g> {
        match self.start {
            Start::Value(value) => graph.full((self.shape)(&weights.shape()), value),
            Start::Weights => weights,
        }
    }
}

/// The most slots that a rule or part can have.
pub const MAX_SLOTS: usize = 5;

/// The slots' contents, in the order of their declaration; empty where there are fewer.
///
/// A part takes its own by name: `let [mean, ..] = stretch.slots;`.
pub type Slots<'a, T> = [&'a mut [T]; MAX_SLOTS];

/// A single number that a rule or part remembers: its name in files and its first value.
pub type Number = (&'static str, f64);

/// What is remembered, and what will be if the step that was prepared is made.
#[derive(Clone, Debug)]
pub(crate) struct Remembered<T> {
    pub now: Memory<T>,
    /// The layout for a step that was prepared, where it is another.
    pub next: Option<Memory<T>>,
}

/// Slots and numbers of the parameters that steps were made with, laid out for the coming one.
#[derive(Clone, Debug)]
pub(crate) struct Memory<T> {
    /// In the order of the weights.
    pub segments: Vec<Segment>,
    pub numbers: Vec<f64>,
    buffers: Vec<Buffer<T>>,
    layout: u64,
    /// The parameters of the coming step, and where their gradients lie.
    selection: Vec<(ParamId, Option<Range<usize>>)>,
    runs: Vec<Run>,
}

#[derive(Clone, Debug)]
struct Buffer<T> {
    slot: Slot,
    /// Where each segment's part starts, and where the last ends.
    starts: Vec<usize>,
    values: Vec<T>,
}

impl<T: Precision> Remembered<T> {
    /// Nothing of any parameter.
    pub fn nothing(numbers: &[Number]) -> Self {
        Memory::nothing(numbers).into()
    }

    /// Whether there is a layout for this step, or no step is meant; otherwise the next has to be made.
    pub fn fits(&mut self, selected: Selected<'_, T>) -> Result<bool, OptimError> {
        if !selected.is_step() {
            return segments::check(&self.now.segments, selected.params()).map(|()| true);
        }
        if self.now.is_for(selected) {
            self.next = None;
            return Ok(true);
        }
        Ok(self.next.as_ref().is_some_and(|next| next.is_for(selected)))
    }

    /// The memory for the step that was prepared, which is made now.
    pub fn begin(&mut self) -> &mut Memory<T> {
        if let Some(next) = self.next.take() {
            self.now = next;
        }
        &mut self.now
    }
}

impl<T> From<Memory<T>> for Remembered<T> {
    fn from(now: Memory<T>) -> Self {
        Self { now, next: None }
    }
}

impl<T: Precision> Memory<T> {
    pub fn nothing(numbers: &[Number]) -> Self {
        Self {
            segments: Vec::new(),
            numbers: numbers.iter().map(|number| number.1).collect(),
            buffers: Vec::new(),
            layout: 0,
            selection: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// Whether it is laid out for this step.
    fn is_for(&self, selected: Selected<'_, T>) -> bool {
        let chosen = selected.iter().map(|chosen| (chosen.param.id(), chosen.gradient));
        chosen.eq(self.selection.iter().cloned())
    }

    /// The memory laid out for another step, in which more parameters may take part: what is known
    /// of the others stays. The slots are decided when there is a parameter for the first time.
    pub fn extended(
        &self,
        selected: Selected<'_, T>,
        unit: Unit,
        slots: &dyn Fn() -> Vec<Slot>,
        segment: &dyn Fn(&Chosen<'_>) -> Segment,
    ) -> Result<Self, OptimError> {
        segments::check(&self.segments, selected.params())?;
        let mut segments = self.segments.clone();
        let new = selected.iter().filter(|chosen| self.position(chosen.param.id()).is_err());
        segments.extend(new.map(|chosen| segment(&chosen)));
        segments::in_order(&mut segments);
        let slots = if self.segments.is_empty() {
            slots()
        } else {
            self.buffers.iter().map(|buffer| buffer.slot).collect()
        };
        let weights = selected.params().trainable();
        let mut buffers: Vec<_> =
            slots.into_iter().map(|slot| Buffer::new(slot, &segments, weights)).collect();
        let mut extended = Self {
            segments,
            numbers: self.numbers.clone(),
            buffers: Vec::new(),
            layout: LAYOUTS.fetch_add(1, Ordering::Relaxed),
            selection: selected.iter().map(|c| (c.param.id(), c.gradient)).collect(),
            runs: Vec::new(),
        };
        for (old, segment) in self.segments.iter().enumerate() {
            let new = extended.position(segment.id).expect("known ones stay");
            for (from, to) in self.buffers.iter().zip(&mut buffers) {
                to.part_mut(new..new + 1).copy_from_slice(from.part(old));
            }
        }
        extended.buffers = buffers;
        let active = extended.selection.iter().filter_map(|(id, gradient)| {
            Some((extended.position(*id).expect("it was added"), gradient.clone()?))
        });
        extended.runs = segments::runs(&extended.segments, active, unit);
        Ok(extended)
    }

    fn position(&self, id: ParamId) -> Result<usize, usize> {
        self.segments.binary_search_by_key(&id, |segment| segment.id)
    }

    /// The slots.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        self.buffers.iter().map(|buffer| buffer.slot)
    }

    /// A number that no other layout has.
    pub fn layout(&self) -> u64 {
        self.layout
    }

    /// What a slot holds of the segment at this position.
    pub fn slot(&self, slot: usize, position: usize) -> &[T] {
        self.buffers[slot].part(position)
    }

    /// Copies a slot that is like the weights to where the weights lie.
    pub fn read(&self, slot: usize, weights: &mut [T]) {
        for (position, segment) in self.segments.iter().enumerate() {
            weights[segment.weights.clone()].copy_from_slice(self.slot(slot, position));
        }
    }

    /// Transfers everything to or from a ledger: `slot/parameter` by `slot/parameter`. `numbers` are
    /// named once, `of_each` for every parameter, as are the steps where they are counted.
    pub fn transfer(
        &mut self,
        numbers: &[Number],
        of_each: &[Number],
        counted: bool,
        ledger: &mut Ledger<'_, T>,
    ) {
        for (number, (name, _)) in self.numbers.iter_mut().zip(numbers) {
            ledger.number(name, number);
        }
        for Segment { path, steps, numbers, .. } in &mut self.segments {
            ledger.parameter(path);
            if counted {
                ledger.count(&format!("steps/{path}"), steps);
            }
            for (number, (name, _)) in numbers.iter_mut().zip(of_each) {
                ledger.number(&format!("{name}/{path}"), number);
            }
        }
        for buffer in self.buffers.iter_mut().filter(|buffer| buffer.slot.saved) {
            for (i, segment) in self.segments.iter().enumerate() {
                let slot = buffer.slot;
                let values = buffer.part_mut(i..i + 1);
                // Some slots are for some shapes only.
                if values.is_empty() && !segment.weights.is_empty() {
                    continue;
                }
                let name = format!("{}/{}", slot.name, segment.path);
                ledger.tensor(&name, (slot.shape)(&segment.shape), values);
            }
        }
    }

    /// Goes through the parameters of the step, run by run.
    pub fn each(&mut self, visit: &mut dyn FnMut(&Run, &mut [Segment], Slots<'_, T>)) {
        for run in &self.runs {
            let slots = slots(&mut self.buffers, &run.segments);
            visit(run, &mut self.segments[run.segments.clone()], slots);
        }
    }

    /// Goes through all parameters, also those that take no part in the step: run by run of what is now alike.
    pub fn each_known(&mut self, unit: Unit, visit: &mut dyn FnMut(&mut [Segment], Slots<'_, T>)) {
        let mut start = 0;
        while start < self.segments.len() {
            let end = start + segments::alike(&self.segments[start..], unit);
            visit(&mut self.segments[start..end], slots(&mut self.buffers, &(start..end)));
            start = end;
        }
    }
}

/// What the buffers hold of some neighbouring segments.
fn slots<'b, T: Precision>(buffers: &'b mut [Buffer<T>], of: &Range<usize>) -> Slots<'b, T> {
    let mut slots = Slots::default();
    for (slot, buffer) in slots.iter_mut().zip(buffers) {
        *slot = buffer.part_mut(of.clone());
    }
    slots
}

impl<T: Precision> Buffer<T> {
    fn new(slot: Slot, segments: &[Segment], weights: &[T]) -> Self {
        let mut starts = vec![0];
        for segment in segments {
            starts.push(starts[starts.len() - 1] + (slot.shape)(&segment.shape).size());
        }
        let size = starts[segments.len()];
        let values = match slot.start {
            Start::Value(value) => vec![T::from_f64(value); size],
            Start::Weights => {
                segments.iter().flat_map(|s| &weights[s.weights.clone()]).copied().collect()
            }
        };
        Self { slot, starts, values }
    }

    fn part(&self, segment: usize) -> &[T] {
        &self.values[self.starts[segment]..self.starts[segment + 1]]
    }

    fn part_mut(&mut self, segments: Range<usize>) -> &mut [T] {
        &mut self.values[self.starts[segments.start]..self.starts[segments.end]]
    }
}
