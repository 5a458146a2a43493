//! Normalising inputs: features on scales (1, 1000) and (0, 1).
//!
//! `cargo run --release --example gallery -- normalising_inputs`

use cotangent::data::{Dataset, Standardizer};
use cotangent::ndarray::{Array1, Array2, ArrayView1, Axis as Along, array};
use cotangent::optim::Sgd;
use cotangent::prelude::{Activation, Loss, Scope};
use lab::{
    Axis, Classifier, Deck, Experiment, Hue, Lab, Path, Plot, Result, Surface, Symmetric, Table,
    mlp, scientific,
};
use rand::RngExt;

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Normalising inputs",
    deck: Deck::Both,
    slides: "Why Normalization; Normalizing Activations in a Network; Recall: Normalizing inputs",
    quotes: &[
        "If the features are on different scale (1,1000) and (0,1), then the weights will end up \
         taking different values. More steps may be needed to reach optimal value and the learning \
         can be slow.",
        "Normalizing inputs is done to speed up learning.",
        "Remove mean: from each of the input mean of the corresponding input. Normalize variance.",
    ],
    formulas: &[
        r"\mu_i = \frac{1}{N} \sum_n x_i^{(n)} \qquad \sigma_i^2 = \frac{1}{N} \sum_n \left(x_i^{(n)} - \mu_i\right)^2",
        r"x_i \leftarrow \frac{x_i - \mu_i}{\sigma_i}",
    ],
    run,
};

const SAMPLES: usize = 200;
/// The error above the least one that counts as learned.
const LEARNED: f64 = 0.01;

fn run(lab: &mut Lab) -> Result {
    let (x, y) = samples(1000.0);
    let raw = Neuron::new(x.clone(), y.clone())?;
    let standardized = Standardizer::of(&x)?.standardized(&x)?;
    let normalised = Neuron::new(standardized, y)?;
    weights(lab, &raw, &normalised);
    contours(lab, &raw, &normalised)?;
    steps(lab, &normalised)?;
    network(lab)
}

/// Features on scales (1, s) and (0, 1), which mean the same to the target.
fn samples(scale: f64) -> (Array2<f64>, Array1<f64>) {
    let mut rng = lab::rng(16);
    let unit = Array2::from_shape_fn((SAMPLES, 2), |_| rng.random_range(0.001..1.0));
    let noise = Array1::from_shape_fn(SAMPLES, |_| rng.random_range(-0.5..0.5));
    let y = 3.0 * unit.sum_axis(Along(1)) + noise;
    (unit * array![scale, 1.0], y)
}

/// A linear neuron with a squared error on two features: θ = (w₁, w₂, b).
struct Neuron {
    x: Array2<f64>,
    y: Array1<f64>,
    surface: Surface<'static>,
    hessian: Symmetric,
    lowest: Array1<f64>,
    /// The error there.
    least: f64,
}

impl Neuron {
    fn new(x: Array2<f64>, y: Array1<f64>) -> Result<Self> {
        let (inputs, targets) = (x.clone(), y.clone());
        let surface = Surface::new(move |theta| {
            let graph = theta.graph();
            let (w, b) = (theta.slice_axis(0, 0..2), theta.slice_axis(0, 2..3));
            (graph.constant(inputs.clone()).matmul(w) + b).mse(graph.constant(targets.clone()))
        });
        let hessian = Symmetric::new(&surface.hessian(&[0.0; 3])?);
        // The error is quadratic: one step of Newton’s, and another for rounding.
        let mut lowest = Array1::zeros(3);
        for _ in 0..2 {
            let slope = surface.at([lowest.to_vec()])?.remove(0).1;
            lowest = lowest - hessian.solve(&slope);
        }
        let least = surface.at([lowest.to_vec()])?[0].0;
        Ok(Self { x, y, surface, hessian, lowest, least })
    }

    /// Mean and variance of each feature.
    fn moments(&self) -> [[f64; 2]; 2] {
        [0, 1].map(|i| {
            let feature = self.x.column(i);
            let mean = feature.sum() / SAMPLES as f64;
            [mean, feature.mapv(|x| (x - mean).powi(2)).sum() / SAMPLES as f64]
        })
    }

    /// The learning rate that is right for the steepest direction.
    fn rate(&self) -> f64 {
        1.0 / self.hessian.values[2]
    }

    fn descend(&self, start: [f64; 3], steps: usize) -> Result<Path> {
        self.surface.descend(&start, steps, &mut Sgd::new(self.rate()))
    }

