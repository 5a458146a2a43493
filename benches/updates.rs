//! An update of a million parameters by every rule, against the time that its bytes take, and by gradient descent with every
//! part around it: `cargo bench -p cotangent-benches --bench updates`.
//!
//! The bytes are weights and slots, read and written, and gradients, read once. The time of a byte is that of the best of
//! many passes `a ← b + c` over as many numbers, by a plain loop in the same run.

use std::sync::Mutex;
use std::time::Instant;

use cotangent::optim::{Optimizer, Sgd, every_part, every_rule};
use cotangent::{GradientLayout, Gradients, Params, ndarray::Array};

const ROWS: usize = 1000;
const COLUMNS: usize = 1000;
const ROUNDS: usize = 40;

/// After so many steps every part has done all that it does.
const PERIOD: usize = 4;

fn main() {
    let gradients: Vec<f32> =
        (0..ROWS * COLUMNS).map(|i| ((i * 7919) % 1000) as f32 / 1e3 - 0.45).collect();
    rules(&gradients);
    parts(&gradients);
}

fn rules(gradients: &[f32]) {
    let size = gradients.len();
    let mut pass = triad(size);
    println!("rule           GB    ms  × its bytes");
    for (name, make) in every_rule::<f32>() {
        let (mut params, mut optimizer) = (params(), make(1e-6));
        step(optimizer.as_mut(), &mut params, gradients);
        let (mut best, mut byte) = (f64::MAX, f64::MAX);
        for _ in 0..ROUNDS {
            best = best.min(seconds(&mut || step(optimizer.as_mut(), &mut params, gradients)));
            byte = byte.min(seconds(&mut pass) / (3 * 4 * size) as f64);
        }
        let state = optimizer.state(&params).expect("a step was made");
        let bytes = 4 * (3 * size + 2 * state.size());
        let ratio = best / (byte * bytes as f64);
        println!("{name:10} {:6.3} {:5.2}  {ratio:.2}", bytes as f64 / 1e9, best * 1e3);
    }
}

/// The time of a step, a mean over those of a period.
fn parts(gradients: &[f32]) {
    println!("\npart around sgd   ms");
    let alone: (_, fn(_) -> _) = ("(none)", |inner| inner);
    for (name, put_around) in [alone].into_iter().chain(every_part::<f32>()) {
        let (mut params, mut optimizer) = (params(), put_around(Box::new(Sgd::new(1e-6))));
        let mut period =
            || (0..PERIOD).for_each(|_| step(optimizer.as_mut(), &mut params, gradients));
        period();
        let best = (0..ROUNDS).map(|_| seconds(&mut period)).fold(f64::MAX, f64::min);
        println!("{name:16} {:5.2}", best * 1e3 / PERIOD as f64);
    }
}

fn params() -> Params {
    let mut params = Params::seeded(0);
    let weights = Array::from_shape_fn((ROWS, COLUMNS), |(i, j)| ((i + 3 * j) % 17) as f64 / 17.0);
    params.root().parameter("w", weights.into_dyn());
    params
}

fn step(optimizer: &mut dyn Optimizer, params: &mut Params, gradients: &[f32]) {
    let layout = GradientLayout::new(params.trainable_entries());
    let gradients = Gradients::new(&layout, gradients).known_finite();
    optimizer.step(params, gradients).expect("the gradients are finite");
}

/// A pass over three arrays of the size, on all cores.
fn triad(size: usize) -> impl FnMut() {
    let pool = cotangent::default_pool();
    let (mut a, b, c) = (vec![0.0_f32; size], vec![1.0_f32; size], vec![2.0_f32; size]);
    move || {
        let part = size.div_ceil(pool.threads());
        let parts: Vec<_> =
            a.chunks_mut(part).zip(b.chunks(part)).zip(c.chunks(part)).map(Mutex::new).collect();
        pool.run(parts.len(), &|i| {
            let mut part = parts[i].lock().expect("nobody panics");
            let ((a, b), c) = &mut *part;
            a.iter_mut().zip(b.iter()).zip(c.iter()).for_each(|((a, b), c)| *a = b + c);
        });
    }
}

fn seconds(run: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64()
}
