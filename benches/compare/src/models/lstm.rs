//! An LSTM whose last hidden state is classified. Two spellings of ours, a loop and one written out, are steps of their
//! own; the other frameworks have the one that is fastest for them in both.
//!
//! ```text
//! [i f g o] = [xₜ hₜ₋₁]·Wᵀ + b
//! cₜ = σ(f)·cₜ₋₁ + σ(i)·tanh(g)        hₜ = σ(o)·tanh(cₜ)
//! ```

use cotangent::ndarray::{Axis, Slice};
use cotangent::prelude::*;
use serde_json::json;

use super::{Entry, Group, Model, Work, linear_flops};
use crate::Failure;
use crate::generate::Draw;
use crate::ours::{Ours, Trained, array};
use crate::plain;
use crate::spec::Optimizer;
use crate::stepfile::{Array, StepFile};

/// The steps of this kind.
pub fn steps() -> Vec<Entry> {
    let step = |name, summary, steps, spelling| Entry {
        name,
        summary,
        group: Group::Sequence,
        batch: 32,
        optimizer: Some(Optimizer::adam()),
        model: Box::new(Lstm { steps, spelling }),
    };
    vec![
        step("lstm", "64-128, 32 steps, Adam", 32, Spelling::Scanned),
        step("lstm-steps", "64-128, 32 steps, written out, Adam", 32, Spelling::Stepwise),
        step("lstm-256", "64-128, 256 steps, Adam", 256, Spelling::Scanned),
    ]
}

const INPUTS: usize = 64;
const HIDDEN: usize = 128;
const CLASSES: usize = 10;

struct Lstm {
    steps: usize,
    spelling: Spelling,
}

/// How ours is written.
#[derive(Clone, Copy)]
enum Spelling {
    /// A loop of the graph, whose step multiplies the input and the hidden state each by its part of W.
    Scanned,
    /// A step slices the input, and multiplies it beside the hidden state.
    Stepwise,
}

impl Model for Lstm {
    fn description(&self) -> serde_json::Value {
        json!({ "kind": "lstm", "inputs": INPUTS, "hidden": HIDDEN, "steps": self.steps })
    }

    fn draw(&self, batch: usize, draw: &mut Draw) {
        draw.layer("gates", &[4 * HIDDEN, INPUTS + HIDDEN]);
        draw.layer("head", &[CLASSES, HIDDEN]);
        draw.normal("x", &[self.steps, batch, INPUTS]);
        draw.labels(batch, CLASSES);
    }

    fn reference(&self, file: &StepFile) -> Result<f64, Failure> {
        let x = plain::wide(file, "x")?;
        let batch = file.spec.batch;
        let (mut h, mut c) = (vec![0.0; batch * HIDDEN], vec![0.0; batch * HIDDEN]);
        for x in x.chunks(batch * INPUTS) {
            let rows = x.chunks(INPUTS).zip(h.chunks(HIDDEN));
            let beside: Vec<f64> = rows.flat_map(|(x, h)| [x, h].concat()).collect();
            let gates = plain::linear(file, "gates", &beside)?;
            for (row, gates) in gates.chunks(4 * HIDDEN).enumerate() {
                for unit in 0..HIDDEN {
                    let at = row * HIDDEN + unit;
                    let [i, f, g, o] = [0, 1, 2, 3].map(|gate| gates[gate * HIDDEN + unit]);
                    c[at] = sigmoid(f) * c[at] + sigmoid(i) * g.tanh();
                    h[at] = sigmoid(o) * c[at].tanh();
                }
            }
        }
        Ok(plain::cross_entropy(&plain::linear(file, "head", &h)?, &file.labels))
    }

    fn work(&self, batch: usize) -> Work {
        let rows = self.steps * batch;
        // The first hidden state is 0.
        let flops = linear_flops(rows, INPUTS, 4 * HIDDEN, true)
            + linear_flops(rows - batch, HIDDEN, 4 * HIDDEN, false)
            + linear_flops(batch, HIDDEN, CLASSES, false);
        // The gates, the cell and the hidden state of every step.
        Work { flops, activations: rows * 6 * HIDDEN }
    }

