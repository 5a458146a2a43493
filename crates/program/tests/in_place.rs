//! Programs in memory of their caller against the plain evaluator: random updates of several arrays by each other, which
//! mix what is written at each position with sums, turns and lookups that read all of it.

use cotangent::{InPlace, Lent, set_default_threads};
use graph::{Evaluator, Graph, Seed, Value, Var};
use ndarray::{Array1, ArrayD};

const ARRAYS: usize = 4;

/// Random numbers, one after the other.
struct Draw {
    seed: u64,
    drawn: u64,
}

impl Draw {
    fn uniform(&mut self) -> f64 {
        self.drawn += 1;
        Seed { seed: self.seed, run: 0 }.uniform(0, self.drawn)
    }

    fn below(&mut self, count: usize) -> usize {
        (self.uniform() * count as f64) as usize
    }
}

/// A formula of the arrays and numbers that are there.
fn formula<'g>(rng: &mut Draw, values: &[Var<'g>], numbers: &[Var<'g>], depth: usize) -> Var<'g> {
    if depth == 0 {
        return values[rng.below(values.len())];
    }
    let mut next = || formula(rng, values, numbers, depth - 1);
    let (a, b) = (next(), next());
    let number = numbers[rng.below(numbers.len())];
    match rng.below(12) {
        0 => a + b * number,
        1 => (a - b) * number,
        2 => a * b,
        3 => a / (b.abs() + 1.0),
        4 => a.square().sqrt() - b,
        5 => a.sign() * b.maximum(number),
        6 => a.gt(b).select(a, -b),
        7 => a * b.norm(),
        8 => a.flip(0) + b,
        9 => a - b.mean(),
        10 => {
            let extent = a.shape()[0];
            let turned = Array1::from_iter((0..extent).map(|i| ((7 * i + 3) % extent) as i64));
            a.take(0, a.graph().constant(turned)) + b
        }
        _ => a.tanh() + b.minimum(0.5),
    }
}

fn check(seed: u64) {
    let mut rng = Draw { seed, drawn: 0 };
    // Some are long enough to be shared among threads.
    let size = [1, 5, 64, 200, 1027, 20_000][rng.below(6)];
    let graph = Graph::new();
    let arrays: Vec<Var<'_>> = (0..ARRAYS).map(|i| graph.input(&format!("x{i}"), [size])).collect();
    let numbers: Vec<Var<'_>> = (0..2).map(|i| graph.input(&format!("n{i}"), [])).collect();
    let mut known = arrays.clone();
    let lent: Vec<(Var<'_>, Option<Var<'_>>)> = arrays
        .iter()
        .enumerate()
        .map(|(i, &array)| {
            // One of them is read alone; and what was made for one can be used for the next.
            let new = (i != 1).then(|| formula(&mut rng, &known, &numbers, 3));
            known.extend(new);
            (array, new)
        })
        .collect();
    let given: Vec<Vec<f64>> =
        (0..ARRAYS).map(|_| (0..size).map(|_| 4.0 * rng.uniform() - 2.0).collect()).collect();
    let fed = [0.75, -1.25];

    let mut evaluator = Evaluator::<f64>::new(&graph);
    for (&array, values) in arrays.iter().zip(&given) {
        evaluator = evaluator.bind(array, Value::Real(Array1::from(values.clone()).into_dyn()));
    }
    for (&number, value) in numbers.iter().zip(fed) {
        evaluator = evaluator.bind(number, Value::Real(ndarray::arr0(value).into_dyn()));
    }
    let outputs: Vec<Var<'_>> = lent.iter().filter_map(|(_, new)| *new).collect();
    let expected: Vec<ArrayD<f64>> =
        evaluator.run(&outputs).unwrap().into_iter().map(Value::into_real).collect();

    let mut bits: Option<Vec<Vec<u64>>> = None;
    for threads in 1..=4 {
        set_default_threads(threads);
        let mut programs = InPlace::<f64>::default();
        let position = programs.add(&lent, &numbers);
        let mut memory = given.clone();
        let mut slices: Vec<Lent<'_, f64>> = memory
            .iter_mut()
            .zip(&lent)
            .map(
                |(slice, (_, new))| {
                    if new.is_some() { Lent::Written(slice) } else { Lent::Read(slice) }
                },
            )
            .collect();
        programs.run(position, &fed, &mut slices).unwrap();
        assert_eq!(memory[1], given[1], "seed {seed}: what is read alone stays");
        let written = memory.iter().zip(&lent).filter(|(_, (_, new))| new.is_some());
        for ((memory, _), expected) in written.zip(&expected) {
            for (a, b) in memory.iter().zip(expected) {
                let close = (a - b).abs() <= 1e-9 * (1.0 + b.abs());
                assert!(close || a == b || (a.is_nan() && b.is_nan()), "seed {seed}: {a}, not {b}");
            }
        }
        let now: Vec<Vec<u64>> =
            memory.iter().map(|slice| slice.iter().map(|x| x.to_bits()).collect()).collect();
        assert!(*bits.get_or_insert_with(|| now.clone()) == now, "seed {seed}: {threads} threads");
    }
}

#[test]
fn random_updates_are_what_the_evaluator_says() {
    (0..600).for_each(check);
}