    /// The error above the least after t steps from 0, by the eigenvalues: a step leaves 1 − αλ of
    /// the distance along each eigenvector.
    fn excess(&self, t: f64) -> f64 {
        let distance = self.hessian.vectors.t().dot(&self.lowest);
        let kept = self.hessian.values.mapv(|l| (1.0 - self.rate() * l).abs().powf(t));
        0.5 * (&self.hessian.values * (distance * kept).mapv(|d| d * d)).sum()
    }

    /// The steps from 0 until it has learned, by the eigenvalues.
    fn predicted(&self) -> f64 {
        let (mut low, mut high) = (0.0, 1.0);
        while self.excess(high) >= LEARNED {
            (low, high) = (high, 2.0 * high);
        }
        while high - low > 1.0 {
            let middle = (0.5 * (low + high)).floor();
            if self.excess(middle) >= LEARNED { low = middle } else { high = middle }
        }
        high
    }
}

fn weights(lab: &mut Lab, raw: &Neuron, normalised: &Neuron) {
    let mut table = Table::new(
        "The neuron’s minimum, and the steps from 0 to it by the eigenvalues",
        ["features", "w₁", "w₂", "κ", "steps"],
    );
    for (label, neuron) in [("(1, 1000) and (0, 1)", raw), ("normalised", normalised)] {
        table.row([
            label.to_owned(),
            format!("{:.4}", neuron.lowest[0]),
            format!("{:.4}", neuron.lowest[1]),
            scientific(neuron.hessian.condition(), 2),
            scientific(neuron.predicted(), 2),
        ]);
    }
    lab.table(table);
    let [before, after] = [raw, normalised].map(Neuron::moments);
    let off = after.iter().map(|[mean, variance]| mean.abs().max((variance - 1.0).abs()));
    let off = off.fold(0.0, f64::max);
    lab.claim(
        "Removing the mean and dividing by the deviation gives mean 0 and variance 1",
        off < 1e-9,
        format!(
            "to {}, from means of {:.0} and {:.2} and variances of {:.0} and {:.2}",
            scientific(off, 1),
            before[0][0],
            before[1][0],
            before[0][1],
            before[1][1]
        ),
    );
    let [unlike, alike] = [raw, normalised].map(|neuron| neuron.lowest[1] / neuron.lowest[0]);
    lab.claim(
        "With features on different scales the weights end up taking different values",
        (800.0..1250.0).contains(&unlike) && (0.8..1.25).contains(&alike),
        format!("w₂/w₁ is {unlike:.0}; with normalised features {alike:.2}"),
    );
}

fn contours(lab: &mut Lab, raw: &Neuron, normalised: &Neuron) -> Result {
    let start = [-2.0, -2.0, 0.0];
    let many = lab.pick(10_000, 20);
    let figures = [
        ("raw", "Features on scales (1, 1000) and (0, 1): the error across the weights", raw, many),
        ("normalised", "The same features normalised: the bowl is round", normalised, 20),
    ];
    let mut left = Vec::new();
    for (name, caption, neuron, steps) in figures {
        let path = neuron.descend(start, steps)?;
        let (x, y, b) = (neuron.x.clone(), neuron.y.clone(), path.end()[2]);
        let slice = Surface::new(move |w| {
            (w.graph().constant(x.clone()).matmul(w) + b).mse(w.graph().constant(y.clone()))
        });
        let grid = slice.grid(-4.0..4.0, -4.0..4.0, 81)?;
        let mut plot = Plot::new(
            name,
            caption,
            Axis::new("weight w₁").range(-4.0..4.0),
            Axis::new("weight w₂").range(-4.0..4.0),
        );
        plot.contours(&grid, grid.levels(14));
        let every = steps.div_ceil(20);
        let shown: Vec<_> = path.pairs().into_iter().step_by(every).collect();
        let label = if every > 1 { format!(", one in {every} shown") } else { String::new() };
        plot.steps(Hue::Blue, &format!("{steps} steps{label}"), shown);
        plot.points(Hue::Vermillion, "minimum", [(neuron.lowest[0], neuron.lowest[1])]);
        lab.show(plot);
        left.push((neuron.lowest[1] - path.end()[1]) / (neuron.lowest[1] - start[1]));
    }
    lab.claim(
        "The ravine becomes a round bowl",
        raw.hessian.condition() > 1e6 && normalised.hessian.condition() < 1.5 && left[0] > 0.9 && left[1].abs() < 1e-3,
        format!(
            "condition number {} before, {:.2} after; of the way along w₂ {:.0} % are left after 10 000 \
             steps, and {} % after 20 in the bowl",
            scientific(raw.hessian.condition(), 1),
            normalised.hessian.condition(),
            100.0 * left[0],
            scientific(100.0 * left[1].abs(), 1)
        ),
    );
    Ok(())
}

