//! The floor: what a step would take if nothing but its unavoidable work were done, each part at the speed that this
//! machine shows in the same run.
//!
//! ```text
//! floor = flops of the matrix products / the best rate of any of them
//!       + 4 bytes · (2·P + 2·s·P + P + A) / bandwidth(working set of that many bytes)
//! ```
//!
//! - The products of each Linear layer are `x·W`, `xᵀ·dy`, and, but for the first layer, `dy·Wᵀ`; each is 2·m·n·k
//!   flops. Each shape of the step is timed with `gemm-f32` on warm operands, with 1 thread and with the granted
//!   number. The fastest in flops a second sets the rate for all: what the machine does in this step's best shape,
//!   the floor assumes of every shape.
//! - `P` numbers are trained: parameters are read and written, so is the optimizer's state (`s` numbers per
//!   parameter: 0 for SGD, 1 with momentum, 2 for Adam), gradients are read. Products write them, which their time
//!   covers.
//! - `A = batch · Σ hidden widths`: each hidden activation is moved once.
//! - The bandwidth is that of `a[i] = b[i] + s·c[i]` over three arrays that together are as large as those bytes
//!   (so a small step is granted the cache it fits in), counted as 12 bytes an element, again on 1 thread or all.
//!
//! It is an estimate, not a proof: the arithmetic of activations, norms and the loss costs nothing in it, nor does a
//! product's call; and a product faster than `gemm-f32`'s would lower it. It is measured in every round, interleaved
//! with the frameworks, and its parts are medians over the rounds.

use std::hint::black_box;
use std::time::Instant;

use rayon::prelude::*;

use crate::gemm::{Layout, gemm};
use crate::spec::Spec;
use crate::stats::median;

/// How long each part is repeated in a round, in microseconds.
const SLICE: f64 = 3_000.0;

/// Measures the floor of one step, round after round.
pub struct Floor {
    threads: usize,
    parts: Vec<Part>,
}

/// One shape of product, or the move of the bytes.
struct Part {
    work: Work,
    /// Flops of one execution; 0 for the move.
    flops: f64,
    /// How often the step does it.
    times: usize,
    /// Medians of the rounds, with one thread and with all.
    single: Vec<f64>,
    all: Vec<f64>,
}

/// Something to time.
enum Work {
    Product { a: (Vec<f32>, Layout), b: (Vec<f32>, Layout), c: Vec<f32> },
    Triad { a: Vec<f32>, b: Vec<f32>, c: Vec<f32> },
}

impl Floor {
    /// The parts of a step, none measured yet.
    pub fn new(spec: &Spec, threads: usize) -> Self {
        let mut shapes: Vec<([usize; 3], Kind, usize)> = Vec::new();
        let mut add = |shape, kind| match shapes.iter_mut().find(|s| s.0 == shape && s.1 == kind) {
            Some(known) => known.2 += 1,
            None => shapes.push((shape, kind, 1)),
        };
        for (i, (inputs, outputs)) in spec.linears().enumerate() {
            let shape = [spec.batch, inputs, outputs];
            add(shape, Kind::Forward);
            add(shape, Kind::WeightGradient);
            if i > 0 {
                add(shape, Kind::InputGradient);
            }
        }
        let part = |work, flops, times| {
            let (single, all) = (Vec::new(), Vec::new());
            Part { work, flops, times, single, all }
        };
        let mut parts = Vec::new();
        for (shape, kind, times) in shapes {
            let flops = 2.0 * shape.iter().product::<usize>() as f64;
            parts.push(part(Work::product(shape, kind), flops, times));
        }
        parts.push(part(Work::triad(bytes(spec)), 0.0, 1));
        Self { threads, parts }
    }

    /// Times every part once more.
    pub fn round(&mut self) {
        for part in &mut self.parts {
            part.single.push(part.work.time(1));
            if self.threads > 1 {
                part.all.push(part.work.time(self.threads));
            }
        }
    }

