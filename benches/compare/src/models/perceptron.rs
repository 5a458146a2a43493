//! Multilayer perceptrons: five classifiers, and an autoencoder.

use cotangent::nn::batch_norm::{Average, Running};
use cotangent::nn::loss::Mse;
use cotangent::prelude::*;

use super::{Entry, Group, Model, Work, linear_flops};
use crate::Failure;
use crate::generate::Draw;
use crate::ours::{Ours, Trained};
pub use crate::perceptron::{Activation, Loss, Perceptron};
use crate::plain;
use crate::spec::Optimizer;
use crate::stepfile::StepFile;

/// The steps of this kind.
pub fn steps() -> Vec<Entry> {
    use Activation::{Relu, Tanh};
    let (sgd, momentum, adam) = (Optimizer::sgd(0.0), Optimizer::sgd(0.9), Optimizer::adam());
    let deep = [vec![784], vec![100; 20], vec![10]].concat();
    let step = |name, summary, batch, optimizer, model| Entry {
        name,
        summary,
        group: Group::Dense,
        batch,
        optimizer: Some(optimizer),
        model: Box::new(model),
    };
    vec![
        step("tiny", "2-16-16-2, tanh, SGD", 32, sgd, classifier(&[2, 16, 16, 2], false, Tanh)),
        step(
            "digits",
            "64-128-64-10, BatchNorm, Adam",
            64,
            adam,
            classifier(&[64, 128, 64, 10], true, Relu),
        ),
        step(
            "mnist",
            "784-512-256-10, BatchNorm, Adam",
            128,
            adam,
            classifier(&[784, 512, 256, 10], true, Relu),
        ),
        step("deep", "784-100×20-10, BatchNorm, SGD", 128, momentum, classifier(&deep, true, Tanh)),
        step(
            "wide",
            "1024-2048-2048-10, BatchNorm, Adam",
            512,
            adam,
            classifier(&[1024, 2048, 2048, 10], true, Relu),
        ),
        step(
            "autoencoder",
            "784-256-64-256-784, Adam",
            128,
            adam,
            autoencoder(&[784, 256, 64, 256, 784]),
        ),
    ]
}

fn classifier(sizes: &[usize], batch_norm: bool, activation: Activation) -> Perceptron {
    let (sizes, loss) = (sizes.to_vec(), Loss::CrossEntropy);
    Perceptron { sizes, batch_norm, bn_eps: 1e-5, bn_momentum: 0.1, activation, loss }
}

fn autoencoder(sizes: &[usize]) -> Perceptron {
    Perceptron { loss: Loss::Reconstruction, ..classifier(sizes, false, Activation::Relu) }
}

impl Model for Perceptron {
    fn description(&self) -> serde_json::Value {
        serde_json::json!(self)
    }

    fn draw(&self, batch: usize, draw: &mut Draw) {
        for (i, (inputs, outputs)) in self.linears().enumerate() {
            draw.layer(&format!("linear{i}"), &[outputs, inputs]);
        }
        if self.batch_norm {
            for (i, &width) in self.hidden().iter().enumerate() {
                draw.norm(&format!("norm{i}"), width);
            }
        }
        draw.normal("x", &[batch, self.sizes[0]]);
        if self.loss == Loss::CrossEntropy {
            draw.labels(batch, self.outputs());
        }
    }

    fn reference(&self, file: &StepFile) -> Result<f64, Failure> {
        let input = plain::wide(file, "x")?;
        let mut x = input.clone();
        for (i, (_, outputs)) in self.linears().enumerate() {
            x = plain::linear(file, &format!("linear{i}"), &x)?;
            if i == self.hidden().len() {
                break;
            }
            if self.batch_norm {
                let scale = plain::wide(file, &format!("norm{i}.weight"))?;
                let shift = plain::wide(file, &format!("norm{i}.bias"))?;
                batch_norm(&mut x, outputs, self.bn_eps, &scale, &shift);
            }
            match self.activation {
                Activation::Tanh => x.iter_mut().for_each(|v| *v = v.tanh()),
                Activation::Relu => plain::relu(&mut x),
            }
        }
        Ok(match self.loss {
            Loss::CrossEntropy => plain::cross_entropy(&x, &file.labels),
            Loss::Reconstruction => {
                let squares = x.iter().zip(&input).map(|(y, x)| (y - x).powi(2));
                squares.sum::<f64>() / x.len() as f64
            }
        })
    }

