//! What the minimizers do with flat vectors.

/// aᵀb.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// ‖a‖₂, without overflow of the squares.
pub(crate) fn norm(a: &[f64]) -> f64 {
    let largest = largest(a);
    match largest > 0.0 && largest.is_finite() {
        true => largest * a.iter().map(|a| (a / largest).powi(2)).sum::<f64>().sqrt(),
        false => largest,
    }
}

/// ‖a‖∞; NaN if an element is.
pub(crate) fn largest(a: &[f64]) -> f64 {
    a.iter().fold(0.0, |largest: f64, a| match a.is_nan() || largest.is_nan() {
        true => f64::NAN,
        false => largest.max(a.abs()),
    })
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
