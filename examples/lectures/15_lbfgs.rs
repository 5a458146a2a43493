//! L-BFGS: very good on a full batch, bad on mini-batches.
//!
//! `cargo run --release -p lectures --example gallery -- lbfgs`

#[path = "15_lbfgs"]
mod parts {
    pub mod bfgs;
    pub mod full_batch;
    pub mod mini_batches;
    pub mod updates;
}

use cotangent::data::Dataset;
use cotangent::minimize::{Objective, Recorded, trainable};
use cotangent::ndarray::Array1;
use cotangent::nn::{l2_penalty, parameters_where};
use cotangent::prelude::{Activation, Adam, Loss, Mode, Optimizer, Params};
use cotangent::{GradientLayout, Gradients};
use lab::{Deck, Experiment, Lab, Result, mlp};
use parts::{bfgs, full_batch, mini_batches, updates};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "L-BFGS, on a full batch and on mini-batches",
    deck: Deck::Optimization,
    slides: "Second-order optimization: L-BFGS; In practice",
    quotes: &[
        "Quasi-Newton methods (BGFS most popular): instead of inverting the Hessian (O(n^3)), approximate \
         inverse Hessian with rank 1 updates over time (O(n^2) each).",
        "L-BFGS (Limited memory BFGS): Does not form/store the full inverse Hessian.",
        "L-BFGS usually works very well in full batch, deterministic mode, i.e. work very well when \
         you have a single, deterministic cost function. But does not transfer very well to \
         mini-batch setting. Gives bad results.",
        "Adam is a good default choice in most cases. If you can afford to do full batch updates \
         then try out L-BFGS (and don't forget to disable all sources of noise).",
    ],
    formulas: &[
        r"\text{BFGS}\quad B \leftarrow (I - \rho s y^\top) B (I - \rho y s^\top) + \rho s s^\top, \quad \rho = 1 / s^\top y",
        r"\theta_{t+1} = \theta_t - \alpha_t\, B_t\, \nabla J(\theta_t)",
        r"B_t \approx H^{-1} \text{ from } s_k = \theta_{k+1} - \theta_k, \quad y_k = \nabla J(\theta_{k+1}) - \nabla J(\theta_k), \quad k = t-m, \dots, t-1",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "15_lbfgs": full_batch, bfgs, updates, mini_batches)
}

/// The strength of the penalty λ·Σw².
const LAMBDA: f64 = 1e-4;

/// The objective of a network on samples, in double precision, and where to start.
fn objective(widths: &[usize], samples: &Dataset) -> (Recorded<'static>, Vec<f64>) {
    let mut params = Params::seeded(0);
    let model = mlp(&mut params.root(), widths, Activation::Tanh);
    let weights = parameters_where(&params, |path| path.ends_with("weight"));
    let inputs = [samples.features().mapv(f64::from).into(), samples.labels().into()];
    let start = trainable(&params);
    let recorded = Recorded::of_model(&params, inputs, move |graph, [x, labels]| {
        let cost = model.forward(x, Mode::Train).cross_entropy(labels);
        cost + l2_penalty(graph, &weights, LAMBDA)
    });
    (recorded, start)
}

/// A walk of Adam, which evaluates once a step.
struct Walker {
    params: Params<f64>,
    layout: GradientLayout,
    gradient: Vec<f64>,
    adam: Box<dyn Optimizer<f64>>,
}

impl Walker {
    fn new(start: &[f64], rate: f64) -> Self {
        let mut params = Params::with_seed(0);
        params.root().parameter("x", Array1::from(start.to_vec()).into_dyn());
        let layout = GradientLayout::new(params.trainable_entries());
        Self { params, layout, gradient: vec![0.0; start.len()], adam: Box::new(Adam::new(rate)) }
    }

    /// Makes a step, and answers the objective before it.
    fn step(&mut self, objective: &mut impl Objective) -> Result<f64> {
        let value = objective.value_and_gradient(self.params.trainable(), &mut self.gradient)?;
        self.adam.step(&mut self.params, Gradients::new(&self.layout, &self.gradient))?;
        Ok(value)
    }
}
