//! Statistics of what was measured.

use cotangent::ndarray::{Array1, Array2, Axis};

/// The mean.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The median; of an even number of values, the upper of the two in the middle.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// μ and σ² of each column, by their formulas: Σ z/m and Σ (z − μ)²/m.
pub fn moments(z: &Array2<f64>) -> (Array1<f64>, Array1<f64>) {
    let m = z.nrows() as f64;
    let mean = z.sum_axis(Axis(0)) / m;
    let variance = (z - &mean).mapv(|d| d * d).sum_axis(Axis(0)) / m;
    (mean, variance)
}

/// The values as points of a curve, numbered from `first` on.
pub fn numbered(first: usize, values: &[f64]) -> Vec<(f64, f64)> {
    (first..).map(|i| i as f64).zip(values.iter().copied()).collect()
}

/// A share in percent, to one decimal; of a run that failed, "failed".
pub fn percent(share: f64) -> String {
    if share.is_nan() { "failed".to_owned() } else { format!("{:.1} %", 100.0 * share) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotangent::ndarray::array;

    #[test]
    fn statistics_of_a_few_numbers() {
        assert_eq!([mean(&[1.0, 2.0, 6.0]), median(&[1.0, 6.0, 2.0])], [3.0, 2.0]);
        let (mean, variance) = moments(&array![[1.0, 0.0], [3.0, 0.0]]);
        assert_eq!((mean, variance), (array![2.0, 0.0], array![1.0, 0.0]));
        assert_eq!(numbered(1, &[0.5, 0.25]), [(1.0, 0.5), (2.0, 0.25)]);
        assert_eq!([percent(0.5), percent(f64::NAN)], ["50.0 %", "failed"]);
    }
}