    /// The floor in microseconds.
    pub fn us(&self) -> f64 {
        let best = |part: &Part| median(&part.single).min(median(&part.all));
        let rate = self.parts.iter().map(|part| part.flops / best(part)).fold(0.0, f64::max);
        let flops: f64 = self.parts.iter().map(|part| part.times as f64 * part.flops).sum();
        let moves = self.parts.iter().filter(|part| part.flops == 0.0);
        flops / rate + moves.map(best).sum::<f64>()
    }
}

/// The bytes that the update and the activations must move.
pub fn bytes(spec: &Spec) -> usize {
    let parameters = spec.parameters();
    let state = spec.optimizer.state_per_parameter() * parameters;
    let activations = spec.batch * spec.hidden().iter().sum::<usize>();
    4 * (2 * parameters + 2 * state + parameters + activations)
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Forward,
    WeightGradient,
    InputGradient,
}

impl Work {
    fn product([batch, inputs, outputs]: [usize; 3], kind: Kind) -> Self {
        let x = Layout::rows(batch, inputs);
        let w = Layout::rows(inputs, outputs);
        let y = Layout::rows(batch, outputs);
        let (a, b, c) = match kind {
            Kind::Forward => (x, w, y),
            Kind::WeightGradient => (x.transposed(), y, w),
            Kind::InputGradient => (y, w.transposed(), x),
        };
        let fill = |layout: Layout| (0..layout.size()).map(|i| (i % 97) as f32 * 0.01).collect();
        Self::Product { a: (fill(a), a), b: (fill(b), b), c: fill(c) }
    }

    fn triad(bytes: usize) -> Self {
        let size = (bytes / 12).max(1);
        Self::Triad { a: vec![0.0; size], b: vec![1.0; size], c: vec![2.0; size] }
    }

    /// The median time of one execution in microseconds, over a slice of repetitions.
    fn time(&mut self, threads: usize) -> f64 {
        self.run(threads);
        let begin = Instant::now();
        let mut times = Vec::new();
        while times.len() < 3 || begin.elapsed().as_nanos() as f64 / 1e3 < SLICE {
            let start = Instant::now();
            // The clock takes some 30 ns: small work is repeated under one reading.
            let repeat = times.first().map_or(1, |first| (10.0 / first) as usize).clamp(1, 100);
            (0..repeat).for_each(|_| self.run(threads));
            times.push(start.elapsed().as_nanos() as f64 / 1e3 / repeat as f64);
        }
        median(&times)
    }

    fn run(&mut self, threads: usize) {
        match self {
            Self::Product { a, b, c } => {
                gemm(black_box(c), (&a.0, a.1), (&b.0, b.1), threads);
            }
            Self::Triad { a, b, c } => {
                let chunk = a.len().div_ceil(threads);
                if threads == 1 {
                    triad(black_box(a), b, c);
                } else {
                    let chunks = a.par_chunks_mut(chunk).zip(b.par_chunks(chunk));
                    chunks.zip(c.par_chunks(chunk)).for_each(|((a, b), c)| triad(a, b, c));
                }
            }
        }
    }
}

fn triad(a: &mut [f32], b: &[f32], c: &[f32]) {
    let scale = black_box(1.5);
    for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
        *a = b + scale * c;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_layer_has_no_input_gradient() {
        let deep = &crate::spec::all()[3];
        let floor = Floor::new(deep, 1);
        let products: usize = floor.parts.iter().map(|part| part.times).sum::<usize>() - 1;
        assert_eq!(products, 3 * 21 - 1);
        assert_eq!(floor.parts.len() - 1, 3 * 3 - 1, "equal shapes are timed once");
    }

    #[test]
    fn bytes_of_the_tiny_step() {
        let parameters = 2 * 16 + 16 + 16 * 16 + 16 + 16 * 2 + 2;
        assert_eq!(bytes(&crate::spec::all()[0]), 4 * (3 * parameters + 32 * 32));
    }
}
