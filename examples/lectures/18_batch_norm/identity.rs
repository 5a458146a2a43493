//! γ and β that are to learn the identity: the loss is the mean of (z̃ − z)².

use cotangent::ndarray::{Array2, array};
use cotangent::prelude::{BatchNorm, Mode, Params, Step};
use lab::{Axis, Lab, Plot, Result, moments, scientific};
use rand::RngExt;

use crate::batch_norm::{EPS, optimizers};

pub fn run(lab: &mut Lab) -> Result {
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
