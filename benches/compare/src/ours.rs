//! Our side: what the models in [`crate::models`] have in common on Cotangent.
//!
//! The driver runs it in a process of its own (this same binary with `--worker`), as it runs every peer, so that times
//! and memory are taken alike.

use std::sync::Arc;
use std::time::Instant;

use cotangent::ndarray::IxDyn;
use cotangent::optim::Epsilon;
use cotangent::prelude::*;
use cotangent::{Feed, Program, Several, set_default_threads};

use crate::Failure;
use crate::models;
use crate::serve::Training;
use crate::spec;
use crate::stats::median;
use crate::stepfile::StepFile;

/// Name and version, as the table's foot shows them.
pub const VERSION: &str = concat!("Cotangent ", env!("CARGO_PKG_VERSION"));

/// A step of ours.
pub trait Ours: Training {
    /// Where the time goes, as a table: the program's instructions, then the whole step and its update.
    fn profile(&mut self) -> Result<String, Failure>;
}

/// Makes a step ready on this many threads: weights and batch from the file. It is recorded, differentiated and
/// compiled by its first run.
pub fn load(file: &StepFile, threads: usize) -> Result<Box<dyn Ours>, Failure> {
    set_default_threads(threads);
    models::named(&file.spec.name)?.model.ours(file)
}

/// A model in training, with `N` inputs.
pub struct Trained<const N: usize> {
    params: Params,
    step: Step<'static, f32, N>,
    optimizer: Box<dyn Optimizer<f32>>,
    inputs: [Input; N],
    loss: f32,
}

impl<const N: usize> Trained<N> {
    /// The parameters get what the file has under their paths, the step its arrays of these names.
    pub fn new(
        file: &StepFile,
        mut params: Params,
        step: Step<'static, f32, N>,
        inputs: [&str; N],
    ) -> Result<Self, Failure> {
        fill(&mut params, file)?;
        let optimizer = optimizer(file.spec.optimizer.ok_or("there is nothing to train")?);
        Ok(Self { params, step, optimizer, inputs: read(file, inputs)?, loss: f32::NAN })
    }
}

impl Trained<2> {
    /// A model that is trained by the cross-entropy of the file's labels.
    pub fn classifier(
        file: &StepFile,
        params: Params,
        forward: impl for<'g> Fn(Var<'g>) -> Var<'g> + Send + 'static,
    ) -> Result<Self, Failure> {
        let step = Step::new(move |_, [x, labels]| forward(x).cross_entropy(labels));
        Self::new(file, params, step, ["x", "labels"])
    }
}

impl<const N: usize> Training for Trained<N> {
    fn step(&mut self) -> Result<(), Failure> {
        self.loss = self.step.run(&mut self.params, feeds(&self.inputs))?;
        Ok(self.optimizer.step(&mut self.params, self.step.gradients())?)
    }

    fn loss(&mut self) -> Result<f64, Failure> {
        Ok(f64::from(self.loss))
    }

    fn checksum(&mut self) -> Result<f64, Failure> {
        let of_norms =
            self.params.entries().iter().filter(|param| param.path().ends_with("running_var"));
        let values = of_norms.filter_map(|param| self.params.get(param.id()));
        Ok(values.map(|values| values.iter().map(|&v| f64::from(v)).sum::<f64>()).sum())
    }
}

/// The times of steps in microseconds: half a second of them, 20 at least.
pub fn timed(training: &mut dyn Training) -> Result<Vec<f64>, Failure> {
    let (mut times, begin) = (Vec::new(), Instant::now());
    while times.len() < 20 || begin.elapsed().as_millis() < 500 {
        let start = Instant::now();
        training.step()?;
        times.push(start.elapsed().as_nanos() as f64 / 1e3);
    }
    Ok(times)
}

impl<const N: usize> Ours for Trained<N> {
    fn profile(&mut self) -> Result<String, Failure> {
        let mut times = (Vec::new(), Vec::new());
        let begin = Instant::now();
        while times.0.len() < 20 || begin.elapsed().as_millis() < 500 {
            let start = Instant::now();
            self.loss = self.step.run(&mut self.params, feeds(&self.inputs))?;
            let computed = Instant::now();
            self.optimizer.step(&mut self.params, self.step.gradients())?;
            times.0.push((computed - start).as_nanos() as f64 / 1e3);
            times.1.push(computed.elapsed().as_nanos() as f64 / 1e3);
        }
        let profile = self.step.profile(&self.params, feeds(&self.inputs), times.0.len())?;
        let (run, update) = (median(&times.0), median(&times.1));
        Ok(format!("{profile}\n{run:>6.1} µs for the gradients, {update:.1} µs for the update\n"))
    }
}

type Record<const N: usize, const M: usize> =
    dyn for<'g> Fn(&'g Graph, [Var<'g>; N]) -> [Var<'g>; M] + Send + Sync;

/// A function of `N` inputs with `M` results, computed again and again. What is compared of the results is their sum,
/// weighed by the file's arrays `v.*` for them.
pub struct Evaluation<const N: usize, const M: usize> {
    params: Params,
    record: Arc<Record<N, M>>,
    function: Function<'static, f32, N, Several<M>>,
    inputs: [Input; N],
    weights: [ArrayD<f32>; M],
}

