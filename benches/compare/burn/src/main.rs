//! The steps of Linear layers on burn, for the comparison with `cargo run --release -p compare -- --burn`.
//!
//! Written with burn's own modules, loss and optimizers on its CPU backend "flex" with autodiff.

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

use burn::module::{Module, Param};
use burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig, MseLoss, Reduction};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::optim::{
    AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig, momentum::MomentumConfig,
};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};

use serve::Training;
use perceptron::{Activation, Loss, Perceptron};
use spec::Optimizer;
use stepfile::{Array, StepFile};

/// Whatever goes wrong.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    serve::serve("burn 0.22 (flex)", &|file| Ok(Box::new(Run::load(file)?)))
}

/// The model.
#[derive(Module, Debug)]
struct Mlp {
    linears: Vec<Linear>,
    norms: Vec<BatchNorm>,
}

/// A model in training.
struct Run {
    network: Perceptron,
    /// Taken during a step: burn's optimizers move the model.
    model: Option<Mlp>,
    x: Tensor<2>,
    labels: Tensor<1, Int>,
    criterion: CrossEntropyLoss,
    optimizer: ModuleOptimizer,
    lr: f64,
    loss: Option<Tensor<1>>,
    steps: i32,
}

impl Run {
    fn load(file: &StepFile) -> Result<Self, Failure> {
        let network = Perceptron::of(&file.spec)?;
        let device = Device::flex().autodiff();
        let vector = |name: String| -> Result<Param<Tensor<1>>, Failure> {
            Ok(Param::from_tensor(Tensor::from_data(data(file.array(&name)?), &device)))
        };
        let mut linears = Vec::new();
        let mut norms = Vec::new();
        for (i, (inputs, outputs)) in network.linears().enumerate() {
            let weight: Tensor<2> =
                Tensor::from_data(data(file.array(&format!("linear{i}.weight"))?), &device);
            let mut linear = LinearConfig::new(inputs, outputs).init(&device);
            // Burn keeps (inputs, outputs), contiguous.
            let weight = Tensor::from_data(weight.transpose().into_data(), &device);
            linear.weight = Param::from_tensor(weight);
            linear.bias = Some(vector(format!("linear{i}.bias"))?);
            linears.push(linear);
            if network.batch_norm && i < network.hidden().len() {
                let mut norm = BatchNormConfig::new(outputs)
                    .with_epsilon(network.bn_eps)
                    .with_momentum(network.bn_momentum)
                    .init(&device);
                norm.gamma = vector(format!("norm{i}.weight"))?;
                norm.beta = vector(format!("norm{i}.bias"))?;
                norms.push(norm);
            }
        }
        let labels = TensorData::new(file.labels.clone(), [file.labels.len()]);
        let (optimizer, lr) = optimizer(file.spec.optimizer.ok_or("there is nothing to train")?);
        // The batch is no parameter: no gradient flows into it.
        Ok(Self {
            network,
            model: Some(Mlp { linears, norms }),
            x: Tensor::from_data(data(file.array("x")?), &device),
            labels: Tensor::from_data(labels, &device),
            criterion: CrossEntropyLossConfig::new().init(&device),
            optimizer,
            lr,
            loss: None,
            steps: 0,
        })
    }

    fn forward(&self, model: &Mlp) -> Tensor<1> {
        let mut x = self.x.clone();
        for (i, linear) in model.linears.iter().enumerate() {
            x = linear.forward(x);
            if i + 1 == model.linears.len() {
                break;
            }
            if let Some(norm) = model.norms.get(i) {
                x = norm.forward(x);
            }
            x = match self.network.activation {
                Activation::Tanh => activation::tanh(x),
                Activation::Relu => activation::relu(x),
            };
        }
        match self.network.loss {
            Loss::CrossEntropy => self.criterion.forward(x, self.labels.clone()),
            Loss::Reconstruction => MseLoss::new().forward(x, self.x.clone(), Reduction::Mean),
        }
    }
}

impl Training for Run {
    fn step(&mut self) -> Result<(), Failure> {
        let model = self.model.take().ok_or("the last step failed")?;
        let loss = self.forward(&model);
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        self.model = Some(self.optimizer.step(self.lr, model, grads));
        self.loss = Some(loss);
        self.steps += 1;
        Ok(())
    }

    fn loss(&mut self) -> Result<f64, Failure> {
        let loss = self.loss.clone().ok_or("no step was run")?;
        Ok(f64::from(loss.into_scalar::<f32>()))
    }

    /// Burn keeps the biased variance: what is beyond the decayed start (1 for each unit) is scaled by n/(n−1), so
    /// that the sum compares with the others'.
    fn checksum(&mut self) -> Result<f64, Failure> {
        let model = self.model.as_ref().ok_or("the last step failed")?;
        let rows = self.x.dims()[0] as f64;
        let start = (1.0 - self.network.bn_momentum).powi(self.steps);
        let mut sum = 0.0;
        for norm in &model.norms {
            for value in norm.running_var.value_sync().into_data().iter::<f64>() {
                sum += start + (value - start) * rows / (rows - 1.0);
            }
        }
        Ok(sum)
    }
}

fn data(array: &Array) -> TensorData {
    TensorData::new(array.data.clone(), array.shape.clone())
}

fn optimizer(rule: Optimizer) -> (ModuleOptimizer, f64) {
    match rule {
        Optimizer::Sgd { lr, momentum } => {
            let config = MomentumConfig { momentum, dampening: 0.0, nesterov: false };
            let momentum = (momentum != 0.0).then_some(config);
            (SgdConfig::new().with_momentum(momentum).init(), lr)
        }
        Optimizer::Adam { lr, beta1, beta2, eps } => {
            let config = AdamConfig::new()
                .with_beta_1(beta1 as f32)
                .with_beta_2(beta2 as f32)
                .with_epsilon(eps as f32);
            (config.init(), lr)
        }
    }
}
