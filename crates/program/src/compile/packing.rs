//! Weights that several products of a program read are copied into panels once.

use std::collections::HashMap;
use std::ops::Range;

use crate::Precision;
use crate::instruction::{Action, FusedInput, Instruction, Memory, Product};

/// Packed copies begin at multiples of this many elements.
const ALIGNMENT: usize = 16;

/// Adds an instruction that packs each parameter which several contractions of one form multiply by, and lets them read the
/// copy; answers how long the arena is then.
pub(crate) fn pack_shared<T: Precision>(
    instructions: &mut Vec<Instruction<T>>,
    mut reals: usize,
) -> usize {
    let mut uses: HashMap<Key, Vec<usize>> = HashMap::new();
    for (position, instruction) in instructions.iter().enumerate() {
        if let Action::Contract(product) = &instruction.action
            && let Some(key) = Key::of(product)
        {
            uses.entry(key).or_default().push(position);
        }
    }
    let mut shared: Vec<Vec<usize>> = uses.into_values().filter(|uses| uses.len() > 1).collect();
    shared.sort_unstable();
    let mut packs: Vec<(usize, Instruction<T>)> = Vec::new();
    for uses in shared {
        let start = reals.next_multiple_of(ALIGNMENT);
        let mut range = start..start;
        for (i, &position) in uses.iter().enumerate() {
            let Instruction { action, location, cost } = &mut instructions[position];
            let Action::Contract(product) = action else { unreachable!("a use is a contraction") };
            if i == 0 {
                range = start..start + product.contraction.packed_b_len();
                reals = range.end;
                let FusedInput::Memory(memory) = &product.factors[1] else {
                    unreachable!("a weight lies among the parameters")
                };
                let mut cost = cost.clone();
                (cost.operations, cost.flops) = (vec!["pack"], 0);
                cost.bytes = 2 * size_of::<T>() * memory.range().len();
                let contraction = product.contraction.clone();
                let action = Action::Pack { contraction, from: memory.clone(), to: range.clone() };
                packs.push((position, Instruction { action, location, cost }));
            }
            product.packed = Some(range.clone());
        }
    }
    packs.sort_by_key(|pack| std::cmp::Reverse(pack.0));
    packs.into_iter().for_each(|(position, pack)| instructions.insert(position, pack));
    reals
}

/// What two contractions agree in that can read one packed copy: the parameter, and the form.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    parameter: (usize, usize),
    form: Vec<isize>,
}

impl Key {
    fn of<T: Precision>(product: &Product<T>) -> Option<Self> {
        let FusedInput::Memory(Memory::Param(Range { start, end })) = &product.factors[1] else {
            return None;
        };
        Some(Self { parameter: (*start, *end), form: product.form.clone() })
    }
}