impl<const N: usize, const M: usize> Evaluation<N, M> {
    /// The parameters get what the file has under their paths, the function its arrays of the names `inputs`; results
    /// are weighed by its arrays `v.*` of the names `results`.
    pub fn new(
        file: &StepFile,
        mut params: Params,
        inputs: [&str; N],
        results: [&str; M],
        record: impl for<'g> Fn(&'g Graph, [Var<'g>; N]) -> [Var<'g>; M] + Send + Sync + 'static,
    ) -> Result<Self, Failure> {
        fill(&mut params, file)?;
        let record: Arc<Record<N, M>> = Arc::new(record);
        let recorded = Arc::clone(&record);
        let function = Function::several(move |graph, inputs| recorded(graph, inputs));
        let mut weights = Vec::with_capacity(M);
        for name in results {
            weights.push(array(file, &format!("v.{name}"))?);
        }
        let weights = weights.try_into().unwrap_or_else(|_| unreachable!("as many as results"));
        Ok(Self { params, record, function, inputs: read(file, inputs)?, weights })
    }

    /// Σ of something of each result's element and its weight.
    fn sum(&mut self, of: impl Fn(f64, f64) -> f64) -> Result<f64, Failure> {
        let results = self.function.run(&self.params, feeds(&self.inputs))?;
        let pairs = results.iter().zip(&self.weights).flat_map(|(r, w)| r.iter().zip(w));
        Ok(pairs.map(|(&r, &w)| of(f64::from(r), f64::from(w))).sum())
    }
}

impl<const N: usize, const M: usize> Training for Evaluation<N, M> {
    fn step(&mut self) -> Result<(), Failure> {
        self.function.run(&self.params, feeds(&self.inputs))?;
        Ok(())
    }

    fn loss(&mut self) -> Result<f64, Failure> {
        self.sum(|result, weight| result * weight)
    }

    fn checksum(&mut self) -> Result<f64, Failure> {
        self.sum(|result, _| result * result)
    }
}

impl<const N: usize, const M: usize> Ours for Evaluation<N, M> {
    fn profile(&mut self) -> Result<String, Failure> {
        let times = timed(self)?;
        // A function keeps its program to itself: the same is recorded once more.
        let graph = Graph::new();
        let inputs = self.inputs.each_ref().map(|input| match input {
            Input::Real(array) => graph.input("real", array.shape()),
            Input::Indices(indices) => graph.index_input("indices", indices.shape()),
        });
        let mut program = Program::compile(&(self.record)(&graph, inputs), &self.params);
        let profile = program.profile(&self.params, &feeds(&self.inputs), times.len())?;
        Ok(format!("{profile}\n{:>6.1} µs for all\n", median(&times)))
    }
}

/// An array that a step is fed with.
pub enum Input {
    /// Numbers.
    Real(ArrayD<f32>),
    /// The labels, or other indices.
    Indices(ArrayD<i64>),
}

/// The arrays of these names; `rows` is the batch as indices, and `position` is one.
pub fn read<const N: usize>(file: &StepFile, names: [&str; N]) -> Result<[Input; N], Failure> {
    let mut inputs = Vec::with_capacity(N);
    for name in names {
        inputs.push(match name {
            "labels" => Input::Indices(Array1::from(file.labels.clone()).into_dyn()),
            "rows" => Input::Indices(array(file, "x")?.mapv(|row| row as i64)),
            "position" => Input::Indices(array(file, name)?.mapv(|at| at as i64)),
            name => Input::Real(array(file, name)?),
        });
    }
    Ok(inputs.try_into().unwrap_or_else(|_| unreachable!("as many inputs as names")))
}

/// The inputs where they lie.
pub fn feeds<const N: usize>(inputs: &[Input; N]) -> [Feed<'_, f32>; N] {
    std::array::from_fn(|i| match &inputs[i] {
        Input::Real(array) => Feed::from(array),
        Input::Indices(indices) => Feed::from(indices),
    })
}

/// The array of this name.
pub fn array(file: &StepFile, name: &str) -> Result<ArrayD<f32>, Failure> {
    let array = file.array(name)?;
    Ok(ArrayD::from_shape_vec(IxDyn(&array.shape), array.data.clone())?)
}

/// Gives each parameter what the file has under its path. Running statistics stay as they start.
pub fn fill(params: &mut Params, file: &StepFile) -> Result<(), Failure> {
    for param in params.trainable_entries().cloned().collect::<Vec<_>>() {
        params.set(param.id(), array(file, param.path())?.view())?;
    }
    Ok(())
}

fn optimizer(optimizer: spec::Optimizer) -> Box<dyn Optimizer<f32>> {
    match optimizer {
        spec::Optimizer::Sgd { lr, momentum } => Box::new(Sgd::new(lr).momentum(momentum)),
        spec::Optimizer::Adam { lr, beta1, beta2, eps } => {
            Box::new(Adam::new(lr).betas(beta1, beta2).epsilon(Epsilon::Outside(eps)))
        }
    }
}

/// A product of two square matrices, the large one of the floor.
pub struct Square {
    params: Params,
    function: Function<'static, f32, 0>,
}

impl Square {
    /// The square of a matrix of so many rows. The matrix lies in a store, so that nothing is copied for a run.
    pub fn new(side: usize, values: &[f32]) -> Self {
        let mut params = Params::seeded(0);
        let mut scope = params.root();
        let [a, b] = ["a", "b"].map(|name| scope.parameter(name, ArrayD::zeros(vec![side, side])));
        for half in params.values_mut().chunks_mut(side * side) {
            half.copy_from_slice(values);
        }
        let function = Function::new(move |g, []| g.param(&a).matmul(g.param(&b)));
        Self { params, function }
    }

    /// Multiplies.
    pub fn run(&mut self) -> Result<(), Failure> {
        self.function.run(&self.params, ())?;
        Ok(())
    }
}
