//! A compiled program beside the plain evaluator, in both modes of arithmetic.

use cotangent::ndarray::{ArrayD, ArrayViewD};
use cotangent::{Arithmetic, Feed, Precision, Program};
use cotangent::{Evaluator, Graph, Params, Seed, Shape, Value};

use crate::draw::Draw;
use crate::generate::{Recorded, Scale, record};
use crate::layout::{Layout, Stored};

/// What is asked of a graph.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub scale: Scale,
    /// The most operations.
    pub steps: usize,
    /// The largest difference, relative to the largest magnitude of the graph or to 1.
    pub tolerance: f64,
    /// The numbers of threads to run on, which must give the same bits.
    pub threads: &'a [usize],
}

/// Compares graph `number` of a seed; the error tells what differs, and of which graph.
pub fn compare<T: Precision>(seed: u64, number: u64, asked: Asked<'_>) -> Result<(), String> {
    let graph = Graph::new();
    let mut draw = Draw::new(seed, number);
    let recorded = record(&graph, &mut draw, asked.scale, asked.steps);
    let layouts: Vec<Layout> = recorded.inputs.iter().map(|_| draw.of(&Layout::ALL)).collect();
    let agree = |arithmetic: Arithmetic, expected: &[ArrayD<T>]| -> Result<(), String> {
        let params = Params::<T>::with_seed(0);
        let mut program = Program::compile_with(&recorded.outputs, &params, arithmetic);
        let mut first: Option<Vec<u64>> = None;
        for &threads in asked.threads {
            program.set_threads(threads);
            // What another run has left in memory does not matter.
            for run in [0, 1] {
                feed(&mut program, &inputs(&recorded, run), &layouts)?;
            }
            let bits = agreeing(&program, expected, asked.tolerance)?;
            if *first.get_or_insert_with(|| bits.clone()) != bits {
                return Err(format!("{threads} threads give other bits"));
            }
        }
        Ok(())
    };
    let agree_in_both_modes = || -> Result<(), String> {
        let expected = evaluate(&graph, &recorded, &inputs::<T>(&recorded, 1))?;
        agree(Arithmetic::Reassociated, &expected)?;
        agree(Arithmetic::AsWritten, &expected).map_err(|told| format!("as written, {told}"))
    };
    agree_in_both_modes()
        .map_err(|told| format!("{}graph {number} of seed {seed}: {told}", recorded.text))
}

/// The inputs of a run: reals in [−1.5, 1.5), indices within their extents.
fn inputs<T: Precision>(recorded: &Recorded<'_>, run: u64) -> Vec<Value<T>> {
    let seed = Seed { seed: 7, run };
    let value = |(stream, &(input, extent)): (usize, &(cotangent::Var<'_>, usize))| {
        let shape = input.shape();
        let drawn = (0..shape.size() as u64).map(|i| seed.uniform(stream as u64, i));
        if extent == 0 {
            Value::Real(array(&shape, drawn.map(|u| T::from_f64(3.0 * u - 1.5))))
        } else {
            Value::Index(array(&shape, drawn.map(|u| (u * extent as f64) as i64)))
        }
    };
    recorded.inputs.iter().enumerate().map(value).collect()
}

fn array<E>(shape: &Shape, numbers: impl Iterator<Item = E>) -> ArrayD<E> {
    ArrayD::from_shape_vec(&shape[..], numbers.collect()).expect("as many as the shape has")
}

fn evaluate<T: Precision>(
    graph: &Graph,
    recorded: &Recorded<'_>,
    inputs: &[Value<T>],
) -> Result<Vec<ArrayD<T>>, String> {
    let mut evaluator = Evaluator::<T>::new(graph);
    for (&(input, _), value) in recorded.inputs.iter().zip(inputs) {
        evaluator = evaluator.bind(input, value.clone());
    }
    let values = evaluator.run(&recorded.outputs).map_err(|error| error.to_string())?;
    Ok(values.into_iter().map(Value::into_real).collect())
}

fn feed<T: Precision>(
    program: &mut Program<T>,
    inputs: &[Value<T>],
    layouts: &[Layout],
) -> Result<(), String> {
    let stored: Vec<Stored<T>> =
        inputs.iter().zip(layouts).map(|(value, &layout)| Stored::new(value, layout)).collect();
    let feeds: Vec<Feed<'_, T>> = stored.iter().map(Stored::feed).collect();
    let params = Params::with_seed(0);
    program.run(&params, &feeds, Seed::default()).map_err(|error| error.to_string())
}

/// The bits of all outputs, if they are what is expected.
fn agreeing<T: Precision>(
    program: &Program<T>,
    expected: &[ArrayD<T>],
    tolerance: f64,
) -> Result<Vec<u64>, String> {
    let numbers = expected.iter().flatten().map(|&x| x.to_f64().abs());
    let bound = tolerance * numbers.fold(1.0, f64::max);
    let mut bits = Vec::new();
    for (position, expected) in expected.iter().enumerate() {
        let ours: ArrayViewD<'_, T> = program.output(position);
        if ours.shape() != expected.shape() {
            return Err(format!("output {position} has shape {:?}", ours.shape()));
        }
        for ((place, &x), &y) in ours.indexed_iter().zip(expected) {
            let (x, y) = (x.to_f64(), y.to_f64());
            // A difference that is NaN is not within the bound.
            let close = (x - y).abs() <= bound;
            if !close {
                return Err(format!("output {position} at {place:?} is {x}, not {y}"));
            }
            bits.push(x.to_bits());
        }
    }
    Ok(bits)
}
