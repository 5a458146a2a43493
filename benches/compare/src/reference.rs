//! The loss of the first step in `f64`, computed as plainly as possible: what every framework must find.

use rayon::prelude::*;

use crate::Failure;
use crate::spec::Activation;
use crate::stepfile::StepFile;

/// The loss of the file's batch under the file's weights.
pub fn loss(file: &StepFile) -> Result<f64, Failure> {
    let spec = &file.spec;
    let mut x = wide(&file.array("x")?.data);
    for (i, (inputs, outputs)) in spec.linears().enumerate() {
        let weight = wide(&file.array(&format!("linear{i}.weight"))?.data);
        let bias = wide(&file.array(&format!("linear{i}.bias"))?.data);
        x = linear(&x, &weight, &bias, inputs);
        if i == spec.hidden().len() {
            break;
        }
        if spec.batch_norm {
            let scale = wide(&file.array(&format!("norm{i}.weight"))?.data);
            let shift = wide(&file.array(&format!("norm{i}.bias"))?.data);
            batch_norm(&mut x, outputs, spec.bn_eps, &scale, &shift);
        }
        x.iter_mut().for_each(|v| {
            *v = match spec.activation {
                Activation::Tanh => v.tanh(),
                Activation::Relu => v.max(0.0),
            }
        });
    }
    let classes = *spec.sizes.last().ok_or("a spec has sizes")?;
    Ok(cross_entropy(&x, classes, &file.labels))
}

fn wide(data: &[f32]) -> Vec<f64> {
    data.iter().map(|&v| f64::from(v)).collect()
}

/// x·Wᵀ + b, with a row of W for each output.
fn linear(x: &[f64], weight: &[f64], bias: &[f64], inputs: usize) -> Vec<f64> {
    let dot = |row: &[f64], w: &[f64]| {
        // Eight partial sums: the compiler may then use vectors.
        let mut sums = [0.0; 8];
        for (r, w) in row.chunks(8).zip(w.chunks(8)) {
            sums.iter_mut().zip(r.iter().zip(w)).for_each(|(sum, (r, w))| *sum += r * w);
        }
        sums.iter().sum::<f64>()
    };
    let row = |row| weight.chunks(inputs).zip(bias).map(|(w, b)| dot(row, w) + b).collect();
    x.par_chunks(inputs).flat_map_iter(|r| -> Vec<f64> { row(r) }).collect()
}

fn batch_norm(x: &mut [f64], width: usize, eps: f64, scale: &[f64], shift: &[f64]) {
    let rows = (x.len() / width) as f64;
    for column in 0..width {
        let values = || x.iter().skip(column).step_by(width);
        let mean = values().sum::<f64>() / rows;
        let variance = values().map(|v| (v - mean).powi(2)).sum::<f64>() / rows;
        let factor = scale[column] / (variance + eps).sqrt();
        for v in x.iter_mut().skip(column).step_by(width) {
            *v = (*v - mean) * factor + shift[column];
        }
    }
}

fn cross_entropy(logits: &[f64], classes: usize, labels: &[i64]) -> f64 {
    let rows = logits.chunks(classes).zip(labels);
    let losses = rows.map(|(row, &label)| {
        let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = row.iter().map(|v| (v - max).exp()).sum();
        max + sum.ln() - row[label as usize]
    });
    losses.sum::<f64>() / labels.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cross_entropy_of_equal_logits_is_the_log_of_the_classes() {
        assert!((cross_entropy(&[3.0; 8], 4, &[0, 3]) - 4f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn batch_norm_gives_scale_and_shift() {
        let mut x = vec![1.0, 10.0, 3.0, 30.0];
        batch_norm(&mut x, 2, 0.0, &[2.0, 1.0], &[0.5, 0.0]);
        assert_eq!(x, [-1.5, -1.0, 2.5, 1.0]);
    }

    #[test]
    fn linear_takes_rows_of_the_weight() {
        let x: Vec<f64> = (0..18).map(f64::from).collect();
        let weight = [vec![1.0; 9], vec![2.0; 9]].concat();
        assert_eq!(linear(&x, &weight, &[0.5, 0.0], 9), [36.5, 72.0, 117.5, 234.0]);
    }
}
