//! A network that learns whether both features are near their middle.

use cotangent::data::{Dataset, Standardizer};
use cotangent::ndarray::{Array1, ArrayView1};
use cotangent::optim::Sgd;
use cotangent::prelude::{Activation, Scope};
use lab::{Axis, Classifier, Course, Hue, Lab, Plot, Result, mlp};

use crate::normalising_inputs::samples;

pub fn run(lab: &mut Lab) -> Result {
    let (x, _) = samples(1000.0);
    let near = |x: ArrayView1<'_, f64>| (x[0] / 1000.0 - 0.5).powi(2) + (x[1] - 0.5).powi(2) < 0.15;
    let labels: Array1<i64> = x.rows().into_iter().map(|x| i64::from(near(x))).collect();
    let raw = Dataset::new(x.mapv(|x| x as f32), labels, 2)?;
    let normalised = Standardizer::fit(&raw)?.apply(&raw)?;
    let rates: Vec<f64> = (-6..=1).map(|power| 10f64.powi(power)).collect();
    let course = Course { epochs: lab.pick(200, 1), batch: 20, seed: 0 };
    let epochs = course.epochs;
    let mut plot = Plot::new(
        "network",
        &format!(
            "A small network on the two features: the cost after {epochs} epochs, by learning rate"
        ),
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
            let curve = model.train(data, course, &mut Sgd::new(rate))?;
            costs.push((rate, curve[epochs].1, model.accuracy(data)?));
        }
        plot.steps(hue, label, costs.iter().map(|run| (run.0, run.1)).collect::<Vec<_>>());
        best.push(lab.lowest(costs, |run| run.1)?);
    }
    lab.show(plot);
    let [raw, normalised] = [best[0], best[1]];
    lab.claim(
        "Normalising inputs speeds up learning",
        normalised.1 < 0.3 * raw.1,
        format!(
            "{epochs} epochs of a network at the best of {} rates end at a cost of {:.2} and an accuracy of \
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
