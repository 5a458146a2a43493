//! What is summed over all ranks beside gradients: rows, losses, running statistics.

use std::ops::Range;

use cotangent::{Feed, Params, Role, Seed};

use crate::{DistributedError, Precision};

/// Where in a tally are the number of rows, the sum of their losses, and how many ranks or shards have results that are not
/// finite. Behind come the buffers: how many have changed each, and then their values.
const ROWS: usize = 0;
const LOSS: usize = 1;
const WILD: usize = 2;
const BUFFERS: usize = 3;

/// What a step starts from: buffers and seed, to go back to.
pub(crate) struct Before<T> {
    /// Where each buffer lies among all values.
    places: Vec<Range<usize>>,
    values: Vec<T>,
    seed: Seed,
}

impl<T: Precision> Before<T> {
    pub fn of(params: &Params<T>) -> Self {
        let buffers = params.entries().iter().filter(|param| param.role() != Role::Trainable);
        let places: Vec<_> = buffers.map(|param| params.range(param.id())).collect();
        let values = places.iter().flat_map(|place| &params.values()[place.clone()]);
        Self { values: values.copied().collect(), places, seed: params.seed() }
    }

    /// The seed of one of several runs that the step consists of.
    pub fn drawn(&self, of: usize, all: usize) -> Seed {
        let Seed { seed, run } = self.seed;
        Seed { seed, run: run.wrapping_mul(all as u64).wrapping_add(of as u64) }
    }

    /// Puts everything back.
    pub fn put_back(&self, params: &mut Params<T>) {
        let mut values = &self.values[..];
        for place in &self.places {
            let (own, rest) = values.split_at(place.len());
            params.values_mut()[place.clone()].copy_from_slice(own);
            values = rest;
        }
        params.set_seed(self.seed);
    }

    /// How long a tally is.
    pub fn tally_len(&self) -> usize {
        BUFFERS + self.places.len() + self.values.len()
    }

    /// What a step on some rows has to say: its loss, and the buffers that it has written.
    pub fn tally(
        &self,
        params: &Params<T>,
        (rows, loss, finite): (usize, T, bool),
        tally: &mut [f64],
    ) {
        let weight = rows as f64;
        (tally[ROWS], tally[LOSS]) = (weight, loss.to_f64() * weight);
        tally[WILD] = f64::from(u8::from(!finite));
        let (changed, values) = tally[BUFFERS..].split_at_mut(self.places.len());
        let mut at = 0;
        for (changed, place) in changed.iter_mut().zip(&self.places) {
            let now = &params.values()[place.clone()];
            let before = &self.values[at..at + place.len()];
            let same = |(&a, &b): (&T, &T)| a.to_f64().to_bits() == b.to_f64().to_bits();
            *changed = f64::from(u8::from(!now.iter().zip(before).all(same)));
            for (to, &value) in values[at..at + place.len()].iter_mut().zip(now) {
                *to = value.to_f64() * weight;
            }
            at += place.len();
        }
    }

    /// Takes up what all say together: buffers that changed somewhere become the mean, each row counted once, unless there was
    /// something that is not finite. Answers the mean loss.
    pub fn conclude(&self, params: &mut Params<T>, tally: &[f64]) -> T {
        self.put_back(params);
        let rows = tally[ROWS];
        let (changed, mut values) = tally[BUFFERS..].split_at(self.places.len());
        for (&changed, place) in changed.iter().zip(&self.places) {
            let (own, rest) = values.split_at(place.len());
            if changed > 0.0 && tally[WILD] == 0.0 {
                let means = own.iter().map(|sum| T::from_f64(sum / rows));
                params.values_mut()[place.clone()]
                    .iter_mut()
                    .zip(means)
                    .for_each(|(to, x)| *to = x);
            }
            values = rest;
        }
        params.set_seed(Seed { run: self.seed.run + 1, ..self.seed });
        T::from_f64(tally[LOSS] / rows)
    }
}

/// How many rows all have together.
pub(crate) fn rows(tally: &[f64]) -> f64 {
    tally[ROWS]
}

/// How many rows the inputs have, all equally many; one, if none has an axis.
pub(crate) fn rows_of<T: Precision>(inputs: &[Feed<'_, T>]) -> Result<usize, DistributedError> {
    let given = |input: &Feed<'_, T>| input.ty().shape.first().copied();
    let rows = inputs.iter().find_map(given).unwrap_or(1);
    let other = |input: &Feed<'_, T>| given(input).is_some_and(|given| given != rows);
    match inputs.iter().position(other) {
        None => Ok(rows),
        Some(input) => {
            let given = given(&inputs[input]).expect("it has others");
            Err(DistributedError::Rows { input, given, rows })
        }
    }
}