    fn work(&self, batch: usize) -> Work {
        let linears = self.linears().enumerate();
        let flops =
            linears.map(|(i, (inputs, outputs))| linear_flops(batch, inputs, outputs, i == 0));
        Work { flops: flops.sum(), activations: batch * self.hidden().iter().sum::<usize>() }
    }

    fn ours(&self, file: &StepFile) -> Result<Box<dyn Ours>, Failure> {
        let mut params = Params::seeded(0);
        let network = Network::new(&mut params.root(), self);
        Ok(match self.loss {
            Loss::CrossEntropy => {
                Box::new(Trained::classifier(file, params, move |x| network.forward(x))?)
            }
            Loss::Reconstruction => {
                let step = Step::new(move |_, [x]| Mse::new().of(network.forward(x), x));
                Box::new(Trained::new(file, params, step, ["x"])?)
            }
        })
    }
}

fn batch_norm(x: &mut [f64], width: usize, eps: f64, scale: &[f64], shift: &[f64]) {
    for column in 0..width {
        let (mean, factor) = plain::standard(x.iter().skip(column).step_by(width), eps);
        for v in x.iter_mut().skip(column).step_by(width) {
            *v = (*v - mean) * factor * scale[column] + shift[column];
        }
    }
}

/// Blocks of Linear, BatchNorm if asked for, and activation, and a last Linear.
struct Network {
    blocks: Vec<(Linear, Option<BatchNorm>)>,
    head: Linear,
    activation: Activation,
}

impl Network {
    fn new(scope: &mut Scope<'_>, model: &Perceptron) -> Self {
        let mut linears: Vec<Linear> = Vec::new();
        for (i, (inputs, outputs)) in model.linears().enumerate() {
            linears.push(Linear::new(inputs, outputs).build(scope, &format!("linear{i}")));
        }
        let head = linears.pop().expect("a network has a last Linear");
        let running = Running::torch().average(Average::NewWeight(model.bn_momentum));
        let norm = |(i, &width): (usize, &usize), scope: &mut Scope<'_>| {
            let norm = BatchNorm::new(width).eps(model.bn_eps).running(running);
            model.batch_norm.then(|| norm.build(scope, &format!("norm{i}")))
        };
        let norms: Vec<_> =
            model.hidden().iter().enumerate().map(|each| norm(each, scope)).collect();
        Self {
            blocks: linears.into_iter().zip(norms).collect(),
            head,
            activation: model.activation,
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate;

    #[test]
    fn batch_norm_gives_scale_and_shift() {
        let mut x = vec![1.0, 10.0, 3.0, 30.0];
        batch_norm(&mut x, 2, 0.0, &[2.0, 1.0], &[0.5, 0.0]);
        assert_eq!(x, [-1.5, -1.0, 2.5, 1.0]);
    }

    #[test]
    fn parameters_are_counted_with_biases_and_norms() {
        let counts: Vec<usize> =
            steps()[..2].iter().map(|entry| generate::step_file(entry).parameters()).collect();
        assert_eq!(counts[0], 2 * 16 + 16 + 16 * 16 + 16 + 16 * 2 + 2);
        assert_eq!(counts[1], 64 * 128 + 128 + 256 + 128 * 64 + 64 + 128 + 640 + 10);
    }

    #[test]
    fn the_first_layer_has_no_input_gradient() {
        let work = steps()[0].model.work(32);
        assert_eq!(work.flops, 2.0 * 32.0 * (2.0 * 32.0 + 3.0 * 256.0 + 3.0 * 32.0));
        assert_eq!(work.activations, 32 * 32);
    }
}
