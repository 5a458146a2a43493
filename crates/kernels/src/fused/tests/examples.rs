//! The programs this interpreter is for, against the same mathematics written as plain loops in double precision.

use super::{noise, outputs};
use crate::elementwise::{Binary, Unary};
use crate::fused::{FusedBuilder, Value};
use crate::isa::Isa;
use crate::reduce::Reduce;

/// ε of the normalisations here.
const EPSILON: f64 = 1e-5;

fn assert_near(name: &str, actual: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(actual.len(), expected.len(), "{name}");
    for (i, (&a, &e)) in actual.iter().zip(expected).enumerate() {
        let error = (f64::from(a) - e).abs();
        assert!(error <= tolerance * (1.0 + e.abs()), "{name}[{i}]: {a} is not {e}");
    }
}

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| f64::from(x)).collect()
}

/// Softmax with cross-entropy against one-hot labels: the mean loss, and the gradient of the logits.
pub(super) fn cross_entropy(rows: usize, classes: usize) -> FusedBuilder<f32> {
    let mut b = FusedBuilder::new(&[rows, classes]);
    let (x, labels) = (b.input(&[classes as isize, 1]), b.input(&[classes as isize, 1]));
    let scale = b.constant(1.0 / rows as f32);
    let largest = b.reduce_last(Reduce::Max, x);
    let shifted = b.binary(Binary::Sub, x, largest);
    let exponential = b.unary(Unary::Exp, shifted);
    let sum = b.reduce_last(Reduce::Sum, exponential);
    let log_sum = b.unary(Unary::Ln, sum);
    let chosen = b.binary(Binary::Mul, shifted, labels);
    let chosen = b.reduce_last(Reduce::Sum, chosen);
    let loss = b.binary(Binary::Sub, log_sum, chosen);
    let loss = b.binary(Binary::Mul, loss, scale);
    b.store_reduced_rows(Reduce::Sum, loss);
    let inverse = b.unary(Unary::Recip, sum);
    let softmax = b.binary(Binary::Mul, exponential, inverse);
    let gradient = b.binary(Binary::Sub, softmax, labels);
    let gradient = b.binary(Binary::Mul, gradient, scale);
    b.store(gradient);
    b
}

#[test]
fn softmax_cross_entropy_forward_and_backward() {
    for (rows, classes) in [(128, 10), (5, 3), (33, 1000)] {
        let x: Vec<f32> = noise::<f32>(rows * classes, 1).iter().map(|x| x * 8.0).collect();
        let mut labels = vec![0.0f32; rows * classes];
        (0..rows).for_each(|row| labels[row * classes + row * 7 % classes] = 1.0);
        let (mut loss, mut gradient) = (0.0, Vec::new());
        for (x, labels) in wide(&x).chunks(classes).zip(wide(&labels).chunks(classes)) {
            let largest = x.iter().copied().fold(f64::MIN, f64::max);
            let sum: f64 = x.iter().map(|x| (x - largest).exp()).sum();
            for (x, label) in x.iter().zip(labels) {
                loss += label * (sum.ln() - (x - largest)) / rows as f64;
                gradient.push(((x - largest).exp() / sum - label) / rows as f64);
            }
        }
        for isa in Isa::available() {
            let outputs = outputs(&cross_entropy(rows, classes), isa, &[&x, &labels]);
            assert_near("loss", &outputs[0], &[loss], 1e-6);
            assert_near("gradient", &outputs[1], &gradient, 1e-7);
        }
    }
}

/// The first pass of a batch normalisation: the sums over the batch of x and of x².
pub(super) fn batch_sums(rows: usize, columns: usize) -> FusedBuilder<f32> {
    let mut b = FusedBuilder::new(&[rows, columns]);
    let x = b.input(&[columns as isize, 1]);
    let square = b.unary(Unary::Square, x);
    b.store_reduced(Reduce::Sum, x);
    b.store_reduced(Reduce::Sum, square);
    b
}

/// 1/√(variance + ε) and the mean, from the two sums; inputs 1 and 2 of the program.
fn statistics(b: &mut FusedBuilder<f32>, rows: usize) -> (Value, Value) {
    let (sum, squares) = (b.input(&[0, 1]), b.input(&[0, 1]));
    let (scale, epsilon) = (b.constant(1.0 / rows as f32), b.constant(EPSILON as f32));
    let mean = b.binary(Binary::Mul, sum, scale);
    let squares = b.binary(Binary::Mul, squares, scale);
    let square = b.unary(Unary::Square, mean);
    let variance = b.binary(Binary::Sub, squares, square);
    let variance = b.binary(Binary::Add, variance, epsilon);
    (b.unary(Unary::Rsqrt, variance), mean)
}

/// The second pass: relu(γ·(x − mean)/√(variance + ε) + β), from x, the two sums, γ and β.
pub(super) fn batch_normalise(rows: usize, columns: usize) -> FusedBuilder<f32> {
    let mut b = FusedBuilder::new(&[rows, columns]);
    let x = b.input(&[columns as isize, 1]);
    let (inverse, mean) = statistics(&mut b, rows);
    let (gamma, beta) = (b.input(&[0, 1]), b.input(&[0, 1]));
    let scale = b.binary(Binary::Mul, inverse, gamma);
    let centred = b.binary(Binary::Sub, x, mean);
    let scaled = b.binary(Binary::Mul, centred, scale);
    let y = b.binary(Binary::Add, scaled, beta);
    let y = b.unary(Unary::Relu, y);
    b.store(y);
    b
}

