//! L-BFGS: very good on a full batch, bad on mini-batches.
//!
//! `cargo run --release --example gallery -- lbfgs`

use cotangent::data::Dataset;
use cotangent::graph::{GradientLayout, Gradients};
use cotangent::ndarray::Array1;
use cotangent::nn::{l2_penalty, parameters_where};
use cotangent::minimize::{Objective, Recorded, TorchLbfgs, trainable};
use cotangent::minimize::{MinimizeError, NewtonCg};
use cotangent::prelude::{Activation, Adam, Lbfgs, Loss, Minimizer, Mode, Optimizer, Params};
use lab::{Axis, Deck, Digits, Experiment, Hue, Lab, Plot, Result, Table, mlp, scientific};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "L-BFGS, on a full batch and on mini-batches",
    deck: Deck::Optimization,
    slides: "Second-order optimization: L-BFGS; In practice",
    quotes: &[
        "L-BFGS (Limited memory BFGS): Does not form/store the full inverse Hessian.",
        "L-BFGS usually works very well in full batch, deterministic mode, i.e. work very well when \
         you have a single, deterministic cost function. But does not transfer very well to \
         mini-batch setting. Gives bad results.",
        "Adam is a good default choice in most cases. If you can afford to do full batch updates \
         then try out L-BFGS (and don't forget to disable all sources of noise).",
    ],
    formulas: &[
        r"\theta_{t+1} = \theta_t - \alpha_t\, B_t\, \nabla J(\theta_t)",
        r"B_t \approx H^{-1} \text{ from } s_k = \theta_{k+1} - \theta_k, \quad y_k = \nabla J(\theta_{k+1}) - \nabla J(\theta_k), \quad k = t-m, \dots, t-1",
    ],
    run,
};

/// The strength of the penalty λ·Σw².
const LAMBDA: f64 = 1e-4;
const BATCH: usize = 64;

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

fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    full_batch(lab, &digits)?;
    mini_batches(lab, &digits)
}

/// The same objective minimised by Adam at several rates and by L-BFGS, counted in evaluations of
/// the loss and its gradient on all samples.
fn full_batch(lab: &mut Lab, digits: &Digits) -> Result {
    let (mut loss, start) = objective(&[64, 10], &digits.train);
    // The minimum by a third method: it is convex.
    let least = NewtonCg::new().minimize(&mut loss, &start)?.value;
    let regression = Plot::new(
        "regression",
        "Softmax regression on all digits: the loss above its minimum",
        Axis::new("evaluations of the loss and its gradient"),
        Axis::log("J − J*").range(1e-8..10.0),
    );
    let [adam, evaluations] = contest(lab, regression, &mut loss, &start, least)?;
    lab.claim(
        "L-BFGS works very well in full batch",
        evaluations < 150.0,
        format!(
            "in {evaluations:.0} evaluations it is below {}, where Adam is after 300 at the best of \
             four rates",
            scientific(adam, 1)
        ),
    );
    let (mut hidden, from) = objective(&[64, 32, 10], &digits.train);
    let network = Plot::new(
        "network",
        "A network with a hidden layer on all digits: the loss",
        Axis::new("evaluations of the loss and its gradient"),
        Axis::log("J").range(0.01..3.0),
    );
    let [adam, evaluations] = contest(lab, network, &mut hidden, &from, 0.0)?;
    lab.claim(
        "With a network too, without a rate to choose",
        evaluations < 150.0,
        format!("in {evaluations:.0} evaluations it is below {adam:.4}, where the best Adam is after 300"),
    );
    memory(lab, &mut loss, &start, least)
}

/// The loss above `least` that Adam ends at with its best rate, and the evaluations that L-BFGS needs
/// to get there.
fn contest(
    lab: &mut Lab,
    mut plot: Plot,
    loss: &mut Recorded<'_>,
    start: &[f64],
    least: f64,
) -> Result<[f64; 2]> {
    let evaluations = lab.pick(300, 5);
    let mut best = f64::INFINITY;
    for (hue, rate) in
        [(Hue::Green, 0.03), (Hue::Orange, 0.1), (Hue::Vermillion, 0.3), (Hue::Purple, 1.0)]
    {
        let mut adam = Walker::new(start, rate);
        let mut curve = Vec::new();
        for i in 1..=evaluations {
            curve.push((i as f64, adam.step(loss)? - least));
        }
        best = best.min(curve[evaluations - 1].1);
        plot.line(hue, &format!("Adam {rate}"), curve);
    }
    let minimum = Lbfgs::new().max_iterations(evaluations).minimize(loss, start)?;
    let history = minimum.history.iter().filter(|at| at.functions <= evaluations);
    let curve: Vec<_> = history.map(|at| (at.functions as f64, at.value - least)).collect();
    let there = curve.iter().find(|at| at.1 <= best).map_or(f64::INFINITY, |at| at.0);
    plot.line(Hue::Blue, "L-BFGS", curve);
    lab.show(plot);
    Ok([best, there])
}

