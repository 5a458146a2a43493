//! Batch normalization by hand, and its γ and β in training.
//!
//! `cargo run --release --example gallery -- batch_norm`

use cotangent::ndarray::{Array1, Array2, Axis as Along, array};
use cotangent::optim::{Adam, Optimizer, RmsProp, Sgd};
use cotangent::prelude::{Activation, BatchNorm, Function, Mode, Params, Step};
use lab::{
    Axis, Classifier, Deck, Digits, Experiment, Hue, Lab, Network, Plot, Result, Table, scientific,
};
use rand::RngExt;

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Batch normalization by hand",
    deck: Deck::Both,
    slides: "Normalizing Activations in a Network; Using Batch Norm in 3 hidden layers NN",
    quotes: &[
        "Question: For what values of γ and β will Z̃⁽ⁱ⁾ = Z⁽ⁱ⁾? Ans: γ = √(σ² + ε) and β = μ",
        "ϵ is added to ensure mathematical stability. (incase variance turns out to be 0).",
        "beta[1], gamma[1], ..., beta[L], gamma[L] are updated using any optimization algorithms \
         (like GD, RMSprop, Adam)",
    ],
    formulas: &[
        r"\mu = \frac{1}{m} \sum_i z^{(i)} \qquad \sigma^2 = \frac{1}{m} \sum_i (z^{(i)} - \mu)^2",
        r"z_{norm}^{(i)} = \frac{z^{(i)} - \mu}{\sqrt{\sigma^2 + \epsilon}} \qquad \tilde{z}^{(i)} = \gamma z_{norm}^{(i)} + \beta",
    ],
    run,
};

const EPS: f64 = 1e-5;

fn run(lab: &mut Lab) -> Result {
    by_hand(lab)?;
    identity(lab)?;
    learn_identity(lab)?;
    three_layers(lab)
}

/// What the layer makes of a batch, with these γ and β.
fn layer(
    z: &Array2<f64>,
    gamma: &Array1<f64>,
    beta: &Array1<f64>,
    eps: f64,
) -> Result<Array2<f64>> {
    let mut params = Params::<f64>::with_seed(0);
    let norm = BatchNorm::new(z.ncols()).eps(eps).build(&mut params.root(), "bn");
    let (weight, bias) = (norm.affine.weight.as_ref().ok_or("γ")?, norm.affine.bias.as_ref());
    params.set(weight.id(), gamma.view().into_dyn())?;
    params.set(bias.ok_or("β")?.id(), beta.view().into_dyn())?;
    let mut forward = Function::new(move |_, [z]| norm.forward(z, Mode::Train));
    Ok(forward.run(&params, (z,))?.to_owned().into_dimensionality()?)
}

/// μ and σ² of each column, by the formulas.
fn moments(z: &Array2<f64>) -> (Array1<f64>, Array1<f64>) {
    let m = z.nrows() as f64;
    let mean = z.sum_axis(Along(0)) / m;
    let variance = (z - &mean).mapv(|d| d * d).sum_axis(Along(0)) / m;
    (mean, variance)
}

fn greatest(a: &Array2<f64>) -> f64 {
    a.iter().fold(0.0, |most, x| x.abs().max(most))
}

/// Eight numbers of mean 5 and variance 4.
fn by_hand(lab: &mut Lab) -> Result {
    let z = array![[2.0], [4.0], [4.0], [4.0], [5.0], [5.0], [7.0], [9.0]];
    let (mean, variance) = moments(&z);
    let normed = (&z - &mean) / (&variance + EPS).mapv(f64::sqrt);
    let (gamma, beta) = (array![3.0], array![-1.0]);
    let by_hand = &normed * &gamma + &beta;
    let by_layer = layer(&z, &gamma, &beta, EPS)?;
    let caption = format!(
        "A batch of one unit by hand: μ = {}, σ² = {}, ε = 10⁻⁵; then γ = 3, β = −1",
        mean[0], variance[0]
    );
    let mut table =
        Table::new(&caption, ["i", "z", "z − μ", "z_norm", "z̃ by hand", "z̃ by the layer"]);
    for i in 0..z.nrows() {
        let number = |x: f64| format!("{x:.6}").replace('-', "−");
        table.row([
            format!("{}", i + 1),
            format!("{}", z[[i, 0]]),
            format!("{}", z[[i, 0]] - mean[0]).replace('-', "−"),
            number(normed[[i, 0]]),
            number(by_hand[[i, 0]]),
            number(by_layer[[i, 0]]),
        ]);
    }
    lab.table(table);
    let (mean_after, variance_after) = moments(&normed);
    let off = greatest(&(&by_hand - &by_layer));
    lab.claim(
        "The layer computes what the formulas say",
        off < 1e-14,
        format!("by hand and by the layer differ by {} at most", scientific(off, 1)),
    );
    let expected = variance[0] / (variance[0] + EPS);
    lab.claim(
        "Normalised values have mean 0 and variance 1",
        mean_after[0].abs() < 1e-14 && (variance_after[0] - expected).abs() < 1e-14,
        format!(
            "mean {}, variance {:.8}: for ε not 1 but σ²/(σ² + ε)",
            scientific(mean_after[0], 1),
            variance_after[0]
        ),
    );
    let (constant, one, beta) = (Array2::from_elem((8, 1), 7.0), array![1.0], array![0.5]);
    let [with, without] = [EPS, 0.0].map(|eps| layer(&constant, &one, &beta, eps));
    let (with, without) = (with?, without?);
    lab.claim(
        "ε is needed in case the variance turns out to be 0",
        with.iter().all(|&y| y == 0.5) && without.iter().all(|y| y.is_nan()),
        format!(
            "8 equal values become β = {} with ε, and {} without",
            with[[0, 0]],
            without[[0, 0]]
        ),
    );
    Ok(())
}

