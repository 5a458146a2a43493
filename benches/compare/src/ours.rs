//! Our side: the five steps on Cotangent.
//!
//! This is the only module that knows our framework. The driver runs it in a process of its own (this same binary
//! with `--worker`), as it runs every peer, so that times and memory are taken alike.

use std::time::Instant;

use cotangent::ndarray::IxDyn;
use cotangent::nn::batch_norm::{Average, Running};
use cotangent::optim::Epsilon;
use cotangent::prelude::*;
use cotangent::set_default_threads;

use crate::Failure;
use crate::serve::Training;
use crate::spec::{self, Activation, Spec};
use crate::stats::median;
use crate::stepfile::StepFile;

/// Name and version, as the table's foot shows them.
pub const VERSION: &str = concat!("Cotangent ", env!("CARGO_PKG_VERSION"));

/// The names of the steps that [`load`] can make ready. A name that is missing here is left out of our columns.
pub const STEPS: &[&str] = &spec::NAMES;

/// Makes a step ready on this many threads: weights and batch from the file, everything that can be done once done
/// (recorded, differentiated, compiled).
pub fn load(file: &StepFile, threads: usize) -> Result<Box<dyn Training>, Failure> {
    Ok(Box::new(Ours::new(file, threads)?))
}

/// Where the time of a step goes, as a table: the program's instructions, then the whole step and its update.
pub fn profile(file: &StepFile, threads: usize) -> Result<String, Failure> {
    let mut ours = Ours::new(file, threads)?;
    let mut times = (Vec::new(), Vec::new());
    let begin = Instant::now();
    while times.0.len() < 20 || begin.elapsed().as_millis() < 500 {
        let start = Instant::now();
        ours.loss = ours.step.run(&mut ours.params, (&ours.x, &ours.labels))?;
        let computed = Instant::now();
        ours.optimizer.step(&mut ours.params, ours.step.gradients())?;
        times.0.push((computed - start).as_nanos() as f64 / 1e3);
        times.1.push(computed.elapsed().as_nanos() as f64 / 1e3);
    }
    let profile = ours.step.profile(&ours.params, (&ours.x, &ours.labels), times.0.len())?;
    let (run, update) = (median(&times.0), median(&times.1));
    Ok(format!("{profile}\n{run:>6.1} µs for the gradients, {update:.1} µs for the update\n"))
}

impl Ours {
    fn new(file: &StepFile, threads: usize) -> Result<Self, Failure> {
        set_default_threads(threads);
        let mut params = Params::seeded(0);
        let model = Mlp::new(&mut params.root(), &file.spec);
        for param in params.entries().to_vec() {
            if let Some(array) = file.arrays.get(param.path()) {
                let value = ArrayD::from_shape_vec(IxDyn(&array.shape), array.data.clone())?;
                params.set(param.id(), value.view())?;
            }
        }
        let x = file.array("x")?;
        let x = Array2::from_shape_vec((x.shape[0], x.shape[1]), x.data.clone())?;
        let labels = Array1::from(file.labels.clone());
        let step = Step::new(move |_, [x, labels]| model.forward(x).cross_entropy(labels));
        let optimizer = optimizer(file.spec.optimizer);
        Ok(Self { params, step, optimizer, x, labels, loss: f32::NAN })
    }
}

/// Blocks of Linear, BatchNorm if asked for, and activation, and a last Linear.
struct Mlp {
    blocks: Vec<(Linear, Option<BatchNorm>)>,
    head: Linear,
    activation: Activation,
}

impl Mlp {
    fn new(scope: &mut Scope<'_>, spec: &Spec) -> Self {
        let mut linears: Vec<Linear> = Vec::new();
        for (i, (inputs, outputs)) in spec.linears().enumerate() {
            linears.push(Linear::new(inputs, outputs).build(scope, &format!("linear{i}")));
        }
        let head = linears.pop().expect("a network has a last Linear");
        let running = Running::torch().average(Average::NewWeight(spec.bn_momentum));
        let norm = |(i, &width): (usize, &usize), scope: &mut Scope<'_>| {
            let norm = BatchNorm::new(width).eps(spec.bn_eps).running(running);
            spec.batch_norm.then(|| norm.build(scope, &format!("norm{i}")))
        };
        let norms: Vec<_> =
            spec.hidden().iter().enumerate().map(|each| norm(each, scope)).collect();
        Self { blocks: linears.into_iter().zip(norms).collect(), head, activation: spec.activation }
    }

    fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        let mut x = x;
        for (linear, norm) in &self.blocks {
            x = linear.forward(x);
            if let Some(norm) = norm {
                x = norm.forward(x, Mode::Train);
            }
            x = match self.activation {
                Activation::Tanh => x.tanh(),
                Activation::Relu => x.relu(),
            };
        }
        self.head.forward(x)
    }
}

fn optimizer(optimizer: spec::Optimizer) -> Box<dyn Optimizer<f32>> {
    match optimizer {
        spec::Optimizer::Sgd { lr, momentum } => Box::new(Sgd::new(lr).momentum(momentum)),
        spec::Optimizer::Adam { lr, beta1, beta2, eps } => {
            Box::new(Adam::new(lr).betas(beta1, beta2).epsilon(Epsilon::Outside(eps)))
        }
    }
}

struct Ours {
    params: Params,
    step: Step<'static, f32, 2>,
    optimizer: Box<dyn Optimizer<f32>>,
    x: Array2<f32>,
    labels: Array1<i64>,
    loss: f32,
}

impl Training for Ours {
    fn step(&mut self) -> Result<(), Failure> {
        self.loss = self.step.run(&mut self.params, (&self.x, &self.labels))?;
        Ok(self.optimizer.step(&mut self.params, self.step.gradients())?)
    }

    fn loss(&self) -> Result<f64, Failure> {
        Ok(f64::from(self.loss))
    }

    fn running_var(&self) -> Result<f64, Failure> {
        let of_norms =
            self.params.entries().iter().filter(|param| param.path().ends_with("running_var"));
        let values = of_norms.filter_map(|param| self.params.get(param.id()));
        Ok(values.map(|values| values.iter().map(|&v| f64::from(v)).sum::<f64>()).sum())
    }
}
