//! Gradient noise, by batch size.
//!
//! `cargo run --release --example gallery -- gradient_noise`

use cotangent::ndarray::{Array1, Axis as Along, array};
use cotangent::optim::Sgd;
use cotangent::prelude::{Activation, Optimizer, Params, Step};
use lab::{
    Axis, Classifier, Deck, Digits, Experiment, Grid, Hue, Lab, Plot, Result, Table, mlp,
    scientific,
};
use rand::RngExt;

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Gradient noise",
    deck: Deck::Optimization,
    slides: "Problems with stochastic gradient descent; Gradient Noise",
    quotes: &[
        "Our gradients come from minibatches so they can be noisy!",
        "Noisy gradients by SGD. Might need long time.",
    ],
    formulas: &[
        r"\nabla_W L(W) = \frac{1}{N} \sum_{i=1}^{N} \nabla_W L_i(x_i, y_i, W)",
        r"\mathbb{E}\,\left\lVert \nabla L_B - \nabla L \right\rVert^2 = \frac{\sigma^2}{B} \cdot \frac{N - B}{N - 1}",
    ],
    run,
};

/// A number of samples that every batch size divides.
const SAMPLES: usize = 1408;

fn run(lab: &mut Lab) -> Result {
    by_batch_size(lab)?;
    walks(lab)
}

/// How far the gradient of a batch is from that of all samples, on the digits.
fn by_batch_size(lab: &mut Lab) -> Result {
    let all: Vec<usize> = (0..SAMPLES).collect();
    let samples = Digits::load()?.train.select(&all)?;
    let mut classifier =
        Classifier::new(0, 0.0, |scope| mlp(scope, &[64, 32, 10], Activation::Relu));
    classifier.forward_backward(samples.features(), samples.labels())?;
    let full = Array1::from(classifier.gradients().values().to_vec()).mapv(f64::from);
    let norm = full.dot(&full).sqrt();

    let mut rng = lab::rng(0);
    let mut table = Table::new(
        "Distance of a batch’s gradient from that of all 1408 samples, in units of the latter’s norm",
        ["batch", "measured", "predicted", "angle in °", "mean of all batches off by"],
    );
    let (mut measured, mut predicted) = (Vec::new(), Vec::new());
    let (mut variance, mut bias) = (0.0, 0f64);
    for batch in [1, 2, 4, 8, 16, 32, 64, 128] {
        // As many batches of each size, at least a whole pass.
        let passes = (batch / 8).max(1);
        let (mut square, mut cosine, mut count) = (0.0, 0.0, 0.0);
        let mut mean = Array1::<f64>::zeros(full.len());
        for _ in 0..lab.pick(passes, 1) {
            for (x, labels) in samples.batches(batch)?.shuffled(&mut rng) {
                classifier.forward_backward(&x, &labels)?;
                let g = Array1::from(classifier.gradients().values().to_vec()).mapv(f64::from);
                let off = &g - &full;
                square += off.dot(&off);
                cosine += g.dot(&full) / (g.dot(&g).sqrt() * norm);
                count += 1.0;
                mean += &g;
            }
        }
        square /= count;
        if batch == 1 {
            variance = square;
        }
        let (b, n) = (batch as f64, SAMPLES as f64);
        let theory = (variance / b * (n - b) / (n - 1.0)).sqrt() / norm;
        let off = mean / count - &full;
        let off = off.dot(&off).sqrt() / norm;
        bias = bias.max(off);
        measured.push((b, square.sqrt() / norm));
        predicted.push((b, theory));
        table.row([
            format!("{batch}"),
            format!("{:.3}", square.sqrt() / norm),
            format!("{theory:.3}"),
            format!("{:.0}", (cosine / count).acos().to_degrees()),
            scientific(off, 1),
        ]);
    }
    lab.table(table);
    let mut plot = Plot::new(
        "noise",
        "Noise of the gradient on the digits: sixteen times the batch, a quarter of the noise",
        Axis::log("batch size B"),
        Axis::log("noise / norm of the gradient"),
    );
    plot.line(Hue::Grey, "σ/√B, without replacement", predicted.clone());
    plot.points(Hue::Blue, "measured", measured.clone());
    lab.show(plot);

    let pairs = measured.iter().zip(&predicted);
    let worst = pairs.map(|(m, p)| (m.1 / p.1 - 1.0).abs()).fold(0.0, f64::max);
    lab.claim(
        "The gradient is the mean of the samples’ gradients: batches are right on average",
        bias < 1e-5,
        format!(
            "the mean over all batches of a pass is off by {bias} of its norm (single precision)",
            bias = scientific(bias, 1)
        ),
    );
    lab.claim(
        "Gradients from mini-batches are noisy, by 1/√B",
        worst < 0.1 && measured[0].1 > 2.0,
        format!(
            "a single sample is off by {:.1} times the gradient itself, 64 by {:.2}; within {:.0} % of σ/√B",
            measured[0].1,
            measured[6].1,
            100.0 * worst
        ),
    );
    Ok(())
}

