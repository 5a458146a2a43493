//! The kernels by themselves, on one thread and on two: `cargo bench -p kernels`.

use std::time::Instant;

use cotangent_kernels::{
    Arg, Binary, Contraction, Extents, FusedBuilder, Isa, Place, Pool, Reduce, Source, Unary,
    binary, reduce_columns, reduce_rows, unary,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Some 32 kB of single precision: what a first-level cache holds.
const IN_CACHE: usize = 8192;

fn numbers(n: usize) -> Vec<f32> {
    (0..n).map(|i| 0.1 + (i % 97) as f32 * 0.01).collect()
}

fn elementwise(c: &mut Criterion) {
    let mut group = c.benchmark_group("elementwise");
    group.throughput(Throughput::Elements(IN_CACHE as u64));
    let (x, mut y) = (numbers(IN_CACHE), numbers(IN_CACHE));
    use Unary::{Cos, Erf, Exp, Ln, SechSquared, Sigmoid, Sin, Tanh};
    for f in [Exp, Ln, Tanh, Sigmoid, Erf, SechSquared, Sin, Cos] {
        for isa in Isa::available() {
            group.bench_function(BenchmarkId::new(format!("{f:?}"), isa.name()), |b| {
                b.iter(|| unary(isa, f, Arg::Slice(&x), &mut y));
            });
        }
    }
    let [double, mut of_double] =
        [(); 2].map(|()| x.iter().copied().map(f64::from).collect::<Vec<_>>());
    for f in [Exp, Sin, Cos] {
        for isa in Isa::available() {
            group.bench_function(BenchmarkId::new(format!("{f:?}, double"), isa.name()), |b| {
                b.iter(|| unary(isa, f, Arg::Slice(&double), &mut of_double));
            });
        }
    }
    for f in [Binary::Add, Binary::Div, Binary::MulNoNan] {
        group.bench_function(BenchmarkId::new(format!("{f:?}"), Isa::best().name()), |b| {
            b.iter(|| binary(Isa::best(), f, Arg::Slice(&x), Arg::Out, &mut y));
        });
    }
}

fn reductions(c: &mut Criterion) {
    let mut group = c.benchmark_group("sum");
    let (rows, columns) = (128, 256);
    group.throughput(Throughput::Elements((rows * columns) as u64));
    let x = numbers(rows * columns);
    let mut of_rows = numbers(rows);
    group.bench_function("of each row", |b| {
        b.iter(|| reduce_rows(Isa::best(), Reduce::Sum, &x, rows, &mut of_rows));
    });
    let mut of_columns = numbers(columns);
    group.bench_function("of each column", |b| {
        b.iter(|| reduce_columns(Isa::best(), Reduce::Sum, &x, rows, columns, &mut of_columns));
    });
}

/// A batch of dense matrix products.
fn matrices(batch: usize, [rows, depth, columns]: [usize; 3]) -> Contraction<f32> {
    let steps = |rows: usize, columns: usize| ([(rows * columns) as isize], [columns as isize]);
    let (a, b, c) = (steps(rows, depth), steps(depth, columns), steps(rows, columns));
    let extents = Extents { batch: &[batch], rows: &[rows], columns: &[columns], depth: &[depth] };
    let [a, b, c] =
        [&a, &b, &c].map(|(batch, rows)| Place { offset: 0, batch, rows, columns: &[1] });
    Contraction::new(extents, a, b, c)
}

/// The strides of the parts of a convolution of images \[n, c, h, w\]: results, taps, kernels and outputs.
struct Convolution {
    results: [usize; 3],
    taps: [usize; 3],
    outputs: [usize; 1],
    of_results: [isize; 3],
    of_taps: [isize; 3],
    kernel: [isize; 3],
    kernels: [isize; 1],
    out: [isize; 3],
    outs: [isize; 1],
}

impl Convolution {
    fn new([n, channels, high, wide]: [usize; 4], kernel: usize, outputs: usize) -> Self {
        let (i, j) = (high - kernel + 1, wide - kernel + 1);
        let strides = |strides: [usize; 3]| strides.map(|stride| stride as isize);
        Convolution {
            results: [n, i, j],
            taps: [channels, kernel, kernel],
            outputs: [outputs],
            of_results: strides([channels * high * wide, wide, 1]),
            of_taps: strides([high * wide, wide, 1]),
            kernel: strides([kernel * kernel, kernel, 1]),
            kernels: [(channels * kernel * kernel) as isize],
            out: strides([outputs * i * j, j, 1]),
            outs: [(i * j) as isize],
        }
    }

    fn forward(&self) -> Contraction<f32> {
        let place = |rows, columns| Place { offset: 0, batch: &[], rows, columns };
        Contraction::new(
            Extents { batch: &[], rows: &self.results, columns: &self.outputs, depth: &self.taps },
            place(&self.of_results, &self.of_taps),
            place(&self.kernel, &self.kernels),
            place(&self.out, &self.outs),
        )
    }

    fn of_kernels(&self) -> Contraction<f32> {
        let place = |rows, columns| Place { offset: 0, batch: &[], rows, columns };
        Contraction::new(
            Extents { batch: &[], rows: &self.taps, columns: &self.outputs, depth: &self.results },
            place(&self.of_taps, &self.of_results),
            place(&self.out, &self.outs),
            place(&self.kernel, &self.kernels),
        )
    }
}

/// The median rate of a contraction in Gflop/s, of rounds of some milliseconds.
fn rate(contraction: &Contraction<f32>, pool: &Pool, pack: bool) -> f64 {
    let [a, b, c] = contraction.reach();
    let (a, b, mut c) = (numbers(a), numbers(b), numbers(c));
    let mut packed = numbers(contraction.packed_b_len());
    contraction.pack_b(Isa::best(), pool, &b, &mut packed);
    let mut once = || {
        let start = Instant::now();
        if pack {
            contraction.run_packed(Isa::best(), pool, Source::Slice(&a), &packed, &mut c);
        } else {
            contraction.run(Isa::best(), pool, Source::Slice(&a), Source::Slice(&b), &mut c);
        }
        start.elapsed().as_secs_f64()
    };
    let rounds = (0.05 / once().max(1e-6)) as usize + 3;
    let mut times: Vec<f64> = (0..rounds).map(|_| once()).collect();
    times.sort_by(f64::total_cmp);
    contraction.flops() as f64 / times[rounds / 2] * 1e-9
}

/// Prints the rate of each shape on one thread and on two, and beside it the part of the rate of a large square product on
/// one thread, measured just before.
fn contractions(_: &mut Criterion) {
    let large = matrices(1, [1024, 1024, 1024]);
    let first = Convolution::new([64, 1, 32, 32], 5, 6);
    let second = Convolution::new([64, 6, 14, 14], 5, 16);
    // The gradient by the input: the padded gradient with the kernels turned round.
    let input = Convolution::new([64, 16, 18, 18], 5, 6);
    let shapes = [
        ("1024x1024x1024", matrices(1, [1024, 1024, 1024]), false),
        ("32x16x16", matrices(1, [32, 16, 16]), false),
        ("64x64x128", matrices(1, [64, 64, 128]), false),
        ("128x100x100", matrices(1, [128, 100, 100]), false),
        ("32x128x512, packed", matrices(1, [32, 128, 512]), true),
        ("128x784x512", matrices(1, [128, 784, 512]), false),
        ("512x2048x2048", matrices(1, [512, 2048, 2048]), false),
        ("64 of 64x32x64", matrices(64, [64, 32, 64]), false),
        ("first convolution", first.forward(), false),
        ("second convolution", second.forward(), false),
        ("first by kernels", first.of_kernels(), false),
        ("second by kernels", second.of_kernels(), false),
        ("second by input", input.forward(), false),
    ];
    let pools = [1, 2].map(Pool::new);
    for (name, contraction, pack) in &shapes {
        for pool in &pools {
            let best = rate(&large, &pools[0], false);
            let rate = rate(contraction, pool, *pack);
            let threads = pool.threads();
            println!(
                "contraction/{name}/{threads}: {rate:.1} Gflop/s, {:.2} of large",
                rate / best
            );
        }
    }
}

/// The normalisation of rows by columns' statistics with its activation, in one loop.
fn fused(c: &mut Criterion) {
    let mut group = c.benchmark_group("fused");
    for [rows, columns] in [[64, 128], [128, 512], [512, 2048]] {
        let mut builder = FusedBuilder::<f32>::new(&[rows, columns]);
        let x = builder.input(&[columns as isize, 1]);
        let [mean, scale, shift] = [(); 3].map(|()| builder.input(&[0, 1]));
        let centred = builder.binary(Binary::Sub, x, mean);
        let scaled = builder.binary(Binary::Mul, centred, scale);
        let shifted = builder.binary(Binary::Add, scaled, shift);
        let y = builder.unary(Unary::Relu, shifted);
        builder.store(y);
        builder.store_reduced(Reduce::Sum, y);
        let fused = builder.build();
        let (x, per_column) = (numbers(rows * columns), numbers(columns));
        let (mut y, mut sums) = (numbers(rows * columns), numbers(columns));
        group.throughput(Throughput::Elements((rows * columns) as u64));
        for threads in [1, 2] {
            let pool = Pool::new(threads);
            let mut scratch = numbers(fused.scratch_len(threads));
            let inputs = [&x, &per_column, &per_column, &per_column].map(|x| Source::Slice(x));
            group.bench_function(BenchmarkId::new(format!("{rows}x{columns}"), threads), |b| {
                b.iter(|| {
                    let outputs = &mut [&mut y[..], &mut sums];
                    fused.run(Isa::best(), &pool, &inputs, outputs, &mut scratch);
                });
            });
        }
    }
}

criterion_group!(benches, elementwise, reductions, contractions, fused);
criterion_main!(benches);
