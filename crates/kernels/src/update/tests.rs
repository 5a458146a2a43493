use super::*;
use crate::testing::{Precise, Rng, levels};

const SGD: Sgd = Sgd {
    learning_rate: 0.1,
    momentum: 0.9,
    dampening: 0.0,
    nesterov: false,
    weight_decay: 0.0,
    decoupled: false,
    first: true,
};

const ADAM: Adam = Adam {
    learning_rate: 1e-2,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    epsilon_inside: false,
    bias_correction: true,
    weight_decay: 0.0,
    decoupled: false,
    step: 1,
};

/// PyTorch's `torch.optim.SGD` for one parameter, line by line; returns (parameter, velocity).
fn torch_sgd(o: &Sgd, p: f64, g: f64, v: f64) -> (f64, f64) {
    let g = if o.decoupled { g } else { g + o.weight_decay * p };
    let p = if o.decoupled { p - o.learning_rate * o.weight_decay * p } else { p };
    if o.momentum == 0.0 {
        return (p - o.learning_rate * g, v);
    }
    let v = if o.first { g } else { o.momentum * v + (1.0 - o.dampening) * g };
    let step = if o.nesterov { g + o.momentum * v } else { v };
    (p - o.learning_rate * step, v)
}

/// PyTorch's `torch.optim.Adam` and `AdamW` for one parameter; returns (parameter, mean, mean square).
fn torch_adam(o: &Adam, p: f64, g: f64, m: f64, v: f64) -> (f64, f64, f64) {
    let g = if o.decoupled { g } else { g + o.weight_decay * p };
    let p = if o.decoupled { p - o.learning_rate * o.weight_decay * p } else { p };
    let m = o.beta1 * m + (1.0 - o.beta1) * g;
    let v = o.beta2 * v + (1.0 - o.beta2) * g * g;
    let (mut mean, mut square) = (m, v);
    if o.bias_correction {
        mean /= 1.0 - o.beta1.powi(o.step as i32);
        square /= 1.0 - o.beta2.powi(o.step as i32);
    }
    let divisor =
        if o.epsilon_inside { (square + o.epsilon).sqrt() } else { square.sqrt() + o.epsilon };
    (p - o.learning_rate * mean / divisor, m, v)
}

fn close<T: Scalar>(x: T, expected: f64) -> bool {
    (x.to_f64() - expected).abs() <= 20.0 * T::epsilon().to_f64() * (1.0 + expected.abs())
}

fn check_sgd<T: Scalar>(sgd: Sgd) {
    let mut rng = Rng::new(11);
    for isa in levels() {
        for n in (0..40).chain([500]) {
            let (mut p, mut v) = (rng.uniform::<T>(n), vec![T::zero(); n]);
            let mut expected: Vec<(f64, f64)> = p.iter().map(|&p| (p.to_f64(), 0.0)).collect();
            for step in 0..3 {
                let sgd = Sgd { first: step == 0, ..sgd };
                let g = rng.uniform::<T>(n);
                sgd.step(isa, &Pool::new(1), &mut p, &g, &mut v);
                for i in 0..n {
                    expected[i] = torch_sgd(&sgd, expected[i].0, g[i].to_f64(), expected[i].1);
                    assert!(
                        close(p[i], expected[i].0) && close(v[i], expected[i].1),
                        "{isa:?} {sgd:?}"
                    );
                }
            }
        }
    }
}

fn check_adam<T: Scalar>(adam: Adam) {
    let mut rng = Rng::new(12);
    for isa in levels() {
        for n in (0..40).chain([500]) {
            let (mut p, mut m, mut v) =
                (rng.uniform::<T>(n), vec![T::zero(); n], vec![T::zero(); n]);
            let mut expected: Vec<(f64, f64, f64)> =
                p.iter().map(|&p| (p.to_f64(), 0.0, 0.0)).collect();
            for step in 1..4 {
                let adam = Adam { step, ..adam };
                let g = rng.uniform::<T>(n);
                adam.step(isa, &Pool::new(1), &mut p, &g, &mut m, &mut v);
                for i in 0..n {
                    let (q, a, b) = expected[i];
                    expected[i] = torch_adam(&adam, q, g[i].to_f64(), a, b);
                    let (q, a, b) = expected[i];
                    assert!(close(p[i], q) && close(m[i], a) && close(v[i], b), "{isa:?} {adam:?}");
                }
            }
        }
    }
}

#[test]
fn sgd_follows_torch_in_every_variant() {
    for (momentum, dampening) in [(0.0, 0.0), (0.9, 0.0), (0.9, 0.9)] {
        for nesterov in [false, true] {
            for (weight_decay, decoupled) in [(0.0, false), (0.1, false), (0.1, true)] {
                let sgd = Sgd { momentum, dampening, nesterov, weight_decay, decoupled, ..SGD };
                check_sgd::<f32>(sgd);
                check_sgd::<f64>(sgd);
            }
        }
    }
}

#[test]
fn adam_follows_torch_in_every_variant() {
    for (epsilon, epsilon_inside) in [(1e-8, false), (1e-3, false), (1e-3, true)] {
        for bias_correction in [false, true] {
            for (weight_decay, decoupled) in [(0.0, false), (0.1, false), (0.1, true)] {
                let adam = Adam {
                    epsilon,
                    epsilon_inside,
                    bias_correction,
                    weight_decay,
                    decoupled,
                    ..ADAM
                };
                check_adam::<f32>(adam);
                check_adam::<f64>(adam);
            }
        }
    }
}

#[test]
fn plain_descent_needs_no_velocity() {
    let mut p = [1.0f32, 2.0];
    Sgd { momentum: 0.0, learning_rate: 0.5, ..SGD }.step(
        Isa::best(),
        &Pool::new(1),
        &mut p,
        &[1.0, -1.0],
        &mut [],
    );
    assert_eq!(p, [0.5, 2.5]);
}

#[test]
#[should_panic(expected = "one velocity for each parameter")]
fn momentum_needs_a_velocity() {
    SGD.step(Isa::best(), &Pool::new(1), &mut [1.0f32], &[1.0], &mut []);
}

#[test]
fn every_number_of_threads_gives_the_same_bits() {
    let n = (1 << 16) + 77;
    let mut rng = Rng::new(3);
    let (start, g): (Vec<f32>, Vec<f32>) = (rng.uniform(n), rng.uniform(n));
    let results = [1, 2, 3].map(|threads| {
        let pool = Pool::new(threads);
        let (mut p, mut m, mut v) = (start.clone(), vec![0.0; n], vec![0.0; n]);
        ADAM.step(Isa::best(), &pool, &mut p, &g, &mut m, &mut v);
        SGD.step(Isa::best(), &pool, &mut p, &g, &mut m);
        (p, m, v)
    });
    assert!(results.iter().all(|result| *result == results[0]));
}
