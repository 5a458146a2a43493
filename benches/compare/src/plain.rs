//! The parts of the reference: layers and losses in `f64`, computed as plainly as possible. What a model makes of them,
//! and what every framework must find, [`crate::models`] says.

use rayon::prelude::*;

use crate::Failure;
use crate::stepfile::StepFile;

/// An array of a file, widened.
pub fn wide(file: &StepFile, name: &str) -> Result<Vec<f64>, Failure> {
    Ok(file.array(name)?.data.iter().map(|&v| f64::from(v)).collect())
}

/// x·Wᵀ, with a row of W for each output.
pub fn product(x: &[f64], weight: &[f64], inputs: usize) -> Vec<f64> {
    let dot = |row: &[f64], w: &[f64]| {
        // Eight partial sums: the compiler may then use vectors.
        let mut sums = [0.0; 8];
        for (r, w) in row.chunks(8).zip(w.chunks(8)) {
            sums.iter_mut().zip(r.iter().zip(w)).for_each(|(sum, (r, w))| *sum += r * w);
        }
        sums.iter().sum::<f64>()
    };
    let row = |row| weight.chunks(inputs).map(|w| dot(row, w)).collect();
    x.par_chunks(inputs).flat_map_iter(|r| -> Vec<f64> { row(r) }).collect()
}

/// The layer of this name in the file: x·Wᵀ + b.
pub fn linear(file: &StepFile, name: &str, x: &[f64]) -> Result<Vec<f64>, Failure> {
    let weight = wide(file, &format!("{name}.weight"))?;
    let bias = wide(file, &format!("{name}.bias"))?;
    let inputs = weight.len() / bias.len();
    let mut y = product(x, &weight, inputs);
    y.chunks_mut(bias.len()).for_each(|row| add(row, &bias));
    Ok(y)
}

/// What an image has, beside its pixels.
#[derive(Clone, Copy, Debug)]
pub struct Image {
    /// Channels.
    pub channels: usize,
    /// Height and width.
    pub side: usize,
}

/// Images convolved with square kernels [outputs, channels, k, k]: the sum of the definition, for each output channel and
/// place of each image.
pub fn convolution(
    x: &[f64],
    image: Image,
    kernels: &[f64],
    outputs: usize,
    stride: usize,
    padding: usize,
) -> Vec<f64> {
    let Image { channels, side } = image;
    let window = kernels.len() / outputs;
    let k = (window / channels).isqrt();
    let out = (side + 2 * padding - k) / stride + 1;
    let of_image = |x: &[f64]| {
        // Each place's window, with zeros in the padding.
        let mut seen = Vec::with_capacity(out * out * window);
        for place in 0..out * out {
            let (row, col) = (place / out * stride, place % out * stride);
            for element in 0..window {
                let (channel, element) = (element / (k * k), element % (k * k));
                let row = (row + element / k).wrapping_sub(padding);
                let col = (col + element % k).wrapping_sub(padding);
                let inside = row < side && col < side;
                seen.push(if inside { x[(channel * side + row) * side + col] } else { 0.0 });
            }
        }
        product(kernels, &seen, window)
    };
    x.chunks(channels * side * side).flat_map(of_image).collect()
}

/// Adds to each channel of images of this side its bias.
pub fn bias_channels(x: &mut [f64], bias: &[f64], side: usize) {
    for (plane, bias) in x.chunks_mut(side * side).zip(bias.iter().cycle()) {
        plane.iter_mut().for_each(|v| *v += bias);
    }
}

/// x ← x + y.
pub fn add(x: &mut [f64], y: &[f64]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
}

/// x ← max(x, 0).
pub fn relu(x: &mut [f64]) {
    x.iter_mut().for_each(|v| *v = v.max(0.0));
}

/// The mean of these elements, and 1/√(variance + ε).
pub fn standard<'a>(elements: impl Iterator<Item = &'a f64> + Clone, eps: f64) -> (f64, f64) {
    let count = elements.clone().count() as f64;
    let mean = elements.clone().sum::<f64>() / count;
    let variance = elements.map(|v| (v - mean).powi(2)).sum::<f64>() / count;
    (mean, 1.0 / (variance + eps).sqrt())
}

/// The mean softmax cross-entropy of rows of logits.
pub fn cross_entropy(logits: &[f64], labels: &[i64]) -> f64 {
    let classes = logits.len() / labels.len();
    let rows = logits.chunks(classes).zip(labels);
    let losses = rows.map(|(row, &label)| log_sum_exp(row) - row[label as usize]);
    losses.sum::<f64>() / labels.len() as f64
}

/// ln Σ exp(x).
pub fn log_sum_exp(x: &[f64]) -> f64 {
    let max = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    max + x.iter().map(|v| (v - max).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cross_entropy_of_equal_logits_is_the_log_of_the_classes() {
        assert!((cross_entropy(&[3.0; 8], &[0, 3]) - 4f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn a_convolution_with_one_element_moves_the_image() {
        let x: Vec<f64> = (1..10).map(f64::from).collect();
        let mut kernel = [0.0; 9];
        kernel[3] = 2.0; // the left neighbour of the middle
        let image = Image { channels: 1, side: 3 };
        assert_eq!(
            convolution(&x, image, &kernel, 1, 1, 1),
            [0.0, 2.0, 4.0, 0.0, 8.0, 10.0, 0.0, 14.0, 16.0]
        );
        assert_eq!(convolution(&x, image, &kernel, 1, 2, 1), [0.0, 4.0, 0.0, 16.0]);
    }

    #[test]
    fn products_take_rows_of_the_weight() {
        let x: Vec<f64> = (0..18).map(f64::from).collect();
        let weight = [vec![1.0; 9], vec![2.0; 9]].concat();
        assert_eq!(product(&x, &weight, 9), [36.0, 72.0, 117.0, 234.0]);
    }
}
