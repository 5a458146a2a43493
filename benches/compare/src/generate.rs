//! Weights and batch of a step, the same at every run: drawn from a fixed seed.

use std::collections::HashMap;

use crate::spec::Spec;
use crate::stepfile::{Array, StepFile};

/// Draws the numbers of a step. Linear layers start as in PyTorch (uniform within ±1/√inputs), BatchNorm's
/// scale within 1 ± 0.1 and its shift within ±0.1 so that both matter, the batch is standard normal, the
/// labels uniform.
pub fn step_file(spec: &Spec) -> StepFile {
    let mut random = SplitMix::named(&spec.name);
    let mut arrays = HashMap::new();
    for (i, (inputs, outputs)) in spec.linears().enumerate() {
        let bound = 1.0 / (inputs as f32).sqrt();
        let weight = random.uniform(vec![outputs, inputs], 0.0, bound);
        arrays.insert(format!("linear{i}.weight"), weight);
        arrays.insert(format!("linear{i}.bias"), random.uniform(vec![outputs], 0.0, bound));
    }
    if spec.batch_norm {
        for (i, &width) in spec.hidden().iter().enumerate() {
            arrays.insert(format!("norm{i}.weight"), random.uniform(vec![width], 1.0, 0.1));
            arrays.insert(format!("norm{i}.bias"), random.uniform(vec![width], 0.0, 0.1));
        }
    }
    arrays.insert("x".to_owned(), random.normal(vec![spec.batch, spec.sizes[0]]));
    let classes = *spec.sizes.last().expect("a spec has sizes") as u64;
    let labels = (0..spec.batch).map(|_| (random.next() % classes) as i64).collect();
    StepFile { spec: spec.clone(), arrays, labels }
}

/// SplitMix64 (Steele, Lea and Flood 2014): enough to fill a benchmark's arrays.
struct SplitMix(u64);

impl SplitMix {
    /// Seeded by the bytes of a name (FNV-1a), so that each step has numbers of its own.
    fn named(name: &str) -> Self {
        let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        Self(name.bytes().fold(0xcbf2_9ce4_8422_2325, fold))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in (0, 1), never either end.
    fn unit(&mut self) -> f64 {
        ((self.next() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    fn uniform(&mut self, shape: Vec<usize>, centre: f32, bound: f32) -> Array {
        let size = shape.iter().product();
        let draw = |_| centre + bound * (2.0 * self.unit() - 1.0) as f32;
        Array { data: (0..size).map(draw).collect(), shape }
    }

    /// Standard normal, by Box and Muller.
    fn normal(&mut self, shape: Vec<usize>) -> Array {
        let size = shape.iter().product();
        let draw = |_| {
            let (u, v) = (self.unit(), self.unit());
            ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
        };
        Array { data: (0..size).map(draw).collect(), shape }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_survives_the_disk_and_repeats() {
        let spec = &crate::spec::all()[1];
        let made = step_file(spec);
        let file = tempfile::NamedTempFile::new().unwrap();
        made.write(file.path()).unwrap();
        let read = StepFile::read(file.path()).unwrap();
        assert_eq!(read.spec, made.spec);
        assert_eq!(read.arrays, made.arrays);
        assert_eq!(read.labels, made.labels);
        assert_eq!(step_file(spec).arrays, made.arrays);
        assert!(read.labels.iter().all(|&label| (0..10).contains(&label)));
    }

    #[test]
    fn the_batch_is_standard_normal() {
        let x = SplitMix(7).normal(vec![100_000]).data;
        let mean = x.iter().sum::<f32>() / x.len() as f32;
        let variance = x.iter().map(|v| v * v).sum::<f32>() / x.len() as f32;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }
}
