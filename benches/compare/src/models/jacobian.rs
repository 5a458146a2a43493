//! The Jacobian of a network with respect to its input, at one sample.

use cotangent::prelude::*;
use serde_json::json;

use super::tanh::{self, Network};
use super::{Entry, Group, Model, Work};
use crate::Failure;
use crate::generate::Draw;
use crate::ours::{Evaluation, Ours};
use crate::plain;
use crate::stepfile::StepFile;

/// The steps of this kind.
pub fn steps() -> Vec<Entry> {
    vec![Entry {
        name: "jacobian",
        summary: "Jacobian of 32-64-64-32, tanh, with respect to its input",
        group: Group::Second,
        batch: 1,
        optimizer: None,
        model: Box::new(Jacobian),
    }]
}

const SIZES: [usize; 4] = [32, 64, 64, 32];
const LAYERS: usize = SIZES.len() - 1;

struct Jacobian;

impl Model for Jacobian {
    fn description(&self) -> serde_json::Value {
        json!({ "kind": "jacobian", "sizes": SIZES })
    }

    fn draw(&self, _: usize, draw: &mut Draw) {
        tanh::draw(&SIZES, false, draw);
        draw.normal("x", &[SIZES[0]]);
        draw.normal("v.jacobian", &[SIZES[LAYERS], SIZES[0]]);
    }

    /// The columns: how the values change with each of the inputs, layer by layer.
    fn reference(&self, file: &StepFile) -> Result<f64, Failure> {
        let mut x = plain::wide(file, "x")?;
        let unit = |i| (0..SIZES[0]).map(move |j| f64::from(u8::from(i == j)));
        let mut changes: Vec<f64> = (0..SIZES[0]).flat_map(unit).collect();
        for i in 0..LAYERS {
            let weight = plain::wide(file, &format!("linear{i}.weight"))?;
            changes = plain::product(&changes, &weight, x.len());
            x = plain::linear(file, &format!("linear{i}"), &x)?;
            if i + 1 < LAYERS {
                x.iter_mut().for_each(|v| *v = v.tanh());
                let rows = changes.chunks_mut(x.len());
                rows.flat_map(|row| row.iter_mut().zip(&x)).for_each(|(c, x)| *c *= 1.0 - x * x);
            }
        }
        let weights = plain::wide(file, "v.jacobian")?;
        let weighed = |(input, column): (usize, &[f64])| {
            let row = |(output, change)| weights[output * SIZES[0] + input] * change;
            column.iter().enumerate().map(row).sum::<f64>()
        };
        Ok(changes.chunks(SIZES[LAYERS]).enumerate().map(weighed).sum())
    }

    fn work(&self, _: usize) -> Work {
        // Forward, and the products of the layers' own Jacobians, whose first needs none. As the network is as wide at
        // its end, from there it is the same.
        let values: usize = (0..LAYERS - 1).map(|i| SIZES[i] * SIZES[i + 1]).sum();
        let changes: usize = (1..LAYERS).map(|i| SIZES[0] * SIZES[i] * SIZES[i + 1]).sum();
        let hidden: usize = SIZES[1..LAYERS].iter().sum();
        Work {
            flops: 2.0 * (values + changes) as f64,
            activations: hidden * (1 + SIZES[0]) + SIZES[0] * SIZES[LAYERS],
        }
    }

    fn ours(&self, file: &StepFile) -> Result<Box<dyn Ours>, Failure> {
        let mut params = Params::seeded(0);
        let network = Network::new(&mut params, &SIZES);
        let evaluation = Evaluation::new(file, params, ["x"], ["jacobian"], move |_, [x]| {
            let jacobian = Gradient::of(network.forward(x)).jacobian_matrix(&[x]);
            [jacobian.expect("the network depends on its input")]
        });
        Ok(Box::new(evaluation?))
    }
}