/// A line fitted to points: where the steps lead from one start, by batch size.
fn walks(lab: &mut Lab) -> Result {
    let mut rng = lab::rng(3);
    let x = Array1::from_shape_fn(256, |_| rng.random_range(-1.7..1.7));
    let y = x.mapv(|x: f64| 1.5 * x + 0.5 + rng.random_range(-1.7..1.7));
    let cost = |w: f64, b: f64| (w * &x + b - &y).mapv(|e| e * e).mean().expect("samples");
    let steps = lab.pick(400, 20);
    let mut paths = Vec::new();
    for batch in [1, 16, 256] {
        let mut params = Params::<f64>::with_seed(0);
        let line = params.root().parameter("line", array![-0.5, 2.0].into_dyn());
        let mut step = Step::new(|g, [x, y]| {
            let [w, b] = lab::xy(g.param(&line));
            (w * x + b - y).square().mean()
        });
        let mut sgd = Sgd::new(0.05);
        let mut path = Vec::new();
        for _ in 0..=steps {
            path.push((params.trainable()[0], params.trainable()[1]));
            let rows: Vec<usize> = match batch {
                256 => (0..256).collect(),
                _ => (0..batch).map(|_| rng.random_range(0..256)).collect(),
            };
            step.run(&mut params, (&x.select(Along(0), &rows), &y.select(Along(0), &rows)))?;
            sgd.step(&mut params, step.gradients())?;
        }
        paths.push(path);
    }
    let grid = Grid::of(-1.0..3.0, -0.8..2.4, 81, cost);
    let mut plot = Plot::new(
        "walks",
        "400 steps of α = 0.05 towards the line that fits best, by batch size",
        Axis::new("slope w").range(-1.0..3.0),
        Axis::new("intercept b").range(-0.8..2.4),
    );
    plot.contours(&grid, grid.levels(14));
    let styles = [(Hue::Orange, "batch 1"), (Hue::Blue, "batch 16"), (Hue::Ink, "all 256")];
    for (path, (hue, label)) in paths.iter().zip(styles) {
        plot.trace(hue, label, path.clone());
    }
    lab.show(plot);

    let best = paths[2][steps];
    let wander = |path: &[(f64, f64)]| {
        let tail = &path[path.len() / 2..];
        let square = |p: &(f64, f64)| (p.0 - best.0).powi(2) + (p.1 - best.1).powi(2);
        (tail.iter().map(square).sum::<f64>() / tail.len() as f64).sqrt()
    };
    let [one, sixteen, all] = [wander(&paths[0]), wander(&paths[1]), wander(&paths[2])];
    lab.claim(
        "With noisy gradients descent does not settle: it wanders around the minimum",
        one > 2.5 * sixteen && sixteen > 20.0 * all,
        format!("distance over the last 200 steps: {one:.3} for single samples, {sixteen:.3} for 16, {all} for all", all = scientific(all, 1)),
    );
    Ok(())
}
