//! A physics-informed network: the gradient of how far its Laplacian is from a given source, over all its parameters.

use cotangent::prelude::*;
use serde_json::json;

use super::tanh::{self, Network, names};
use super::{Entry, Group, Model, Work};
use crate::Failure;
use crate::generate::Draw;
use crate::ours::{Evaluation, Ours};
use crate::plain;
use crate::stepfile::StepFile;

/// The steps of this kind.
pub fn steps() -> Vec<Entry> {
    vec![Entry {
        name: "pinn",
        summary: "gradient of a Poisson residual, 2-32-32-32-1, tanh",
        group: Group::Second,
        batch: 256,
        optimizer: None,
        model: Box::new(Poisson),
    }]
}

const SIZES: [usize; 5] = [2, 32, 32, 32, 1];
const LAYERS: usize = SIZES.len() - 1;
/// Weight and bias of each layer.
const PARTS: usize = 2 * LAYERS;

struct Poisson;

impl Model for Poisson {
    fn description(&self) -> serde_json::Value {
        json!({ "kind": "pinn", "sizes": SIZES })
    }

    fn draw(&self, batch: usize, draw: &mut Draw) {
        tanh::draw(&SIZES, true, draw);
        draw.normal("x", &[batch, SIZES[0]]);
        draw.normal("source", &[batch]);
    }

    /// How the mean of r² changes when the parameters move along v, r = Δu − source: the mean of 2·r·dr.
    fn reference(&self, file: &StepFile) -> Result<f64, Failure> {
        let layers = (0..LAYERS).map(|i| Layer::of(file, i)).collect::<Result<Vec<_>, _>>()?;
        let source = plain::wide(file, "source")?;
        let points = plain::wide(file, "x")?;
        let mut total = 0.0;
        for (point, source) in points.chunks(SIZES[0]).zip(&source) {
            let (mut laplacian, mut change) = (0.0, 0.0);
            for direction in 0..SIZES[0] {
                let start = |(i, &x)| Path {
                    value: [x, f64::from(u8::from(i == direction)), 0.0],
                    change: [0.0; 3],
                };
                let mut x: Vec<Path> = point.iter().enumerate().map(start).collect();
                for (i, layer) in layers.iter().enumerate() {
                    x = layer.forward(&x);
                    if i + 1 < LAYERS {
                        x.iter_mut().for_each(Path::tanh);
                    }
                }
                laplacian += 2.0 * x[0].value[2];
                change += 2.0 * x[0].change[2];
            }
            total += 2.0 * (laplacian - source) * change;
        }
        Ok(total / source.len() as f64)
    }

    fn work(&self, batch: usize) -> Work {
        // Of each point, the value of a layer, its slopes in both directions, and its Laplacian. Of the first layer the
        // slopes are the weight and the Laplacian is nothing; of the last only the Laplacian is asked for. Each forward,
        // back, and for the weight's gradient; the points themselves want none.
        let products = |i| match i {
            0 => 2.0,
            _ if i + 1 == LAYERS => 3.0,
            _ => 3.0 * 4.0,
        };
        let flops = |i| products(i) * 2.0 * (batch * SIZES[i] * SIZES[i + 1]) as f64;
        let hidden: usize = SIZES[1..LAYERS].iter().sum();
        let parameters: usize = (0..LAYERS).map(|i| (SIZES[i] + 1) * SIZES[i + 1]).sum();
        Work { flops: (0..LAYERS).map(flops).sum(), activations: 4 * batch * hidden + parameters }
    }

    fn ours(&self, file: &StepFile) -> Result<Box<dyn Ours>, Failure> {
        let mut params = Params::seeded(0);
        let network = Network::new(&mut params, &SIZES);
        let names: [String; PARTS] = names();
        let names = names.each_ref().map(|name| name.as_str());
        let evaluation = Evaluation::new(file, params, ["x", "source"], names, move |_, inputs| {
            gradient(&network, inputs)
        });
        Ok(Box::new(evaluation?))
    }
}

fn gradient<'g>(network: &Network, [x, source]: [Var<'g>; 2]) -> [Var<'g>; PARTS] {
    let loss = (laplacian(network, x) - source).square().mean();
    // The Laplacian does not depend on the last bias.
    let gradient = Gradient::of(loss).zeros_without_path();
    let gradients = gradient.with_respect_to(&network.parameters(x.graph()));
    let gradients = gradients.expect("the loss is a scalar");
    std::array::from_fn(|i| gradients[i])
}

/// Forward mode over forward mode, along all axes at once: each point depends on its row alone.
fn laplacian<'g>(network: &Network, x: Var<'g>) -> Var<'g> {
    let (g, points, axes) = (x.graph(), x.shape()[0], SIZES[0]);
    let unit = |(axis, _, i)| f64::from(u8::from(axis == i));
    let units = g.constant(Array::from_shape_fn((axes, points, axes), unit));
    let u = network.forward(x).squeeze(1);
    g.vmap(&[(units, 0)], |unit| vec![u.jvp(x, unit[0]).jvp(x, unit[0])])[0].sum_over(0)
}

/// A series in s, the way along one direction from a point, cut after s².
type Series = [f64; 3];

/// A value on the way, and how it changes when the parameters move along v.
#[derive(Clone, Copy)]
struct Path {
    value: Series,
    change: Series,
}

impl Path {
    fn tanh(&mut self) {
        let [x0, x1, x2] = self.value;
        let y = x0.tanh();
        let slope = 1.0 - y * y;
        self.value = [y, slope * x1, slope * x2 - y * slope * x1 * x1];
        let square = times(self.value, self.value);
        self.change = times([1.0 - square[0], -square[1], -square[2]], self.change);
    }
}

fn times(a: Series, b: Series) -> Series {
    [a[0] * b[0], a[0] * b[1] + a[1] * b[0], a[0] * b[2] + a[1] * b[1] + a[2] * b[0]]
}

/// Weight and bias, and v for both.
struct Layer {
    weight: Vec<f64>,
    bias: Vec<f64>,
    along: Vec<f64>,
    shift: Vec<f64>,
}

impl Layer {
    fn of(file: &StepFile, i: usize) -> Result<Self, Failure> {
        Ok(Self {
            weight: plain::wide(file, &format!("linear{i}.weight"))?,
            bias: plain::wide(file, &format!("linear{i}.bias"))?,
            along: plain::wide(file, &format!("v.linear{i}.weight"))?,
            shift: plain::wide(file, &format!("v.linear{i}.bias"))?,
        })
    }

    fn forward(&self, x: &[Path]) -> Vec<Path> {
        let output = |row: usize| {
            let mut y =
                Path { value: [self.bias[row], 0.0, 0.0], change: [self.shift[row], 0.0, 0.0] };
            for (column, path) in x.iter().enumerate() {
                let place = row * x.len() + column;
                for k in 0..3 {
                    y.value[k] += self.weight[place] * path.value[k];
                    y.change[k] +=
                        self.weight[place] * path.change[k] + self.along[place] * path.value[k];
                }
            }
            y
        };
        (0..self.bias.len()).map(output).collect()
    }
}
