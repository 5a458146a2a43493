//! What all ranks agree in before the first step.

use std::hash::{DefaultHasher, Hash, Hasher};

use cotangent::optim::Optimizer;
use cotangent::{Feed, Params, Seed, Step};

use crate::all_reduce::NAME;
use crate::engine;
use crate::{DistributedError, Precision, World};

/// What is compared, by number.
const PARAMETERS: usize = 0;
const INPUTS: usize = 1;
const OPTIMIZER: usize = 2;
const ROWS: usize = 3;
const PROGRAM: usize = 4;

/// Fails unless all ranks have the same parameters, inputs of the same shapes but for the number of rows, the same optimizer
/// in the same state and, if the rows are equally many, the same program. Then all take the values of rank 0. Answers
/// how many sums over all ranks there are within the program.
pub(crate) fn meet<'a, T: Precision + 'a, O: Optimizer<T>, const N: usize>(
    world: World,
    (step, optimizer): (&mut Step<'_, T, N>, &mut O),
    params: &mut Params<T>,
    (inputs, rows): (&[Feed<'a, T>; N], usize),
) -> Result<usize, DistributedError> {
    let mine = [structure(params), of_inputs(inputs), 0, rows as u64, 0];
    let table = table(world, &mine);
    compare(&table, PARAMETERS, "the structure of the parameters")?;
    compare(&table, INPUTS, "a shape of the inputs")?;
    if table.iter().any(|of| of[ROWS] == 0) {
        let (rows, ranks) = (table.iter().map(|of| of[ROWS]).sum::<u64>() as usize, table.len());
        return Err(DistributedError::WithoutRows { rows, ranks, why: "it is the first" });
    }
    let alike = table.iter().all(|of| of[ROWS] == mine[ROWS]);
    let program = step.compile(params, inputs.clone())?.explain().to_string();
    let (sums, program) = (program.matches(NAME).count(), hash(&program));
    let state = hash(&optimizer.state(params)?.to_bytes());
    let table = self::table(world, &[0, 0, state, 0, program]);
    compare(&table, OPTIMIZER, "the optimizer's state")?;
    if alike {
        compare(&table, PROGRAM, "the program")?;
    }
    engine::broadcast(params.values_mut(), "the parameters of rank 0");
    let Seed { seed, run } = params.seed();
    let mut seeds = [seed, run];
    engine::broadcast(&mut seeds, "the seed of rank 0");
    params.set_seed(Seed { seed: seeds[0], run: seeds[1] });
    verify(world, params)?;
    Ok(sums)
}

/// Fails unless all ranks have the same values, to the bit.
pub(crate) fn verify<T: Precision>(
    world: World,
    params: &Params<T>,
) -> Result<(), DistributedError> {
    let mut hasher = DefaultHasher::new();
    params.values().iter().for_each(|&x| x.to_f64().to_bits().hash(&mut hasher));
    let table = table(world, &[hasher.finish()]);
    compare(&table, 0, "a value of the parameters")
}

/// The numbers of all ranks.
fn table<const K: usize>(world: World, own: &[u64; K]) -> Vec<[u64; K]> {
    let mut all = vec![0; K * world.size()];
    engine::all_gather(own, &vec![K; world.size()], &mut all, "what all begin with");
    all.chunks(K).map(|of| of.try_into().expect("as many as each has")).collect()
}

fn compare<const K: usize>(
    table: &[[u64; K]],
    number: usize,
    what: &'static str,
) -> Result<(), DistributedError> {
    match table.iter().position(|of| of[number] != table[0][number]) {
        None => Ok(()),
        Some(rank) => Err(DistributedError::Differs { what, rank }),
    }
}

/// Which parameters there are, and which of them are frozen.
fn structure<T: Precision>(params: &Params<T>) -> u64 {
    let of = |param: &cotangent::Param| {
        let (role, frozen) = (format!("{:?}", param.role()), params.is_frozen(param.id()));
        (param.path().to_owned(), param.shape().to_vec(), role, frozen)
    };
    hash(&params.entries().iter().map(of).collect::<Vec<_>>())
}

/// The inputs, but for the number of rows.
fn of_inputs<T: Precision>(inputs: &[Feed<'_, T>]) -> u64 {
    let of = |input: &Feed<'_, T>| {
        let ty = input.ty();
        (format!("{:?}", ty.kind), ty.shape.iter().skip(1).copied().collect::<Vec<_>>())
    };
    hash(&inputs.iter().map(of).collect::<Vec<_>>())
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