/// The steps from 0 until the error is learned, for a first feature on scales up to 1000.
fn steps(lab: &mut Lab, normalised: &Neuron) -> Result {
    let most = lab.pick(30_000, 50);
    let (mut measured, mut predicted, mut worst) = (Vec::new(), Vec::new(), 0f64);
    for scale in [1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0] {
        let (x, y) = samples(scale);
        let neuron = Neuron::new(x, y)?;
        let expected = neuron.predicted();
        predicted.push((scale, expected));
        if expected < most as f64 {
            let path = neuron.descend([0.0; 3], expected as usize + 10)?;
            let steps = path.steps_to(neuron.least + LEARNED).ok_or("more steps than predicted")?;
            measured.push((scale, steps as f64));
            worst = worst.max((steps as f64 - expected).abs());
        }
    }
    let path = normalised.descend([0.0; 3], 20)?;
    let bowl = path.steps_to(normalised.least + LEARNED).ok_or("the bowl takes more steps")? as f64;
    let mut plot = Plot::new(
        "steps",
        "Steps until the error is 0.01 above the least, by the scale of the first feature",
        Axis::log("scale s of the feature in (0, s); the other is in (0, 1)"),
        Axis::log("steps"),
    );
    plot.line(Hue::Grey, "by the eigenvalues", predicted.clone());
    plot.points(Hue::Blue, "measured", measured.clone());
    plot.rule_at_y(Hue::Vermillion, "normalised", bowl);
    lab.show(plot);
    let (scale, slow) = predicted[predicted.len() - 1];
    lab.claim(
        "More steps are needed, and the learning is slow",
        measured.len() >= 4 && worst <= 1.0 && slow > 1e6 && bowl <= 3.0,
        format!(
            "{} at a scale of {scale}, by eigenvalues that predict those measured to {worst} steps; \
             normalised {bowl}",
            scientific(slow, 2)
        ),
    );
    Ok(())
}

/// A network that learns whether both features are near their middle.
fn network(lab: &mut Lab) -> Result {
    let (x, _) = samples(1000.0);
    let near = |x: ArrayView1<'_, f64>| (x[0] / 1000.0 - 0.5).powi(2) + (x[1] - 0.5).powi(2) < 0.15;
    let labels: Array1<i64> = x.rows().into_iter().map(|x| i64::from(near(x))).collect();
    let raw = Dataset::new(x.mapv(|x| x as f32), labels, 2)?;
    let normalised = Standardizer::fit(&raw)?.apply(&raw)?;
    let rates: Vec<f64> = (-6..=1).map(|power| 10f64.powi(power)).collect();
    let mut plot = Plot::new(
        "network",
        "A small network on the two features: the cost after 200 epochs, by learning rate",
        Axis::log("learning rate α"),
        Axis::new("cost").range(0.0..1.0),
    );
    let mut best = Vec::new();
    for (hue, label, data) in
        [(Hue::Vermillion, "as they are", &raw), (Hue::Blue, "normalised", &normalised)]
    {
        let mut costs = Vec::new();
        for &rate in &rates {
            let build = |scope: &mut Scope<'_>| mlp(scope, &[2, 16, 2], Activation::Tanh);
            let mut model = Classifier::new(0, 0.0, build);
            let (mut sgd, mut rng) = (Sgd::new(rate), lab::rng(0));
            for _ in 0..lab.pick(200, 1) {
                model.epoch(data, 20, &mut rng, &mut sgd)?;
            }
            costs.push((rate, model.cost(data)?, model.accuracy(data)?));
        }
        plot.steps(hue, label, costs.iter().map(|run| (run.0, run.1)).collect::<Vec<_>>());
        let lowest = costs.into_iter().min_by(|a, b| a.1.total_cmp(&b.1));
        best.push(lowest.ok_or("no rates")?);
    }
    lab.show(plot);
    let [raw, normalised] = [best[0], best[1]];
    lab.claim(
        "Normalising inputs speeds up learning",
        normalised.1 < 0.3 * raw.1,
        format!(
            "200 epochs of a network at the best of {} rates end at a cost of {:.2} and an accuracy of \
             {:.0} %; normalised at {:.2} and {:.0} %",
            rates.len(),
            raw.1,
            100.0 * raw.2,
            normalised.1,
            100.0 * normalised.2
        ),
    );
    Ok(())
}