/// 1000 values for each of 64 units, on scales from 10⁻³ to 10³.
fn identity(lab: &mut Lab) -> Result {
    let mut rng = lab::rng(0);
    let scales = Array1::from_shape_fn(64, |i| 10f64.powf(i as f64 / 63.0 * 6.0 - 3.0));
    let shifts = Array1::from_shape_fn(64, |_| rng.random_range(-2.0..2.0)) * &scales;
    let z = Array2::from_shape_fn((1000, 64), |_| rng.random_range(-1.0..1.0)) * &scales + &shifts;
    let (mean, variance) = moments(&z);
    let gamma = (&variance + EPS).mapv(f64::sqrt);
    let off = greatest(&((layer(&z, &gamma, &mean, EPS)? - &z) / &scales));
    let without = greatest(&((layer(&z, &variance.mapv(f64::sqrt), &mean, EPS)? - &z) / &scales));
    lab.claim(
        "γ = √(σ² + ε) and β = μ give back the input, to rounding",
        off < 1e-13 && without > 0.1,
        format!(
            "64 units on scales from 10⁻³ to 10³ come back to {off} of their scale; with γ = σ they would be off by {without:.1}",
            off = scientific(off, 1)
        ),
    );
    Ok(())
}

/// A step of the optimizers on γ and β, with its name and colour.
fn optimizers<T: cotangent::program::Scalar>(
    rates: [f64; 3],
) -> [(&'static str, Hue, Box<dyn Optimizer<T>>); 3] {
    [
        ("GD", Hue::Blue, Box::new(Sgd::new(rates[0]))),
        ("RMSprop", Hue::Orange, Box::new(RmsProp::new(rates[1]).lecture())),
        ("Adam", Hue::Ink, Box::new(Adam::new(rates[2]).lecture())),
    ]
}

/// γ and β that are to learn the identity: the loss is the mean of (z̃ − z)².
fn learn_identity(lab: &mut Lab) -> Result {
    let mut rng = lab::rng(1);
    let (shifts, scales) = (array![3.0, -2.0, 0.5], array![2.0, 0.5, 4.0]);
    let z = Array2::from_shape_fn((256, 3), |_| rng.random_range(-1.7..1.7)) * &scales + &shifts;
    let (mean, variance) = moments(&z);
    let target: Vec<f64> = (&variance + EPS).mapv(f64::sqrt).into_iter().chain(mean).collect();
    let steps = lab.pick(1200, 20);
    let mut plot = Plot::new(
        "identity",
        "Learning the identity: how far γ is from √(σ² + ε) and β from μ, three units",
        Axis::new("step"),
        Axis::log("greatest distance").range(1e-6..10.0),
    );
    let mut ends = Vec::new();
    for (name, hue, mut optimizer) in optimizers::<f64>([0.1, 0.01, 0.03]) {
        let mut params = Params::<f64>::with_seed(0);
        let norm = BatchNorm::new(3).eps(EPS).build(&mut params.root(), "bn");
        let mut step = Step::new(move |_, [z]| (norm.forward(z, Mode::Train) - z).square().mean());
        let mut curve = Vec::new();
        for i in 0..=steps {
            let pairs = params.trainable().iter().zip(&target);
            let off = pairs.map(|(learnt, sought)| (learnt - sought).abs()).fold(0.0, f64::max);
            curve.push((i as f64, off.max(1e-16)));
            step.run(&mut params, (&z,))?;
            optimizer.step(&mut params, step.gradients())?;
        }
        ends.push((name, curve[0].1, curve[steps].1));
        plot.line(hue, name, curve);
    }
    lab.show(plot);
    let ended: Vec<String> =
        ends.iter().map(|(name, _, end)| format!("{name} {}", scientific(*end, 1))).collect();
    lab.claim(
        "The network can learn to recover the identity",
        ends[0].2 < 1e-6 && ends.iter().all(|(_, start, end)| *end < 0.02 && *start > 2.0),
        format!(
            "from a distance of {:.1}, after {steps} steps: {}; RMSprop’s last steps keep their length",
            ends[0].1,
            ended.join(", ")
        ),
    );
    Ok(())
}

/// Three hidden layers of 32 units with batch normalization.
fn classifier() -> Classifier {
    let network = Network::new(&[64, 32, 32, 32, 10], Activation::Relu).batch_norm(true);
    Classifier::new(0, 0.0, |scope| network.build(scope))
}

/// Trains it, and answers the training loss by epoch.
fn train(
    model: &mut Classifier,
    optimizer: &mut dyn Optimizer<f32>,
    digits: &Digits,
    epochs: usize,
) -> Result<Vec<(f64, f64)>> {
    let mut rng = lab::rng(0);
    let mut curve = vec![(0.0, model.cost(&digits.train)?)];
    for epoch in 1..=epochs {
        model.epoch(&digits.train, 64, &mut rng, optimizer)?;
        curve.push((epoch as f64, model.cost(&digits.train)?));
    }
    Ok(curve)
}

/// All γ ("weight") or all β ("bias") of the three layers.
fn learnt(model: &Classifier, part: &str) -> Result<Vec<f64>> {
    let mut values = Vec::new();
    for layer in 0..3 {
        let id = model.params.id(&format!("bn{layer}.{part}")).ok_or("no such parameter")?;
        values.extend(model.params.get(id).ok_or("no value")?.iter().map(|&x| f64::from(x)));
    }
    Ok(values)
}

/// All parameters trained, and γ and β alone.
fn three_layers(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let epochs = lab.pick(15, 1);
    let mut plot = Plot::new(
        "training",
        "Three hidden layers on the digits: all parameters trained (thick), γ and β alone (thin)",
        Axis::new("epoch"),
        Axis::log("training loss"),
    );
    let mut scatter = Plot::new(
        "learnt",
        "γ and β of the 96 hidden units after training, all of which began at (1, 0)",
        Axis::new("γ"),
        Axis::new("β"),
    );
    let mut table = Table::new(
        "After 15 epochs in batches of 64: how far γ and β went, on average over the units",
        ["optimizer", "change of γ", "of β", "validation accuracy", "γ, β alone: loss", "accuracy"],
    );
    let (mut moved, mut right, mut alone) = (1f64, 1f64, Vec::new());
    let pairs = optimizers([0.2, 3e-3, 3e-3]).into_iter().zip(optimizers([2.0, 0.02, 0.02]));
    for ((name, hue, mut optimizer), (_, _, mut of_norms)) in pairs {
        let mut model = classifier();
        plot.line(hue, name, train(&mut model, &mut optimizer, &digits, epochs)?);
        let accuracy = model.accuracy(&digits.validation)?;
        let (gammas, betas) = (learnt(&model, "weight")?, learnt(&model, "bias")?);
        let gamma = gammas.iter().map(|gamma| (gamma - 1.0).abs()).sum::<f64>() / 96.0;
        let beta = betas.iter().map(|beta| beta.abs()).sum::<f64>() / 96.0;
        scatter.points(hue, name, gammas.into_iter().zip(betas).collect::<Vec<_>>());

        let mut model = classifier();
        model.params.freeze("fc*")?;
        let curve = train(&mut model, &mut of_norms, &digits, epochs)?;
        let (start, end) = (curve[0].1, curve[epochs].1);
        let accuracy_alone = model.accuracy(&digits.validation)?;
        plot.trace(hue, "", curve);
        table.row([
            name.into(),
            format!("{gamma:.3}"),
            format!("{beta:.3}"),
            format!("{:.1} %", 100.0 * accuracy),
            format!("{end:.3}"),
            format!("{:.1} %", 100.0 * accuracy_alone),
        ]);
        moved = moved.min(gamma).min(beta);
        right = right.min(accuracy);
        alone.push((start, end, accuracy_alone));
    }
    lab.show(plot);
    lab.show(scatter);
    lab.table(table);
    let mut model = classifier();
    model.forward_backward(digits.train.features(), digits.train.labels())?;
    let norm = |path: &str| -> Result<f64> {
        let id = model.params.id(path).ok_or("no such parameter")?;
        let gradient = model.gradients().get(id).ok_or("no gradient")?.mapv(f64::from);
        Ok(gradient.mapv(|g| g * g).sum().sqrt())
    };
    lab.say(format!(
        "b[1] does nothing before batch normalization, which takes the mean away: its gradient has the norm {}, \
         that of W[1] {:.2}, of beta[1], which takes its place, {:.2}.",
        scientific(norm("fc0.bias")?, 1),
        norm("fc0.weight")?,
        norm("bn0.bias")?
    ));
    lab.claim(
        "γ and β are updated by any optimization algorithm: GD, RMSprop, Adam",
        moved > 0.01 && right > 0.94,
        format!(
            "each moves them by {moved:.3} or more on average, and comes to {:.1} % or more",
            100.0 * right
        ),
    );
    let least = alone.iter().map(|run| run.2).fold(1.0, f64::min);
    lab.claim(
        "γ and β learn: trained alone, with all weights left random, they reduce the loss",
        alone.iter().all(|(start, end, _)| *end < 0.8 * start) && least > 0.3,
        format!(
            "from {:.2} to {:.2}, {:.2} and {:.2}; {:.1} % or more are then right",
            alone[0].0,
            alone[0].1,
            alone[1].1,
            alone[2].1,
            100.0 * least
        ),
    );
    Ok(())
}
