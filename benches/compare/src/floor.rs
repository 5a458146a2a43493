//! The floor: what a step would take if nothing but its unavoidable work were done, each part at the speed that this
//! machine shows in the same run.
//!
//! ```text
//! floor = flops of the step's products / rate of the best large product
//!       + 4 bytes · (2·P + 2·s·P + P + A) / bandwidth(working set of that many bytes)
//! ```
//!
//! - The flops are those of [`Work`](crate::models::Work): for a Linear layer `x·W`, `xᵀ·dy` and, but for the first,
//!   `dy·Wᵀ`, 2·m·n·k each; a convolution counts as the product with its windows.
//! - The rate is that of a square product of 1024 rows, measured with ours and with `gemm-f32`, on 1 thread and on all;
//!   the best counts. So the floor grants every product of the step, however small or thin, the speed of a large one.
//! - `P` numbers are trained: parameters are read and written, so is the optimizer's state (`s` numbers per
//!   parameter: 0 for SGD, 1 with momentum, 2 for Adam), gradients are read. Products write them, which their time
//!   covers. Where nothing is trained, parameters are only read: `P` instead of `2·P + 2·s·P + P`.
//! - `A` is the number of hidden activations: each is moved once. Where nothing is trained, the numbers of vectors that
//!   are read, and of results, are in it.
//! - The bandwidth is that of `a[i] = b[i] + s·c[i]` over three arrays that together are as large as those bytes
//!   (so a small step is granted the cache it fits in), counted as 12 bytes an element, again on 1 thread or all.
//!
//! It is an estimate, not a proof: the arithmetic of activations, norms and the loss costs nothing in it, nor does a
//! product's call; and for small steps no machine reaches it. It is measured in every round, interleaved with the
//! frameworks, and its parts are medians over the rounds.

use std::hint::black_box;
use std::time::Instant;

use rayon::prelude::*;

use crate::Failure;
use crate::gemm::gemm_squares;
use crate::models::Entry;
use crate::ours::Square;
use crate::spec::Optimizer;
use crate::stats::median;
use crate::stepfile::StepFile;

/// How long each part is repeated in a round, in microseconds.
const SLICE: f64 = 3_000.0;
/// Rows and columns of the large product.
const SIDE: usize = 1024;

/// Measures the floor of one step, round after round.
pub struct Floor {
    flops: f64,
    products: Vec<Part>,
    moves: Vec<Part>,
}

/// Something to time.
struct Part {
    run: Box<dyn FnMut() -> Result<(), Failure>>,
    /// The times of the rounds in microseconds.
    times: Vec<f64>,
}

impl Floor {
    /// The parts of a step, none measured yet.
    pub fn new(entry: &Entry, file: &StepFile, threads: usize) -> Self {
        let (flops, bytes) = (entry.model.work(entry.batch).flops, bytes(entry, file));
        let (mut products, mut moves) = (Vec::new(), Vec::new());
        for threads in if threads > 1 { vec![1, threads] } else { vec![1] } {
            moves.push(Part::new(triad(bytes, threads)));
            if flops > 0.0 {
                products.push(Part::new(gemm_product(threads)));
            }
        }
        if flops > 0.0 {
            products.push(Part::new(our_product()));
        }
        Self { flops, products, moves }
    }

    /// Times every part once more.
    pub fn round(&mut self) -> Result<(), Failure> {
        self.products.iter_mut().chain(&mut self.moves).try_for_each(Part::round)
    }

    /// The floor in microseconds.
    pub fn us(&self) -> f64 {
        let large = 2.0 * (SIDE as f64).powi(3);
        let products = if self.products.is_empty() {
            0.0
        } else {
            self.flops / large * fastest(&self.products)
        };
        products + fastest(&self.moves)
    }
}

fn fastest(parts: &[Part]) -> f64 {
    parts.iter().map(|part| median(&part.times)).fold(f64::INFINITY, f64::min)
}

/// The bytes that the update and the activations must move.
fn bytes(entry: &Entry, file: &StepFile) -> usize {
    let times = |optimizer: &Optimizer| 3 + 2 * optimizer.state_per_parameter();
    let times = entry.optimizer.as_ref().map_or(1, times);
    4 * (times * file.parameters() + entry.model.work(entry.batch).activations)
}

impl Part {
    fn new(run: impl FnMut() -> Result<(), Failure> + 'static) -> Self {
        Self { run: Box::new(run), times: Vec::new() }
    }

    /// The median time of one execution, over a slice of repetitions.
    fn round(&mut self) -> Result<(), Failure> {
        (self.run)()?;
        let begin = Instant::now();
        let mut times = Vec::new();
        while times.len() < 3 || begin.elapsed().as_nanos() as f64 / 1e3 < SLICE {
            let start = Instant::now();
            // The clock takes some 30 ns: small work is repeated under one reading.
            let repeat = times.first().map_or(1, |first| (10.0 / first) as usize).clamp(1, 100);
            (0..repeat).try_for_each(|_| (self.run)())?;
            times.push(start.elapsed().as_nanos() as f64 / 1e3 / repeat as f64);
        }
        self.times.push(median(&times));
        Ok(())
    }
}

/// Values for a large square, of no extreme size.
fn filled() -> Vec<f32> {
    (0..SIDE * SIDE).map(|i| (i % 97) as f32 * 0.01).collect()
}

fn our_product() -> impl FnMut() -> Result<(), Failure> {
    let mut square = Square::new(SIDE, &filled());
    move || square.run()
}

fn gemm_product(threads: usize) -> impl FnMut() -> Result<(), Failure> {
    let (a, b, mut c) = (filled(), filled(), filled());
    move || {
        gemm_squares(SIDE, black_box(&mut c), &a, &b, threads);
        Ok(())
    }
}

fn triad(bytes: usize, threads: usize) -> impl FnMut() -> Result<(), Failure> {
    let size = (bytes / 12).max(1);
    let (mut a, b, c) = (vec![0.0; size], vec![1.0; size], vec![2.0; size]);
    move || {
        let a = black_box(&mut a);
        let chunk = size.div_ceil(threads);
        if threads == 1 {
            add_scaled(a, &b, &c);
        } else {
            let chunks = a.par_chunks_mut(chunk).zip(b.par_chunks(chunk));
            chunks.zip(c.par_chunks(chunk)).for_each(|((a, b), c)| add_scaled(a, b, c));
        }
        Ok(())
    }
}

fn add_scaled(a: &mut [f32], b: &[f32], c: &[f32]) {
    let scale = black_box(1.5);
    for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
        *a = b + scale * c;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{generate, models};

    #[test]
    fn bytes_of_the_tiny_step() {
        let entry = &models::all()[0];
        let parameters = 2 * 16 + 16 + 16 * 16 + 16 + 16 * 2 + 2;
        assert_eq!(bytes(entry, &generate::step_file(entry)), 4 * (3 * parameters + 32 * 32));
    }

    #[test]
    fn a_floor_is_measured() {
        let entry = &models::all()[0];
        let mut floor = Floor::new(entry, &generate::step_file(entry), 2);
        floor.round().unwrap();
        assert!(floor.us() > 0.0 && floor.us() < 1e4, "{}", floor.us());
    }
}
