//! Inputs and outputs in place: the steps for blocks that need no padding.
//!
//! As lowered, every input is copied to a register first and every output from one: so a block of any length can be
//! padded, and an output may stand where an input does. Most blocks need neither. For them, a dense input is read where
//! it is, and an operation whose result is stored writes it there. Chains read and write rows that lie apart, too, and a
//! number for each column where it is, instead of repeated in all rows.

use std::mem;

use super::Phase;
use super::blocks::Access;
use super::chain::{is_link, reaches};
use super::step::{Action, Kind, MicroOp, Site};
use crate::scalar::Scalar;

/// What the steps of a block reach.
pub(super) struct Reached<'a> {
    /// How, of each operand.
    pub(super) inputs: &'a [Access],
    pub(super) outputs: &'a [Access],
    /// For each register, that of which it repeats the numbers in each row.
    pub(super) tiles: &'a [Option<usize>],
}

impl Reached<'_> {
    /// Whether only chains reach a place.
    pub(super) fn is_apart(&self, place: Site) -> bool {
        match place {
            Site::EachRow(_) => true,
            Site::Input(k) => self.inputs[k] == Access::ByRows,
            Site::Output(j) => self.outputs[j] == Access::ByRows,
            Site::Register(_) | Site::Window(_) | Site::Chunk(_) | Site::Piece(_) => false,
        }
    }

    /// Whether a step is a link of a chain, or becomes one.
    fn links<T: Scalar>(&self, step: &MicroOp<T>) -> bool {
        is_link(step) || matches!(step.action, Action::Store(_)) && self.is_apart(step.out)
    }
}

/// Removes the copies from `block`.
///
/// An output in the place of an input (`may_be` the same memory) that is read after it was written: it is written later, if it
/// can be; else only copies read the input in time, and stay.
pub(super) fn direct<T: Scalar>(
    block: &[MicroOp<T>],
    reached: &Reached<'_>,
    may_be: &dyn Fn(usize, usize) -> bool,
) -> Vec<MicroOp<T>> {
    let registers = reached.tiles.len();
    let mut rewriting = Rewriting {
        reached,
        steps: Vec::with_capacity(block.len()),
        writers: vec![None; registers],
        instead: vec![None; registers],
        linked: linked(block, reached),
    };
    block.iter().for_each(|step| rewriting.step(*step));
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

/// For each register, whether all that reads it are links of chains.
fn linked<T: Scalar>(block: &[MicroOp<T>], reached: &Reached<'_>) -> Vec<bool> {
    let mut linked = vec![true; reached.tiles.len()];
    for step in block.iter().filter(|step| !reached.links(step)) {
        let mut step = *step;
        step.reads().filter_map(|place| place.block_register()).for_each(|r| linked[r] = false);
    }
    linked
}

/// For each register, that of which it repeats the numbers in each row.
pub(super) fn tiles<'a, T: Copy + 'a>(
    once: impl Iterator<Item = &'a MicroOp<T>>,
    registers: usize,
) -> Vec<Option<usize>> {
    let mut tiles = vec![None; registers];
    for step in once {
        if let (Action::Tile(Site::Register(row)), Site::Register(all)) = (step.action, step.out) {
            tiles[all] = Some(row);
        }
    }
    tiles
}

/// Takes those steps apart that repeat numbers in each row and whose result no direct step reads: other blocks need them.
pub(super) fn take_tiles<T: Scalar>(round: &mut Vec<MicroOp<T>>, phases: &mut [Phase<T>]) {
    let is_read = |tile: &MicroOp<T>, phases: &[Phase<T>]| {
        let mut steps = phases.iter().flat_map(|phase| &phase.direct);
        steps.any(|step| reaches(step, &|place| place == tile.out))
    };
    let unread = |step: &mut MicroOp<T>, phases: &[Phase<T>]| {
        matches!(step.action, Action::Tile(_)) && !is_read(step, phases)
    };
    for i in 0..phases.len() {
        let mut head = mem::take(&mut phases[i].head);
        phases[i].tiles = head.extract_if(.., |step| unread(step, phases)).collect();
        phases[i].head = head;
    }
    let of_round = round.extract_if(.., |step| unread(step, phases)).collect::<Vec<_>>();
    phases[0].tiles.extend(of_round);
}

struct Rewriting<'a, T> {
    reached: &'a Reached<'a>,
    steps: Vec<MicroOp<T>>,
    /// For each register, which step computes it position by position.
    writers: Vec<Option<usize>>,
    /// For each register, what is to be read instead.
    instead: Vec<Option<Site>>,
    /// See [`linked`].
    linked: Vec<bool>,
}

impl<T: Scalar> Rewriting<'_, T> {
    fn step(&mut self, mut step: MicroOp<T>) {
        let tiles = if self.reached.links(&step) { self.reached.tiles } else { &[] };
        for place in step.reads() {
            if let Site::Register(register) = *place {
                let tile = tiles.get(register).copied().flatten().map(Site::EachRow);
                *place = self.instead[register].or(tile).unwrap_or(*place);
            }
        }
        match (step.action, step.out) {
            (Action::Load(k), out) if step.kind == Kind::Full => self.load(step, k, out),
            (Action::Store(from), Site::Output(j)) if step.kind == Kind::Full => {
                self.store(step, from, j);
            }
            _ => self.keep(step),
        }
    }

    fn load(&mut self, step: MicroOp<T>, k: usize, to: Site) {
        let in_place = match self.reached.inputs[k] {
            Access::Dense => to.block_register(),
            Access::ByRows => to.block_register().filter(|&register| self.linked[register]),
            Access::Copied => None,
        };
        match in_place {
            Some(register) => self.instead[register] = Some(Site::Input(k)),
            None => self.moved(step, Site::Input(k)),
        }
    }

    fn store(&mut self, step: MicroOp<T>, from: Site, j: usize) {
        let written = from.block_register().and_then(|register| self.writers[register]);
        let in_place = match (self.reached.outputs[j], written, from.block_register()) {
            (Access::Dense, Some(_), register) => register,
            (Access::ByRows, Some(writer), register) if is_link(&self.steps[writer]) => {
                register.filter(|&register| self.linked[register])
            }
            _ => None,
        };
        match in_place {
            Some(register) => self.retarget(register, Site::Output(j)),
            None => self.moved(step, from),
        }
    }

    /// Keeps a copy, as a link of a chain where it reaches rows that lie apart.
    fn moved(&mut self, mut step: MicroOp<T>, from: Site) {
        if self.reached.is_apart(from) || self.reached.is_apart(step.out) {
            step.action = Action::Move(from);
        }
        self.keep(step);
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
