//! Three hidden layers: all parameters trained, and γ and β alone.

use cotangent::prelude::Activation;
use lab::{
    Axis, Classifier, Course, Digits, Lab, Network, Plot, Result, Table, percent, scientific,
};

use crate::batch_norm::optimizers;

/// Three hidden layers of 32 units with batch normalization.
fn classifier() -> Classifier {
    let network = Network::new(&[64, 32, 32, 32, 10], Activation::Relu).batch_norm(true);
    Classifier::new(0, 0.0, |scope| network.build(scope))
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

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let course = Course { epochs: lab.pick(15, 1), batch: 64, seed: 0 };
    let epochs = course.epochs;
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
        &format!(
            "After {epochs} epochs in batches of 64: how far γ and β went, on average over the units"
        ),
        ["optimizer", "change of γ", "of β", "validation accuracy", "γ, β alone: loss", "accuracy"],
    );
    let (mut moved, mut right, mut alone) = (1f64, 1f64, Vec::new());
    let pairs = optimizers([0.2, 3e-3, 3e-3]).into_iter().zip(optimizers([2.0, 0.02, 0.02]));
    for ((name, hue, mut optimizer), (_, _, mut of_norms)) in pairs {
        let mut model = classifier();
        plot.line(hue, name, model.train(&digits.train, course, &mut optimizer)?);
        let accuracy = model.accuracy(&digits.validation)?;
        let (gammas, betas) = (learnt(&model, "weight")?, learnt(&model, "bias")?);
        let gamma = gammas.iter().map(|gamma| (gamma - 1.0).abs()).sum::<f64>() / 96.0;
        let beta = betas.iter().map(|beta| beta.abs()).sum::<f64>() / 96.0;
        scatter.points(hue, name, gammas.into_iter().zip(betas).collect::<Vec<_>>());

        let mut model = classifier();
        model.params.freeze("fc*")?;
        let curve = model.train(&digits.train, course, &mut of_norms)?;
        let (start, end) = (curve[0].1, curve[epochs].1);
        let accuracy_alone = model.accuracy(&digits.validation)?;
        plot.trace(hue, "", curve);
        table.row([
            name.into(),
            format!("{gamma:.3}"),
            format!("{beta:.3}"),
            percent(accuracy),
            format!("{end:.3}"),
            percent(accuracy_alone),
        ]);
        moved = moved.min(gamma).min(beta);
        right = right.min(accuracy);
        alone.push((start, end, accuracy_alone));
    }
    lab.show(plot);
    lab.show(scatter);
    lab.table(table);
    lab.claim(
        "γ and β are updated by any optimization algorithm: GD, RMSprop, Adam",
        moved > 0.01 && right > 0.94,
        format!(
            "each moves them by {moved:.3} or more on average, and comes to {:.1} % or more",
            100.0 * right
        ),
    );
    bias(lab, &digits)?;
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

/// What the biases do before batch normalization, which takes the mean away.
fn bias(lab: &mut Lab, digits: &Digits) -> Result {
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
    Ok(())
}
