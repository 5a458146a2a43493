//! Tests of the fused loops as a whole.

mod examples;
mod limits;
mod random;
mod reference;
mod rules;

use super::{Fused, FusedBuilder, Source};
use crate::isa::Isa;
use crate::pool::Pool;
use crate::scalar::Scalar;
use crate::testing::Precise;

/// Runs the program; an input without data stands in the output slice it names.
fn run<T: Scalar>(
    fused: &Fused<T>,
    isa: Isa,
    pool: &Pool,
    inputs: &[Source<'_, T>],
    before: &[Vec<T>],
) -> Vec<Vec<T>> {
    let mut outputs = before.to_vec();
    let mut scratch = vec![T::nan(); fused.scratch_len(pool.threads())];
    let mut slices: Vec<&mut [T]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
    fused.run(isa, pool, inputs, &mut slices, &mut scratch);
    outputs
}

/// Runs the program on inputs of their own.
fn outputs<T: Scalar>(builder: &FusedBuilder<T>, isa: Isa, inputs: &[&[T]]) -> Vec<Vec<T>> {
    let fused = builder.clone().build();
    let inputs: Vec<_> = inputs.iter().map(|x| Source::Slice(x)).collect();
    run(&fused, isa, &Pool::new(1), &inputs, &blank(&fused))
}

/// Output slices of the right length that hold nothing of use.
fn blank<T: Scalar>(fused: &Fused<T>) -> Vec<Vec<T>> {
    fused.slots.iter().map(|&len| vec![T::nan(); len]).collect()
}

/// Numbers that look random, in [−1, 1).
fn noise<T: Scalar>(len: usize, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(2) + 1;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        T::from_f64((state >> 33) as f64 / f64::from(1u32 << 30) - 1.0)
    };
    (0..len).map(|_| next()).collect()
}
