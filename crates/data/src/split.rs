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
        let parts = part_rows(&fractions, rows_by_class(self), seed)?;
        let mut refused = None;
        let parts = std::array::from_fn(|part| {
            self.select(&parts[part]).map_err(|error| refused = Some(error)).ok()
        });
        match refused {
            None => Ok(parts.map(|part| part.expect("none was refused"))),
            Some(error) => Err(error),
        }
    }
}

/// The rows of each part, none of which is empty.
fn part_rows(
    fractions: &[f64],
    classes: BTreeMap<i64, Vec<usize>>,
    seed: u64,
) -> Result<Vec<Vec<usize>>, DataError> {
    let rows = classes.values().map(Vec::len).sum();
    let parts = stratified_rows(classes, &normalised(fractions)?, seed);
    match parts.iter().position(Vec::is_empty) {
        None => Ok(parts),
        Some(part) => Err(DataError::EmptyPart { part, fraction: fractions[part], rows }),
    }
}

/// The fractions, checked, and scaled to sum to 1 as nearly as floats do.
fn normalised(fractions: &[f64]) -> Result<Vec<f64>, DataError> {
    let within = |fraction: f64| fraction > 0.0 && fraction < 1.0; // false for NaN
    if let Some(part) = fractions.iter().position(|&fraction| !within(fraction)) {
        return Err(DataError::Fraction { part, fraction: fractions[part] });
    }
    let sum: f64 = fractions.iter().sum();
    if (sum - 1.0).abs() > SUM_TOLERANCE {
        return Err(DataError::FractionSum { fractions: fractions.to_vec(), sum });
    }
    Ok(fractions.iter().map(|fraction| fraction / sum).collect())
}

/// The rows of each part, ascending.
fn stratified_rows(
    classes: BTreeMap<i64, Vec<usize>>,
    fractions: &[f64],
    seed: u64,
) -> Vec<Vec<usize>> {
    let mut rng = of_split(seed);
    let mut parts = vec![Vec::new(); fractions.len()];
    let mut behind = vec![0.0; fractions.len()];
    for mut rows in classes.into_values() {
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
    by_class(data.len(), &|row| data.class(row))
}

/// The rows by class: the same loop for data sets of all types.
fn by_class(rows: usize, class: &dyn Fn(usize) -> i64) -> BTreeMap<i64, Vec<usize>> {
    let mut classes: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for row in 0..rows {
        classes.entry(class(row)).or_default().push(row);
    }
    classes
}

/// Divides `count` examples by largest remainder. `behind` is how many examples each part lacks so
/// far to its exact share; it breaks ties, and is brought up to date.
fn apportion(count: usize, fractions: &[f64], behind: &mut [f64]) -> Vec<usize> {
    let shares: Vec<f64> = fractions.iter().map(|fraction| fraction * count as f64).collect();
    let whole = |share: &f64| (share + SHARE_TOLERANCE).floor() as usize;
    let mut sizes: Vec<usize> = shares.iter().map(whole).collect();
    let left = count.saturating_sub(sizes.iter().sum());
    for part in by_remainder(&shares, behind).into_iter().take(left) {
        sizes[part] += 1;
    }
    for (part, behind) in behind.iter_mut().enumerate() {
        *behind += shares[part] - sizes[part] as f64;
    }
    sizes
}

/// The parts from the largest remainder down; ties by how far each is behind.
fn by_remainder(shares: &[f64], behind: &[f64]) -> Vec<usize> {
    let steps = |value: f64| (value / SHARE_TOLERANCE).round() as i64;
    let remainder = |part: usize| steps(shares[part] - (shares[part] + SHARE_TOLERANCE).floor());
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|&part| std::cmp::Reverse((remainder(part), steps(behind[part]))));
    order
}