    fn ours(&self, file: &StepFile) -> Result<Box<dyn Ours>, Failure> {
        let mut params = Params::seeded(0);
        let mut scope = params.root();
        match self.spelling {
            Spelling::Scanned => {
                let network = Scanned::new(&mut scope);
                Ok(Box::new(Trained::classifier(&split(file)?, params, move |x| {
                    network.forward(x)
                })?))
            }
            Spelling::Stepwise => {
                let network = Stepwise::new(&mut scope);
                Ok(Box::new(Trained::classifier(file, params, move |x| network.forward(x))?))
            }
        }
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The file with W taken apart: the columns of the input, with the bias, and those of the hidden state.
fn split(file: &StepFile) -> Result<StepFile, Failure> {
    let mut file = file.clone();
    let weight = array(&file, "gates.weight")?;
    let mut insert = |name: &str, columns: Slice| {
        let part = weight.slice_axis(Axis(1), columns);
        let array = Array { shape: part.shape().to_vec(), data: part.iter().copied().collect() };
        file.arrays.insert(name.to_owned(), array);
    };
    insert("input.weight", Slice::from(..INPUTS));
    insert("hidden.weight", Slice::from(INPUTS..));
    file.arrays.insert("input.bias".to_owned(), file.array("gates.bias")?.clone());
    Ok(file)
}

/// One step, looped.
struct Scanned {
    input: Linear,
    hidden: Linear,
    head: Linear,
}

impl Scanned {
    fn new(scope: &mut Scope<'_>) -> Self {
        Self {
            input: Linear::new(INPUTS, 4 * HIDDEN).build(scope, "input"),
            hidden: Linear::new(HIDDEN, 4 * HIDDEN).bias(false).build(scope, "hidden"),
            head: Linear::new(HIDDEN, CLASSES).build(scope, "head"),
        }
    }

    fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        let State { h, c } = State::start(x);
        let last = x.graph().scan(&[h, c], &[x], |carry, x| {
            let gates = self.input.forward(x[0]) + self.hidden.forward(carry[0]);
            let State { h, c } = State { h: carry[0], c: carry[1] }.next(gates);
            (vec![h, c], vec![])
        });
        self.head.forward(last.0[0])
    }
}

/// Written out, step by step.
struct Stepwise {
    gates: Linear,
    head: Linear,
}

impl Stepwise {
    fn new(scope: &mut Scope<'_>) -> Self {
        Self {
            gates: Linear::new(INPUTS + HIDDEN, 4 * HIDDEN).build(scope, "gates"),
            head: Linear::new(HIDDEN, CLASSES).build(scope, "head"),
        }
    }

    fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        let mut state = State::start(x);
        for t in 0..x.shape()[0] {
            let beside = x.graph().concat(&[at(x, t), state.h], 1);
            state = state.next(self.gates.forward(beside));
        }
        self.head.forward(state.h)
    }
}

/// What is carried from step to step.
#[derive(Clone, Copy)]
struct State<'g> {
    h: Var<'g>,
    c: Var<'g>,
}

impl<'g> State<'g> {
    fn start(x: Var<'g>) -> Self {
        let zero = x.graph().full([x.shape()[1], HIDDEN], 0.0);
        Self { h: zero, c: zero }
    }

    fn next(self, gates: Var<'g>) -> Self {
        let [i, f, g, o] = gates.split(&[HIDDEN; 4], 1)[..] else { unreachable!("four parts") };
        let c = f.sigmoid() * self.c + i.sigmoid() * g.tanh();
        Self { h: o.sigmoid() * c.tanh(), c }
    }
}

/// What an array over steps has at one of them.
fn at(x: Var<'_>, step: usize) -> Var<'_> {
    x.slice_axis(0, step..step + 1).squeeze(0)
}