/// What L-BFGS remembers, and what that is worth.
fn memory(lab: &mut Lab, loss: &mut Recorded<'_>, start: &[f64], least: f64) -> Result {
    let n = start.len();
    let mut table = Table::new(
        &format!("L-BFGS on the regression, N = {n}: BFGS would store N² = {} numbers", n * n),
        ["steps remembered", "numbers stored", "evaluations to J − J* < 10⁻⁶"],
    );
    let mut needed = Vec::new();
    for memory in [1, 3, 10, 30, 100] {
        let lbfgs = Lbfgs::new().memory(memory).max_iterations(lab.pick(1000, 5));
        let minimum = lbfgs.minimize(loss, start)?;
        let reached = minimum.history.iter().find(|at| at.value - least < 1e-6);
        let evaluations = reached.map(|at| at.functions);
        needed.push(evaluations.map_or(f64::INFINITY, |count| count as f64));
        table.row([
            format!("{memory}"),
            format!("{}", 2 * memory * n),
            evaluations.map_or("more".to_owned(), |count| format!("{count}")),
        ]);
    }
    lab.table(table);
    lab.claim(
        "It does not need the full inverse Hessian",
        needed[2] < 2.0 * needed[4],
        format!(
            "with the last 10 steps, {} numbers instead of {}, it takes {} evaluations; with the last \
             100 {}",
            20 * n,
            n * n,
            needed[2],
            needed[4]
        ),
    );
    Ok(())
}

/// The objectives of the batches, of which one at a time is minimised.
struct Batches {
    all: Vec<Recorded<'static>>,
    now: usize,
    evaluated: usize,
}

impl Objective for Batches {
    fn value_and_gradient(
        &mut self,
        x: &[f64],
        gradient: &mut [f64],
    ) -> std::result::Result<f64, MinimizeError> {
        self.evaluated += 1;
        self.all[self.now].value_and_gradient(x, gradient)
    }
}

impl Batches {
    /// The batches of a data set, in the order of its rows.
    fn of(samples: &Dataset, widths: &[usize]) -> Result<Self> {
        let rows: Vec<usize> = (0..samples.len()).collect();
        let batch = |rows: &[usize]| Ok(objective(widths, &samples.select(rows)?).0);
        let all = rows.chunks(BATCH).map(batch).collect::<Result<_>>()?;
        Ok(Self { all, now: 0, evaluated: 0 })
    }

    /// Goes through the batches, again and again, for so many passes' worth of evaluations: `step`
    /// moves x on the batch that it is given. Answers the loss on all samples after each pass.
    fn walk(
        &mut self,
        passes: usize,
        x: &mut Vec<f64>,
        mut step: impl FnMut(&mut Self, &mut Vec<f64>) -> Result,
        mut loss: impl FnMut(&[f64]) -> Result<f64>,
    ) -> Result<Vec<(f64, f64)>> {
        let mut curve = vec![(0.0, loss(x)?)];
        (self.now, self.evaluated) = (0, 0);
        while self.evaluated < passes * self.all.len() {
            step(self, x)?;
            self.now = (self.now + 1) % self.all.len();
            let passed = self.evaluated as f64 / self.all.len() as f64;
            if passed >= curve[curve.len() - 1].0 + 1.0 {
                curve.push((passed, loss(x)?));
            }
        }
        Ok(curve)
    }
}

fn mini_batches(lab: &mut Lab, digits: &Digits) -> Result {
    let passes = lab.pick(40, 2);
    let widths = [64, 10];
    let (mut full, start) = objective(&widths, &digits.train);
    let least = NewtonCg::new().minimize(&mut full, &start)?.value;
    let deterministic = Lbfgs::new().max_iterations(passes).minimize(&mut full, &start)?;
    let mut unused = vec![0.0; start.len()];
    let mut above = |x: &[f64]| Ok(full.value_and_gradient(x, &mut unused)? - least);
    let mut batches = Batches::of(&digits.train, &widths)?;
    let mut plot = Plot::new(
        "batches",
        "Softmax regression on batches of 64 digits: the loss on all of them above its minimum",
        Axis::new("passes over the data").range(0.0..passes as f64),
        Axis::log("J − J*"),
    );
    let mut lowest = f64::INFINITY;
    for (hue, label, mut lbfgs) in [
        (Hue::Purple, "L-BFGS, α = 1", TorchLbfgs::new(1.0)),
        (Hue::Orange, "L-BFGS, Wolfe", TorchLbfgs::new(1.0).strong_wolfe()),
        (Hue::Green, "one step a batch", TorchLbfgs::new(0.1).max_iterations(1)),
    ] {
        let step =
            |batches: &mut Batches, x: &mut Vec<f64>| Ok(lbfgs.step(batches, x).map(|_| ())?);
        let curve = batches.walk(passes, &mut start.clone(), step, &mut above)?;
        let second_half = &curve[curve.len() / 2..];
        let least = second_half.iter().map(|at| at.1).fold(f64::INFINITY, f64::min);
        lowest = lowest.min(least);
        plot.line(hue, label, curve);
    }
    let mut adam = Walker::new(&start, 0.01);
    let step = |batches: &mut Batches, x: &mut Vec<f64>| {
        adam.step(batches)?;
        x.copy_from_slice(adam.params.trainable());
        Ok(())
    };
    let curve = batches.walk(passes, &mut start.clone(), step, &mut above)?;
    let adam = curve[curve.len() - 1].1;
    plot.line(Hue::Vermillion, "Adam 0.01", curve);
    let history = deterministic.history.iter().filter(|at| at.functions <= passes);
    let curve: Vec<_> = history.map(|at| (at.functions as f64, at.value - least)).collect();
    let full_batch = curve[curve.len() - 1].1;
    plot.line(Hue::Blue, "L-BFGS, full batch", curve);
    lab.show(plot);
    lab.claim(
        "On mini-batches L-BFGS gives bad results",
        lowest > 10.0 * adam && lowest > 10.0 * full_batch,
        format!(
            "over the last {} of {passes} passes three ways to use it stay {lowest:.2} or more above the \
             minimum; Adam on the same batches ends {} above it, and L-BFGS on all samples {}",
            passes / 2,
            scientific(adam, 1),
            scientific(full_batch, 1)
        ),
    );
    Ok(())
}
