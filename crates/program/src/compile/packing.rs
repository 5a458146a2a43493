//! Second factors that are read again and again are copied into panels once: weights that several products of a program
//! multiply by, and factors of a loop that computes its product in many parts.

use std::collections::HashMap;
use std::ops::Range;

use crate::Precision;
use crate::instruction::{Action, FusedInput, Instruction, Memory};

/// Packed copies begin at multiples of this many elements.
const ALIGNMENT: usize = 16;

/// Adds an instruction before the first of the products that read a factor again, which packs it, and lets them read the
/// copy; answers how long the arena is then. What lies in a slice that is lent the same in every step of a loop is packed
/// before the loop, by what is answered beside.
pub(crate) fn pack_shared<T: Precision>(
    instructions: &mut Vec<Instruction<T>>,
    mut reals: usize,
    fixed: &Range<usize>,
) -> (Vec<Instruction<T>>, usize) {
    let is_fixed =
        |memory: &Memory| matches!(memory, Memory::Lent(slice, _) if fixed.contains(slice));
    let mut uses: HashMap<Key, Vec<Use>> = HashMap::new();
    for (position, instruction) in instructions.iter().enumerate() {
        for (key, product) in factors(position, instruction, &is_fixed) {
            uses.entry(key).or_default().push(product);
        }
    }
    let mut shared: Vec<Vec<Use>> =
        uses.into_values().filter(|uses| uses.len() > 1 || uses[0].repeats).collect();
    in_order(&mut shared);
    let mut packs: Vec<(usize, Instruction<T>)> = Vec::new();
    let mut once: Vec<Instruction<T>> = Vec::new();
    for uses in shared {
        let start = reals.next_multiple_of(ALIGNMENT);
        let pack = packing(&instructions[uses[0].position], &uses[0], start);
        let Action::Pack { from, to, .. } = &pack.action else { unreachable!("it packs") };
        reals = to.end;
        for each in &uses {
            each.read(&mut instructions[each.position], to.clone());
        }
        if is_fixed(from) {
            once.push(pack);
        } else {
            packs.push((uses[0].position, pack));
        }
    }
    // From the last to the first, so that positions stay.
    packs.into_iter().rev().for_each(|(position, pack)| instructions.insert(position, pack));
    (once, reals)
}

/// Sorts by the first use: for no precision, as sorting is much code.
fn in_order(shared: &mut [Vec<Use>]) {
    shared.sort_unstable_by_key(|uses| (uses[0].position, uses[0].product));
}

/// What two products agree in that can read one packed copy: the factor, unless it changes in between, and the form.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    factor: Memory,
    /// The instruction, if the factor is none of the parameters.
    position: Option<usize>,
    form: Vec<isize>,
}

/// A product: that of an instruction, or a numbered one of its loop.
struct Use {
    position: usize,
    product: Option<usize>,
    /// Whether it reads the factor again and again.
    repeats: bool,
}

/// The second factors of an instruction that could be packed.
fn factors<T: Precision>(
    position: usize,
    instruction: &Instruction<T>,
    is_fixed: &impl Fn(&Memory) -> bool,
) -> Vec<(Key, Use)> {
    let key = |factor: &FusedInput, form: &Vec<isize>| {
        let FusedInput::Memory(memory) = factor else { return None };
        let same = matches!(memory, Memory::Param(_)) || is_fixed(memory);
        let position = (!same).then_some(position);
        Some(Key { factor: memory.clone(), position, form: form.clone() })
    };
    match &instruction.action {
        Action::Contract(product) => {
            let key = key(&product.factors[1], &product.form);
            let repeats = key.as_ref().is_some_and(|key| is_fixed(&key.factor));
            key.map(|key| (key, Use { position, product: None, repeats })).into_iter().collect()
        }
        Action::Fused { program, inputs, products, .. } => {
            let repeats = program.repeats_factors();
            let of = |(p, product): (usize, &crate::instruction::LoopProduct)| {
                let key = key(&inputs[product.second], &product.form)?;
                let repeats = repeats || is_fixed(&key.factor);
                Some((key, Use { position, product: Some(p), repeats }))
            };
            products.iter().enumerate().filter_map(of).collect()
        }
        Action::Pack { .. }
        | Action::Zero(_)
        | Action::Scatter { .. }
        | Action::Overlay { .. }
        | Action::Position { .. }
        | Action::Loop(_)
        | Action::Repeated(_)
        | Action::Chosen(_)
        | Action::Plain { .. } => Vec::new(),
    }
}

/// The instruction that packs the second factor of a product.
fn packing<T: Precision>(instruction: &Instruction<T>, of: &Use, start: usize) -> Instruction<T> {
    let (contraction, factor) = match (&instruction.action, of.product) {
        (Action::Contract(product), _) => (product.contraction.clone(), &product.factors[1]),
        (Action::Fused { program, inputs, products, .. }, Some(p)) => {
            let contraction = program.products().nth(p).expect("the loop has it").clone();
            (contraction, &inputs[products[p].second])
        }
        _ => unreachable!("a use is a product"),
    };
    let FusedInput::Memory(from) = factor.clone() else {
        unreachable!("a factor that is packed has memory of its own")
    };
    let mut cost = instruction.cost.clone();
    (cost.operations, cost.flops, cost.cut) = (vec!["pack"], 0, None);
    cost.bytes = 2 * size_of::<T>() * from.range().len();
    let to = start..start + contraction.packed_b_len();
    let action = Action::Pack { contraction, from, to };
    Instruction { action, location: instruction.location, cost }
}

impl Use {
    /// Lets the product read the copy.
    fn read<T: Precision>(&self, instruction: &mut Instruction<T>, copy: Range<usize>) {
        match (&mut instruction.action, self.product) {
            (Action::Contract(product), _) => product.packed = Some(copy),
            (Action::Fused { program, inputs, products, .. }, Some(p)) => {
                program.pack(p);
                inputs[products[p].second] = FusedInput::Memory(Memory::Real(copy));
            }
            _ => unreachable!("a use is a product"),
        }
    }
}
