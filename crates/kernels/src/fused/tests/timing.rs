//! How fast it is. Ignored in ordinary runs; `cargo test --release -p kernels fused::tests::timing -- --ignored
//! --nocapture` prints the figures.

use std::time::Instant;

use super::examples::{batch_normalise, batch_sums, cross_entropy};
use super::{blank, noise};
use crate::elementwise::{Binary, Unary};
use crate::fused::{Fused, FusedBuilder, Source};
use crate::isa::Isa;
use crate::pool::Pool;
use crate::reduce::Reduce;

/// Nanoseconds of a call: the fastest of many rounds.
fn fastest(mut call: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    let mut calls = 1;
    for _ in 0..60 {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        let elapsed = start.elapsed().as_nanos() as f64;
        best = best.min(elapsed / calls as f64);
        calls = ((5e5 / best) as usize).clamp(1, 100_000);
    }
    best
}

/// A vector that begins at a cache line, with its first element's position.
struct Aligned(Vec<f32>, usize);

impl Aligned {
    fn new(len: usize, seed: u64) -> Aligned {
        let data = noise::<f32>(len + 16, seed);
        let start = data.as_ptr().align_offset(64);
        Aligned(data, start)
    }

    fn get(&mut self, len: usize) -> &mut [f32] {
        &mut self.0[self.1..self.1 + len]
    }
}

fn time(fused: &Fused<f32>, threads: usize) -> f64 {
    let pool = Pool::new(threads);
    let lengths: Vec<usize> = fused.strides.iter().map(|s| fused.nest.reach(s)).collect();
    let mut inputs: Vec<Aligned> =
        lengths.iter().zip(1..).map(|(&len, seed)| Aligned::new(len, seed)).collect();
    let inputs: Vec<&[f32]> =
        inputs.iter_mut().zip(&lengths).map(|(x, &len)| &*x.get(len)).collect();
    let inputs: Vec<Source<'_, f32>> = inputs.into_iter().map(Source::Slice).collect();
    let blank = blank(fused);
    let mut outputs: Vec<Aligned> = blank.iter().map(|x| Aligned::new(x.len(), 1)).collect();
    let mut outputs: Vec<&mut [f32]> =
        outputs.iter_mut().zip(&blank).map(|(y, x)| y.get(x.len())).collect();
    let len = fused.scratch_len(threads);
    let mut scratch = vec![0.0; len];
    fastest(|| fused.run(Isa::best(), &pool, &inputs, &mut outputs, &mut scratch))
}

/// A chain of additions and products of two inputs.
fn chain(rows: usize, columns: usize, operations: usize) -> FusedBuilder<f32> {
    let mut b = FusedBuilder::new(&[rows, columns]);
    let (x, y) = (b.input(&[columns, 1]), b.input(&[columns, 1]));
    let mut z = x;
    for i in 0..operations {
        z = b.binary(if i % 2 == 0 { Binary::Add } else { Binary::Mul }, z, y);
    }
    b.store(z);
    b
}

fn bias_relu(rows: usize, columns: usize) -> FusedBuilder<f32> {
    let mut b = FusedBuilder::new(&[rows, columns]);
    let (x, bias) = (b.input(&[columns, 1]), b.input(&[0, 1]));
    let y = b.binary(Binary::Add, x, bias);
    let y = b.unary(Unary::Relu, y);
    b.store(y);
    b
}

/// dx = dy where y > 0, and its sum over the rows: the gradient of a bias.
fn bias_relu_gradient(rows: usize, columns: usize) -> FusedBuilder<f32> {
    let mut b = FusedBuilder::new(&[rows, columns]);
    let (y, dy, zero) = (b.input(&[columns, 1]), b.input(&[columns, 1]), b.constant(0.0));
    let positive = b.binary(Binary::Gt, y, zero);
    let dx = b.select(positive, dy, zero);
    b.store(dx);
    b.store_reduced(Reduce::Sum, dx);
    b
}

#[test]
#[ignore = "prints timings"]
fn timings() {
    let report = |name: &str, builder: FusedBuilder<f32>| {
        let fused = builder.build();
        let times = [time(&fused, 1), time(&fused, 2)];
        println!(
            "{name:40} {:9.0} ns, {:9.0} ns on two threads, cost {}",
            times[0], times[1], fused.cost
        );
    };
    for (rows, columns) in [(1, 32), (64, 128), (64, 130), (512, 2048)] {
        for operations in [1, 5, 12] {
            let ns = time(&chain(rows, columns, operations).build(), 1);
            let rate = (rows * columns * operations) as f64 / ns;
            println!(
                "{operations:2} operations on {rows} × {columns}: {ns:9.0} ns, {rate:6.2} per ns"
            );
        }
    }
    for (rows, columns) in [(64, 128), (128, 512)] {
        report(&format!("sums of a batch {rows} × {columns}"), batch_sums(rows, columns));
        report(&format!("normalise, relu {rows} × {columns}"), batch_normalise(rows, columns));
    }
    report("softmax, cross-entropy, both ways 128 × 10", cross_entropy(128, 10));
    for (rows, columns) in [(32, 16), (64, 128), (128, 100), (512, 2048)] {
        report(&format!("bias, relu {rows} × {columns}"), bias_relu(rows, columns));
        report(
            &format!("gradient of bias, relu {rows} × {columns}"),
            bias_relu_gradient(rows, columns),
        );
    }
    for len in [8192, 512 * 2048] {
        let (x, mut y) = (noise::<f32>(len, 1), noise::<f32>(len, 2));
        println!(
            "copy of {len:8} f32 {:9.0} ns",
            fastest(|| y.copy_from_slice(std::hint::black_box(&x)))
        );
    }
    println!("with one thread and with two, whatever the cost:");
    for rows in [32, 64, 128, 256, 512] {
        for (name, builder) in
            [("bias, relu", bias_relu(rows, 512)), ("softmax", cross_entropy(rows, 512))]
        {
            let mut fused = builder.build();
            let one = time(&fused, 1);
            let cost = std::mem::replace(&mut fused.cost, usize::MAX);
            println!("{name} {rows} × 512: {one:.0} ns, {:.0} ns, cost {cost}", time(&fused, 2));
        }
    }
    for f in [
        Unary::Exp,
        Unary::Tanh,
        Unary::Sigmoid,
        Unary::Ln,
        Unary::Sin,
        Unary::Erf,
        Unary::Sqrt,
        Unary::Rsqrt,
    ] {
        let mut b = FusedBuilder::new(&[4096]);
        let x = b.input(&[1]);
        let y = b.unary(f, x);
        b.store(y);
        println!("{f:?} of 4096: {:.0} ns", time(&b.build(), 1));
    }
}