/// Backward, first pass: Σ dy and Σ dy·x̂ over the batch, from x, the two sums and dy.
fn batch_gradient_sums(rows: usize, columns: usize) -> FusedBuilder<f32> {
    let mut b = FusedBuilder::new(&[rows, columns]);
    let x = b.input(&[columns as isize, 1]);
    let (inverse, mean) = statistics(&mut b, rows);
    let dy = b.input(&[columns as isize, 1]);
    let centred = b.binary(Binary::Sub, x, mean);
    let normal = b.binary(Binary::Mul, centred, inverse);
    let product = b.binary(Binary::Mul, dy, normal);
    b.store_reduced(Reduce::Sum, dy);
    b.store_reduced(Reduce::Sum, product);
    b
}

/// Backward, second pass: dx = (dy − (Σ dy + x̂·Σ dy·x̂)/n)/√(variance + ε), for γ = 1.
fn batch_gradient(rows: usize, columns: usize) -> FusedBuilder<f32> {
    let mut b = FusedBuilder::new(&[rows, columns]);
    let x = b.input(&[columns as isize, 1]);
    let (inverse, mean) = statistics(&mut b, rows);
    let dy = b.input(&[columns as isize, 1]);
    let (sum, products) = (b.input(&[0, 1]), b.input(&[0, 1]));
    let scale = b.constant(1.0 / rows as f32);
    let centred = b.binary(Binary::Sub, x, mean);
    let normal = b.binary(Binary::Mul, centred, inverse);
    let along = b.binary(Binary::Mul, normal, products);
    let taken = b.binary(Binary::Add, along, sum);
    let taken = b.binary(Binary::Mul, taken, scale);
    let left = b.binary(Binary::Sub, dy, taken);
    let dx = b.binary(Binary::Mul, left, inverse);
    b.store(dx);
    b
}

#[test]
fn batch_normalisation_forward_and_backward() {
    for (rows, columns) in [(64, 128), (128, 512), (37, 11), (40, 2500)] {
        let (x, dy) = (noise::<f32>(rows * columns, 3), noise::<f32>(rows * columns, 4));
        let (gamma, beta) = (noise::<f32>(columns, 5), noise::<f32>(columns, 6));
        let (mut y, mut dx) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        let n = rows as f64;
        for j in 0..columns {
            let column = |x: &[f32]| -> Vec<f64> {
                (0..rows).map(|i| f64::from(x[i * columns + j])).collect()
            };
            let (x, dy) = (column(&x), column(&dy));
            let mean = x.iter().sum::<f64>() / n;
            let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
            let normal: Vec<f64> =
                x.iter().map(|x| (x - mean) / (variance + EPSILON).sqrt()).collect();
            let sum: f64 = dy.iter().sum();
            let products: f64 = dy.iter().zip(&normal).map(|(dy, x)| dy * x).sum();
            for i in 0..rows {
                y[i * columns + j] =
                    (f64::from(gamma[j]) * normal[i] + f64::from(beta[j])).max(0.0);
                let left = dy[i] - (sum + normal[i] * products) / n;
                dx[i * columns + j] = left / (variance + EPSILON).sqrt();
            }
        }
        for isa in Isa::available() {
            let sums = outputs(&batch_sums(rows, columns), isa, &[&x]);
            let forward = batch_normalise(rows, columns);
            let forward = outputs(&forward, isa, &[&x, &sums[0], &sums[1], &gamma, &beta]);
            assert_near("y", &forward[0], &y, 2e-5);
            let gradients = batch_gradient_sums(rows, columns);
            let gradients = outputs(&gradients, isa, &[&x, &sums[0], &sums[1], &dy]);
            let backward = batch_gradient(rows, columns);
            let all =
                [&x, &sums[0], &sums[1], &dy, &gradients[0], &gradients[1]].map(Vec::as_slice);
            assert_near("dx", &outputs(&backward, isa, &all)[0], &dx, 2e-5);
        }
    }
}

#[test]
fn channels_of_images_are_normalised_through_outer_axes() {
    let (images, channels, pixels) = (3, 4, 30);
    let x = noise::<f32>(images * channels * pixels, 8);
    let (mean, scale) = (noise::<f32>(channels, 9), noise::<f32>(channels, 10));
    let mut b = FusedBuilder::<f32>::new(&[images, channels, pixels]);
    let input = b.input(&[(channels * pixels) as isize, pixels as isize, 1]);
    let (m, s) = (b.input(&[0, 1, 0]), b.input(&[0, 1, 0]));
    let centred = b.binary(Binary::Sub, input, m);
    let y = b.binary(Binary::Mul, centred, s);
    let sum = b.reduce_last(Reduce::Sum, y);
    b.store(y);
    b.store_rows(sum);
    let outputs = outputs(&b, Isa::best(), &[&x, &mean, &scale]);
    for (i, (&x, &y)) in x.iter().zip(&outputs[0]).enumerate() {
        let channel = i / pixels % channels;
        assert_eq!(y, (x - mean[channel]) * scale[channel]);
    }
    let sums: Vec<f64> = wide(&outputs[0]).chunks(pixels).map(|y| y.iter().sum()).collect();
    assert_near("sums", &outputs[1], &sums, 1e-6);
}
