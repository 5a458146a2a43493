//! The gradient, layer by layer, before any training.

use cotangent::ndarray::{Array1, Array2};
use cotangent::nn::init::Init;
use cotangent::nn::{Loss, Module};
use cotangent::prelude::{Activation, Function, Gradient, Mode, Params};
use lab::{Axis, Digits, Lab, Network, Plot, Result, Table, scientific};

use crate::deep_gradients::{DEPTH, UNITS, starts, widths};

/// The norm of the gradient with respect to what each hidden layer puts out.
fn by_layer(start: Init, norm: bool, x: &Array2<f64>, labels: &Array1<i64>) -> Result<Array1<f64>> {
    let mut params = Params::<f64>::with_seed(0);
    let widths = widths(DEPTH);
    let network = Network::new(&widths, Activation::Relu).init(start).batch_norm(norm);
    let model = network.build(&mut params.root());
    let mut norms = Function::new(move |graph, [x, labels]| {
        let (mut a, mut outputs) = (x, Vec::new());
        for layer in model.layers() {
            a = layer.forward(a, Mode::Train);
            if layer.downcast_ref::<Activation>().is_some() {
                outputs.push(a);
            }
        }
        let loss = a.cross_entropy(labels);
        let gradients = Gradient::of(loss).with_respect_to(&outputs).expect("all lead to the loss");
        let norms: Vec<_> = gradients.iter().map(|gradient| gradient.norm()).collect();
        graph.stack(&norms, 0)
    });
    Ok(norms.run(&params, (x, labels))?.to_owned().into_dimensionality()?)
}

pub fn run(lab: &mut Lab) -> Result {
    let rows: Vec<usize> = (0..512).collect();
    let batch = Digits::load()?.train.select(&rows)?;
    let (x, labels) = (&batch.features().mapv(f64::from), batch.labels());
    let axis = || Axis::new("hidden layer, from the input").range(0.5..DEPTH as f64 + 0.5);
    let size = || Axis::log("norm of the gradient ∂L/∂a").range(1e-16..1e6);
    let (name, caption) = ("plain", "Norm of the gradient by layer, without batch normalization");
    let mut plain = Plot::new(name, caption, axis(), size());
    let (name, caption) = ("normed", "The same weights with batch normalization in every layer");
    let mut normed = Plot::new(name, caption, axis(), size());
    let mut table = Table::new(
        &format!(
            "First and last hidden layer before training, {} digits, {DEPTH} layers of {UNITS} relu units",
            rows.len()
        ),
        ["weights", "factor per layer", "predicted", "‖∂L/∂a‖, first/last", "with batch norm"],
    );
    let (mut worst, mut ratios, mut flow) = (0f64, Vec::new(), Vec::new());
    for (name, hue, init, deviation) in starts() {
        let across = |norms: &Array1<f64>| norms[0] / norms[DEPTH - 1];
        let without = by_layer(init, false, x, labels)?;
        let with = by_layer(init, true, x, labels)?;
        let points = |norms: &Array1<f64>| -> Vec<(f64, f64)> {
            norms.iter().enumerate().map(|(layer, &norm)| (layer as f64 + 1.0, norm)).collect()
        };
        plain.steps(hue, name, points(&without));
        normed.steps(hue, name, points(&with));
        let factor = across(&without).powf(1.0 / (DEPTH - 1) as f64);
        let theory = (UNITS as f64 * deviation * deviation / 2.0).sqrt();
        worst = worst.max((factor / theory - 1.0).abs());
        table.row([
            name.into(),
            format!("{factor:.3}"),
            format!("{theory:.3}"),
            scientific(across(&without), 2),
            format!("{:.1}", across(&with)),
        ]);
        ratios.push(across(&without));
        flow.push(across(&with));
    }
    lab.show(plain);
    lab.show(normed);
    lab.table(table);

    let [least, most] = [ratios[4], ratios[0]];
    lab.claim(
        "Gradients vanish or explode with the depth, as the weights are initialised",
        least < 1e-9 && most > 1e3 && (0.05..20.0).contains(&ratios[1]),
        format!(
            "from the last of {DEPTH} layers to the first the norm changes by {} with σ = 0.05, by {} with \
             σ = 0.3, by {:.2} with Kaiming’s",
            scientific(least, 1),
            scientific(most, 1),
            ratios[1]
        ),
    );
    lab.claim(
        "Each layer multiplies the gradient by √(n σ²/2)",
        worst < 0.1,
        format!("the measured factors are within {:.1} % of it", 100.0 * worst),
    );
    let across = || flow.iter();
    let spread = across().map(|ratio| (ratio / flow[1] - 1.0).abs()).fold(0.0, f64::max);
    lab.claim(
        "With batch normalization the scale of the initial weights does not touch the gradient’s flow",
        spread < 0.1 && flow[1] < 1e3,
        format!(
            "from last to first the norm changes by {:.0}, whatever the initialisation, to {:.1} %",
            flow[1],
            100.0 * spread
        ),
    );
    let growth = flow[1].powf(1.0 / (DEPTH - 1) as f64);
    lab.say(format!(
        "Not all is well with batch normalization: before training the gradient grows by {growth:.2} a layer \
         towards the input, in theory by √(π/(π − 1)) = 1.21 (Yang et al., 2019)."
    ));
    Ok(())
}
