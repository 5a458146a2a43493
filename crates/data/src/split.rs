//! Dividing a data set into parts, each class proportionally.

use std::collections::BTreeMap;

use crate::random::{ShuffleRows, of_split};
use crate::{DataError, Dataset, Rows};

/// How far from 1 the fractions may sum, so that `[0.7, 0.2, 0.1]` and three times a third pass.
const SUM_TOLERANCE: f64 = 1e-6;

/// Below this, a difference between two shares is rounding: `0.29 * 100.0` is 29 examples.
const SHARE_TOLERANCE: f64 = 1e-9;

impl<X: Rows, Y: Rows> Dataset<X, Y> {
    /// Divides the data set at random into one part for each fraction, stratified: every part
    /// receives its fraction of every class. (Where examples have no label, or several, all count as
    /// one class.)
    ///
    /// Every row lands in exactly one part, and keeps its place among the rows of that part. The
    /// same data, fractions and seed give the same parts, for ever. A class
    /// whose count does not divide is rounded by largest remainder; where remainders tie, the part
    /// that is furthest behind its fraction so far comes first. A class with fewer examples than
    /// there are parts is therefore missing from some of them.
    ///
    /// ```
    /// # fn main() -> Result<(), cotangent::data::DataError> {
    /// let [train, validation, test] = cotangent::data::digits().split([0.6, 0.2, 0.2], 0)?;
    /// assert_eq!([train.len(), validation.len(), test.len()], [1078, 360, 359]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Fraction`](DataError::Fraction) for one that is not above 0 and below 1,
    /// [`FractionSum`](DataError::FractionSum) when they do not sum to 1 (within 10⁻⁶), and
    /// [`EmptyPart`](DataError::EmptyPart) when a part would receive no row.
    pub fn split<const N: usize>(
        &self,
        fractions: [f64; N],
        seed: u64,
    ) -> Result<[Self; N], DataError> {
        let parts = stratified_rows(self, normalised(fractions)?, seed);
        if let Some(part) = parts.iter().position(Vec::is_empty) {
            return Err(DataError::EmptyPart { part, fraction: fractions[part], rows: self.len() });
        }
        let parts = parts.iter().map(|rows| self.select(rows)).collect::<Result<Vec<_>, _>>()?;
        Ok(parts.try_into().expect("one data set for each fraction"))
    }
}

/// The fractions, checked, and scaled to sum to 1 as nearly as floats do.
fn normalised<const N: usize>(fractions: [f64; N]) -> Result<[f64; N], DataError> {
    let within = |fraction: f64| fraction > 0.0 && fraction < 1.0; // false for NaN
    if let Some(part) = fractions.iter().position(|&fraction| !within(fraction)) {
        return Err(DataError::Fraction { part, fraction: fractions[part] });
    }
    let sum: f64 = fractions.iter().sum();
    if (sum - 1.0).abs() > SUM_TOLERANCE {
        return Err(DataError::FractionSum { fractions: fractions.to_vec(), sum });
    }
    Ok(fractions.map(|fraction| fraction / sum))
}

/// The rows of each part, ascending.
fn stratified_rows<X: Rows, Y: Rows, const N: usize>(
    data: &Dataset<X, Y>,
    fractions: [f64; N],
    seed: u64,
) -> [Vec<usize>; N] {
    let mut rng = of_split(seed);
    let mut parts = [const { Vec::new() }; N];
    let mut behind = [0.0; N];
    for (_, mut rows) in rows_by_class(data) {
        (&mut rng).shuffle(&mut rows);
        let sizes = apportion(rows.len(), fractions, &mut behind);
        let mut rows = rows.into_iter();
        for (part, size) in parts.iter_mut().zip(sizes) {
            part.extend(rows.by_ref().take(size));
        }
    }
    parts.iter_mut().for_each(|rows| rows.sort_unstable());
    parts
}

fn rows_by_class<X: Rows, Y: Rows>(data: &Dataset<X, Y>) -> BTreeMap<i64, Vec<usize>> {
    let mut classes: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for row in 0..data.len() {
        classes.entry(data.class(row)).or_default().push(row);
    }
    classes
}

/// Divides `count` examples by largest remainder. `behind` is how many examples each part lacks so
/// far to its exact share; it breaks ties, and is brought up to date.
fn apportion<const N: usize>(
    count: usize,
    fractions: [f64; N],
    behind: &mut [f64; N],
) -> [usize; N] {
    let shares = fractions.map(|fraction| fraction * count as f64);
    let mut sizes = shares.map(|share| (share + SHARE_TOLERANCE).floor() as usize);
    let left = count.saturating_sub(sizes.iter().sum());
    for part in by_remainder(&shares, behind).into_iter().take(left) {
        sizes[part] += 1;
    }
    for part in 0..N {
        behind[part] += shares[part] - sizes[part] as f64;
    }
    sizes
}

/// The parts from the largest remainder down; ties by how far each is behind.
fn by_remainder<const N: usize>(shares: &[f64; N], behind: &[f64; N]) -> [usize; N] {
    let steps = |value: f64| (value / SHARE_TOLERANCE).round() as i64;
    let remainder = |part: usize| steps(shares[part] - (shares[part] + SHARE_TOLERANCE).floor());
    let mut order = std::array::from_fn(|part| part);
    order.sort_by_key(|&part| std::cmp::Reverse((remainder(part), steps(behind[part]))));
    order
}
