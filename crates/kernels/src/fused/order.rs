//! Where in a block results are computed: next to what reads them, so that chains need not keep them; and a product that is added
//! is one step with its sum, rounded as the two are.

use super::step::{Action, Kind, MicroArg, MicroOp, Site};
use crate::elementwise::Binary;

/// How often steps read each register.
pub(super) fn reads<'a, T: Copy + 'a>(
    steps: impl Iterator<Item = &'a MicroOp<T>>,
    registers: usize,
) -> Vec<usize> {
    let mut reads = vec![0; registers];
    for step in steps {
        let mut step = *step;
        step.reads().filter_map(Site::register).for_each(|register| reads[*register] += 1);
    }
    reads
}

/// The steps of a block, as they were lowered, in another order; `reads` is of all steps of the loop.
pub(super) fn ordered<T: Copy + PartialEq>(
    block: &[MicroOp<T>],
    reads: &[usize],
) -> Vec<MicroOp<T>> {
    let mut waiting = waiting(block, reads);
    let mut ordered = Vec::with_capacity(block.len());
    for step in block {
        let own = step.out.block_register();
        if own.is_some_and(|register| waiting[register].is_some()) {
            continue;
        }
        let mut reader = *step;
        for register in reader.reads().filter_map(|place| place.block_register()) {
            ordered.extend(waiting[register].take());
        }
        let sum = ordered.last().and_then(|last| sum(last, step, reads));
        if sum.is_some() {
            ordered.pop();
        }
        ordered.push(sum.unwrap_or(*step));
    }
    ordered
}

/// For each register, the step that writes it, if that waits until the register is read.
///
/// It is read once, and what it is computed of lies in memory anyway. Nothing is stored between the two steps: an input that
/// is read after an output was written in its place would have to be copied.
fn waiting<T: Copy>(block: &[MicroOp<T>], reads: &[usize]) -> Vec<Option<MicroOp<T>>> {
    let mut loaded = vec![false; reads.len()];
    let mut stays = vec![None; reads.len()];
    let mut waiting = vec![None; reads.len()];
    let mut stores = 0;
    for step in block {
        stores += usize::from(matches!(step.action, Action::Store(_)));
        let mut reader = *step;
        let mut of_memory = true;
        for place in reader.reads() {
            let Some(register) = place.block_register() else { continue };
            of_memory &= loaded[register] || reads[register] > 1;
            let (Some((writer, before)), true) = (stays[register], step.is_elementwise()) else {
                continue;
            };
            if before == stores && step.kind == Kind::Full {
                waiting[register] = Some(writer);
            }
        }
        let Some(register) = step.out.block_register() else { continue };
        loaded[register] = step.is_load();
        if step.kind == Kind::Full && step.is_elementwise() && of_memory && reads[register] == 1 {
            stays[register] = Some((*step, stores));
        }
    }
    waiting
}

/// A sum that reads the product of the step before, which nobody else does, as one step.
fn sum<T: Copy + PartialEq>(
    product: &MicroOp<T>,
    sum: &MicroOp<T>,
    reads: &[usize],
) -> Option<MicroOp<T>> {
    let (Action::Binary(Binary::Mul, a, b), Site::Register(register)) =
        (product.action, product.out)
    else {
        return None;
    };
    let Action::Binary(Binary::Add, x, y) = sum.action else { return None };
    if reads[register] != 1 || [product.kind, sum.kind] != [Kind::Full; 2] {
        return None;
    }
    let result = MicroArg::Each(product.out);
    let other = if y == result { x } else { y };
    (x == result || y == result)
        .then_some(MicroOp { action: Action::AddProduct(other, a, b), ..*sum })
}
