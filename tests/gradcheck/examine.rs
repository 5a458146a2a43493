//! Examples under the checker.

use cotangent::Value;
use cotangent::check::{Check, Report};
use cotangent::ops::{Example, Sample};
use cotangent::testing::numbers;
use cotangent::{Graph, Var};

/// How the inputs of an example are used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Use {
    /// As they are.
    Plain,
    /// Each enters twice: through the operation, and as a factor of its result.
    FanOut,
}

/// All uses.
pub const USES: [Use; 2] = [Use::Plain, Use::FanOut];

/// Operations with kinks or jumps, which are not differentiated a third time.
const KINKED: [&str; 29] = [
    "abs",
    "adaptive_max_pool2d",
    "and",
    "argmax",
    "argmin",
    "clamp",
    "elu",
    "eq",
    "ge",
    "gt",
    "le",
    "leaky_relu",
    "lp_pool1d",
    "lt",
    "max",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "maximum",
    "min",
    "minimum",
    "ne",
    "one_hot",
    "or",
    "relu",
    "select",
    "sign",
    "stop_gradient",
    "to_real",
];

/// Inputs with more numbers than this are checked along random directions.
const ELEMENTS: usize = 8;

/// What came of many checks.
#[derive(Default)]
pub struct Outcome {
    pub derivatives: usize,
    pub inconclusive: usize,
    /// The reports of those that are not proven right, though there is something to prove.
    pub unproven: Vec<String>,
}

impl Outcome {
    /// Counts one more report.
    pub fn add(&mut self, name: &str, report: &Report) {
        self.derivatives += report.rows().len();
        self.inconclusive += report.inconclusive();
        if !report.is_right() && !report.rows().is_empty() {
            self.unproven.push(format!("{name}\n{report}"));
        }
    }

    /// Counts the checks of another part of the suite, too.
    pub fn join(&mut self, other: Self) {
        self.derivatives += other.derivatives;
        self.inconclusive += other.inconclusive;
        self.unproven.extend(other.unproven);
    }
}

/// Values for all samples of an example.
pub fn values(samples: &[Sample]) -> Vec<Value<f64>> {
    samples.iter().zip(1..).map(|(sample, stream)| numbers(sample, stream)).collect()
}

/// Checks all examples in all uses, on all cores.
pub fn all(examples: &[Example]) -> Outcome {
    let cases: Vec<(&Example, Use)> =
        examples.iter().flat_map(|example| USES.map(|usage| (example, usage))).collect();
    in_parallel(&cases, |&(example, usage)| {
        (format!("{example:?} {usage:?}"), examined(example, usage))
    })
    .into_iter()
    .fold(Outcome::default(), |mut outcome, (name, report)| {
        outcome.add(&name, &report);
        outcome
    })
}

fn examined(example: &Example, usage: Use) -> Report {
    let values = values(&example.samples);
    let size: usize = example.samples.iter().map(|sample| sample.ty.shape.size()).sum();
    let smooth = !KINKED.contains(&example.operation);
    let check = Check::new().order(if smooth && usage == Use::Plain { 3 } else { 2 });
    let check = if size > ELEMENTS { check.directions(2) } else { check };
    check.run(|graph, x| used(example, graph, x, usage), &values).unwrap()
}

fn used<'g>(example: &Example, graph: &'g Graph, x: &[Var<'g>], usage: Use) -> Var<'g> {
    let y = example.record(graph, x);
    let factors = x.iter().filter(|x| x.is_real()).map(|x| x.sin().sum());
    match factors.reduce(|a, b| a + b).filter(|_| usage == Use::FanOut) {
        Some(factor) => (y * factor + factor).sin(),
        None => y,
    }
}

/// The results for all items, in their order, computed on all cores.
pub fn in_parallel<I: Sync, R: Send>(items: &[I], each: impl Fn(&I) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let each = &each;
    // Neighbours are alike in cost, so that every core takes each so many-th.
    let share = |core: usize| move || items.iter().skip(core).step_by(cores).map(each).collect();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|core| scope.spawn(share(core))).collect();
        let mut shares: Vec<std::vec::IntoIter<R>> = threads
            .into_iter()
            .map(|thread| {
                thread.join().map(Vec::into_iter).unwrap_or_else(|e| std::panic::resume_unwind(e))
            })
            .collect();
        (0..items.len()).map(|i| shares[i % cores].next().expect("one for each item")).collect()
    })
}
