//! Inputs and outputs in place: the steps for blocks that need no padding.
//!
//! As lowered, every input is copied to a register first and every output from one: so a block of any length can be
//! padded, and an output may stand where an input does. Most blocks need neither. For them, a dense input is read where
//! it is, and an operation whose result is stored writes it there.

use super::step::{Action, Kind, MicroOp, Site};

/// Removes the copies from `block`; `inputs` and `outputs` say of each operand whether its numbers of a block lie side by
/// side.
///
/// An output in the place of an input (`may_be` the same memory) that is read after it was written: it is written later, if it
/// can be; else only copies read the input in time, and stay.
pub(super) fn direct<T: Copy>(
    block: &[MicroOp<T>],
    registers: usize,
    inputs: &[bool],
    outputs: &[bool],
    may_be: &dyn Fn(usize, usize) -> bool,
) -> Vec<MicroOp<T>> {
    let mut rewriting = Rewriting {
        steps: Vec::with_capacity(block.len()),
        writers: vec![None; registers],
        instead: vec![None; registers],
    };
    block.iter().for_each(|step| rewriting.step(*step, inputs, outputs));
    let mut steps = rewriting.steps;
    for j in meeting(&mut steps, may_be) {
        put_off(&mut steps, Site::Output(j));
    }
    if meeting(&mut steps, may_be).is_empty() { steps } else { block.to_vec() }
}

/// The outputs that are written before an input is read that may be the same memory.
fn meeting<T>(steps: &mut [MicroOp<T>], may_be: &dyn Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut outputs: Vec<usize> =
        conflicts(steps).into_iter().filter(|&(k, j)| may_be(k, j)).map(|(_, j)| j).collect();
    outputs.sort_unstable();
    outputs.dedup();
    outputs
}

/// Moves the step that writes an output to where it is first read, or to the end.
fn put_off<T: Copy>(steps: &mut [MicroOp<T>], output: Site) {
    let Some(writer) = steps.iter().position(|step| step.out == output) else { return };
    let reads = |step: &mut MicroOp<T>| step.reads().any(|place| *place == output);
    let later = steps[writer + 1..].iter_mut().position(reads);
    let reader = later.map_or(steps.len(), |later| writer + 1 + later);
    steps[writer..reader].rotate_left(1);
}

struct Rewriting<T> {
    steps: Vec<MicroOp<T>>,
    /// For each register, which step computes it position by position.
    writers: Vec<Option<usize>>,
    /// For each register, what is to be read instead.
    instead: Vec<Option<Site>>,
}

impl<T: Copy> Rewriting<T> {
    fn step(&mut self, mut step: MicroOp<T>, inputs: &[bool], outputs: &[bool]) {
        for place in step.reads() {
            if let Site::Register(register) = *place {
                *place = self.instead[register].unwrap_or(*place);
            }
        }
        match (step.action, step.out) {
            (Action::Load(k), Site::Register(register)) if step.kind == Kind::Full && inputs[k] => {
                self.instead[register] = Some(Site::Input(k));
            }
            (Action::Store(Site::Register(register)), Site::Output(j))
                if step.kind == Kind::Full && outputs[j] && self.writers[register].is_some() =>
            {
                self.retarget(register, Site::Output(j));
            }
            _ => self.keep(step),
        }
    }

    fn keep(&mut self, step: MicroOp<T>) {
        if let (Site::Register(register), Kind::Full, true) =
            (step.out, step.kind, step.is_elementwise())
        {
            self.writers[register] = Some(self.steps.len());
        }
        self.steps.push(step);
    }

    /// Lets the step that writes `register` write to `output`, and its readers read it there.
    fn retarget(&mut self, register: usize, output: Site) {
        let writer = self.writers[register].take().expect("the caller has looked");
        self.instead[register] = Some(output);
        self.steps[writer].out = output;
        for step in &mut self.steps[writer + 1..] {
            let register = Site::Register(register);
            step.reads().filter(|place| **place == register).for_each(|place| *place = output);
        }
    }
}

/// (input, output): the input is read after the output is written.
fn conflicts<T>(steps: &mut [MicroOp<T>]) -> Vec<(usize, usize)> {
    let (mut written, mut conflicts) = (Vec::new(), Vec::new());
    for step in steps {
        for place in step.reads() {
            if let Site::Input(k) = *place {
                conflicts.extend(written.iter().map(|&j| (k, j)));
            }
        }
        if let Site::Output(j) = step.out {
            written.push(j);
        }
    }
    conflicts.sort_unstable();
    conflicts.dedup();
    conflicts
}
