//! Weights and batch of a step, the same at every run: drawn from a fixed seed.

use std::collections::HashMap;

use crate::models::Entry;
use crate::stepfile::{Array, StepFile};

/// Draws the numbers of a step.
pub fn step_file(entry: &Entry) -> StepFile {
    let random = SplitMix::named(entry.name);
    let mut draw = Draw { random, arrays: HashMap::new(), labels: Vec::new() };
    entry.model.draw(entry.batch, &mut draw);
    StepFile { spec: entry.spec(), arrays: draw.arrays, labels: draw.labels }
}

/// The numbers of a step while they are drawn.
pub struct Draw {
    random: SplitMix,
    arrays: HashMap<String, Array>,
    labels: Vec<i64>,
}

impl Draw {
    /// Weight and bias of a layer as PyTorch starts them: uniform within ±1/√(inputs of one output). The shape is
    /// that of the weight, its first extent the number of outputs.
    pub fn layer(&mut self, name: &str, shape: &[usize]) {
        let bound = self.weight(name, shape);
        self.uniform(&format!("{name}.bias"), &shape[..1], 0.0, bound);
    }

    /// The weight alone; the bound is answered.
    pub fn weight(&mut self, name: &str, shape: &[usize]) -> f32 {
        let inputs: usize = shape[1..].iter().product();
        let bound = 1.0 / (inputs as f32).sqrt();
        self.uniform(&format!("{name}.weight"), shape, 0.0, bound);
        bound
    }

    /// Scale and shift of a norm: within 1 ± 0.1 and within ±0.1, so that both matter.
    pub fn norm(&mut self, name: &str, width: usize) {
        self.uniform(&format!("{name}.weight"), &[width], 1.0, 0.1);
        self.uniform(&format!("{name}.bias"), &[width], 0.0, 0.1);
    }

    /// Standard normal numbers.
    pub fn normal(&mut self, name: &str, shape: &[usize]) {
        let array = self.random.normal(shape.to_vec());
        self.arrays.insert(name.to_owned(), array);
    }

    /// Uniform whole numbers below an extent.
    pub fn indices(&mut self, name: &str, shape: &[usize], extent: usize) {
        let count = shape.iter().product();
        let data = (0..count).map(|_| (self.random.next() % extent as u64) as f32).collect();
        self.arrays.insert(name.to_owned(), Array { shape: shape.to_vec(), data });
    }

    /// Uniform labels.
    pub fn labels(&mut self, count: usize, classes: usize) {
        self.labels = (0..count).map(|_| (self.random.next() % classes as u64) as i64).collect();
    }

    fn uniform(&mut self, name: &str, shape: &[usize], centre: f32, bound: f32) {
        let array = self.random.uniform(shape.to_vec(), centre, bound);
        self.arrays.insert(name.to_owned(), array);
    }
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
        let entry = &crate::models::all()[1];
        let made = step_file(entry);
        let file = tempfile::NamedTempFile::new().unwrap();
        made.write(file.path()).unwrap();
        let read = StepFile::read(file.path()).unwrap();
        assert_eq!(read.spec, made.spec);
        assert_eq!(read.arrays, made.arrays);
        assert_eq!(read.labels, made.labels);
        assert_eq!(step_file(entry).arrays, made.arrays);
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
