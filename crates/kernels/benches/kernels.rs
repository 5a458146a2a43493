//! The kernels by themselves, on one thread and on two: `cargo bench -p kernels`.

use cotangent_kernels::{
    Adam, Arg, Binary, FusedBuilder, Isa, Matrix, MatrixMut, Pool, Reduce, Source, Unary, binary,
    gemm, reduce_columns, reduce_rows, unary,
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
    for f in [Unary::Exp, Unary::Ln, Unary::Tanh, Unary::Sigmoid, Unary::Erf, Unary::SechSquared] {
        for isa in Isa::available() {
            group.bench_function(BenchmarkId::new(format!("{f:?}"), isa.name()), |b| {
                b.iter(|| unary(isa, f, Arg::Slice(&x), &mut y));
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

fn products(c: &mut Criterion) {
    let mut group = c.benchmark_group("gemm");
    for [rows, depth, columns] in
        [[32, 16, 16], [64, 64, 128], [128, 100, 100], [128, 784, 512], [512, 1024, 2048]]
    {
        group.throughput(Throughput::Elements(2 * (rows * depth * columns) as u64));
        let (a, b, mut out) =
            (numbers(rows * depth), numbers(depth * columns), numbers(rows * columns));
        for threads in [1, 2] {
            let pool = Pool::new(threads);
            let id = BenchmarkId::new(format!("{rows}x{depth}x{columns}"), threads);
            group.bench_function(id, |bench| {
                bench.iter(|| {
                    let (a, b) = (Matrix::new(&a, rows, depth), Matrix::new(&b, depth, columns));
                    let out = MatrixMut::new(&mut out, rows, columns);
                    gemm(Isa::best(), &pool, a, b, out, false);
                });
            });
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

fn updates(c: &mut Criterion) {
    let mut group = c.benchmark_group("adam");
    let adam = Adam {
        learning_rate: 1e-3,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        epsilon_inside: false,
        bias_correction: true,
        weight_decay: 0.0,
        decoupled: false,
        step: 1,
    };
    for n in [17_226, 535_818] {
        group.throughput(Throughput::Elements(n as u64));
        let [mut p, g, mut m, mut v] = [(); 4].map(|()| numbers(n));
        for threads in [1, 2] {
            let pool = Pool::new(threads);
            group.bench_function(BenchmarkId::new(n.to_string(), threads), |b| {
                b.iter(|| adam.step(Isa::best(), &pool, &mut p, &g, &mut m, &mut v));
            });
        }
    }
}

criterion_group!(benches, elementwise, reductions, products, fused, updates);
criterion_main!(benches);
