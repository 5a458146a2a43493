//! The steps of Linear layers on candle, for the comparison with `cargo run --release -p compare -- --candle`.
//!
//! Written with candle-nn's own layers, loss and optimizers. Candle's `SGD` has no momentum, so that one is written
//! here with tensor operations, as candle's `AdamW` is in the library (with weight decay 0 it is Adam).

#[allow(dead_code)]
#[path = "../../src/perceptron.rs"]
mod perceptron;
#[allow(dead_code)]
#[path = "../../src/serve.rs"]
mod serve;
#[allow(dead_code)]
#[path = "../../src/spec.rs"]
mod spec;
#[allow(dead_code)]
#[path = "../../src/stepfile.rs"]
mod stepfile;

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{AdamW, BatchNorm, Linear, Module, Optimizer as _, ParamsAdamW, SGD, loss};

use serve::Training;
use perceptron::{Activation, Loss, Perceptron};
use spec::Optimizer;
use stepfile::StepFile;

/// Whatever goes wrong.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    serve::serve("candle 0.11", &|file| Ok(Box::new(Mlp::load(file)?)))
}

/// A multilayer perceptron in training.
struct Mlp {
    linears: Vec<Linear>,
    norms: Vec<BatchNorm>,
    activation: Activation,
    minimised: Loss,
    x: Tensor,
    labels: Tensor,
    update: Update,
    loss: Option<Tensor>,
}

/// The update rules.
enum Update {
    Sgd(SGD),
    Momentum { lr: f64, momentum: f64, velocities: Vec<(Var, Option<Tensor>)> },
    Adam(AdamW),
}

impl Mlp {
    fn load(file: &StepFile) -> Result<Self, Failure> {
        let network = Perceptron::of(&file.spec)?;
        let device = Device::Cpu;
        let tensor = |name: &str| -> Result<Tensor, Failure> {
            let array = file.array(name)?;
            Ok(Tensor::from_slice(&array.data, array.shape.as_slice(), &device)?)
        };
        let mut vars = Vec::new();
        let mut parameter = |name: String| -> Result<Tensor, Failure> {
            let var = Var::from_tensor(&tensor(&name)?)?;
            vars.push(var.clone());
            Ok(var.as_tensor().clone())
        };
        let mut linears = Vec::new();
        let mut norms = Vec::new();
        for (i, (_, outputs)) in network.linears().enumerate() {
            let weight = parameter(format!("linear{i}.weight"))?;
            linears.push(Linear::new(weight, Some(parameter(format!("linear{i}.bias"))?)));
            if network.batch_norm && i < network.hidden().len() {
                let weight = parameter(format!("norm{i}.weight"))?;
                let bias = parameter(format!("norm{i}.bias"))?;
                let mean = Tensor::zeros(outputs, DType::F32, &device)?;
                let variance = Tensor::ones(outputs, DType::F32, &device)?;
                let (eps, momentum) = (network.bn_eps, network.bn_momentum);
                norms.push(BatchNorm::new_with_momentum(
                    outputs, mean, variance, weight, bias, eps, momentum,
                )?);
            }
        }
        let labels: Vec<u32> =
            file.labels.iter().map(|&label| label.try_into()).collect::<Result<_, _>>()?;
        Ok(Self {
            linears,
            norms,
            activation: network.activation,
            minimised: network.loss,
            x: tensor("x")?,
            labels: Tensor::from_slice(&labels, labels.len(), &device)?,
            update: Update::new(file.spec.optimizer.ok_or("there is nothing to train")?, vars)?,
            loss: None,
        })
    }
}

impl Training for Mlp {
    fn step(&mut self) -> Result<(), Failure> {
        let mut x = self.x.clone();
        for (i, linear) in self.linears.iter().enumerate() {
            x = linear.forward(&x)?;
            if i + 1 == self.linears.len() {
                break;
            }
            if let Some(norm) = self.norms.get(i) {
                x = norm.forward_train(&x)?;
            }
            x = match self.activation {
                Activation::Tanh => x.tanh()?,
                Activation::Relu => x.relu()?,
            };
        }
        let loss = match self.minimised {
            Loss::CrossEntropy => loss::cross_entropy(&x, &self.labels)?,
            Loss::Reconstruction => loss::mse(&x, &self.x)?,
        };
        self.update.step(&loss.backward()?)?;
        self.loss = Some(loss);
        Ok(())
    }

    fn loss(&mut self) -> Result<f64, Failure> {
        let loss = self.loss.as_ref().ok_or("no step was run")?;
        Ok(f64::from(loss.to_scalar::<f32>()?))
    }

    fn checksum(&mut self) -> Result<f64, Failure> {
        let mut sum = 0.0;
        for norm in &self.norms {
            let variance = norm.running_var().to_dtype(DType::F64)?;
            sum += variance.sum_all()?.to_scalar::<f64>()?;
        }
        Ok(sum)
    }
}

impl Update {
    fn new(rule: Optimizer, vars: Vec<Var>) -> Result<Self, Failure> {
        Ok(match rule {
            Optimizer::Sgd { lr, momentum } if momentum == 0.0 => Self::Sgd(SGD::new(vars, lr)?),
            Optimizer::Sgd { lr, momentum } => {
                let velocities = vars.into_iter().map(|var| (var, None)).collect();
                Self::Momentum { lr, momentum, velocities }
            }
            Optimizer::Adam { lr, beta1, beta2, eps } => {
                let params = ParamsAdamW { lr, beta1, beta2, eps, weight_decay: 0.0 };
                Self::Adam(AdamW::new(vars, params)?)
            }
        })
    }

    fn step(&mut self, grads: &GradStore) -> Result<(), Failure> {
        match self {
            Self::Sgd(sgd) => sgd.step(grads)?,
            Self::Adam(adam) => adam.step(grads)?,
            Self::Momentum { lr, momentum, velocities } => {
                for (var, velocity) in velocities {
                    let grad = grads.get(var).ok_or("a parameter has no gradient")?;
                    let next = match velocity.take() {
                        Some(velocity) => ((velocity * *momentum)? + grad)?,
                        None => grad.clone(),
                    };
                    var.set(&(var.as_tensor() - (&next * *lr)?)?)?;
                    *velocity = Some(next);
                }
            }
        }
        Ok(())
    }
}
