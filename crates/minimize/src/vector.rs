//! What the minimizers do with flat vectors.

/// aᵀb.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// ‖a‖₂, without overflow of the squares.
pub(crate) fn norm(a: &[f64]) -> f64 {
    let largest = largest(a);
    if largest > 0.0 && largest.is_finite() {
        largest * a.iter().map(|a| (a / largest).powi(2)).sum::<f64>().sqrt()
    } else {
        largest
    }
}

/// ‖a‖∞; NaN if an element is.
pub(crate) fn largest(a: &[f64]) -> f64 {
    let larger = |x: f64, y: f64| if x.is_nan() || y.is_nan() { f64::NAN } else { x.max(y) };
    a.iter().fold(0.0, |largest, a| larger(largest, a.abs()))
}

/// b ← b + t·a.
pub(crate) fn add_scaled(b: &mut [f64], t: f64, a: &[f64]) {
    b.iter_mut().zip(a).for_each(|(b, a)| *b += t * a);
}

/// a − b.
pub(crate) fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// Whether every number is finite.
pub(crate) fn all_finite(a: &[f64]) -> bool {
    a.iter().all(|a| a.is_finite())
}
