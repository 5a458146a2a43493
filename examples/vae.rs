//! A variational autoencoder of handwritten digits with a latent plane: where each digit lies in it, and what each place of it
//! looks like (Kingma and Welling, "Auto-encoding variational Bayes", arXiv:1312.6114).
//!
//! `cargo run --release --example vae` writes `target/vae.svg`.

use std::error::Error;
use std::fmt::Write;

use cotangent::prelude::*;
use cotangent::write_atomically;

const PIXELS: usize = 64;
const HIDDEN: usize = 96;
const EPOCHS: u64 = 120;
const BATCH: usize = 64;

/// An encoder from an image to a normal distribution in the plane, and a decoder from a place in it to an image.
struct Vae {
    encoder: Sequential,
    mean: Linear,
    log_variance: Linear,
    decoder: Sequential,
}

impl Vae {
    fn new(scope: &mut Scope<'_>) -> Self {
        let mut layer = |from, to, name| Linear::new(from, to).build(scope, name);
        let encoder =
            Sequential::new().then(layer(PIXELS, HIDDEN, "encoder")).then(Activation::Tanh);
        let decoder = Sequential::new().then(layer(2, HIDDEN, "decoder0")).then(Activation::Tanh);
        let decoder = decoder.then(layer(HIDDEN, HIDDEN, "decoder1")).then(Activation::Tanh);
        Self {
            encoder,
            mean: layer(HIDDEN, 2, "mean"),
            log_variance: layer(HIDDEN, 2, "log_variance"),
            decoder: decoder.then(layer(HIDDEN, PIXELS, "pixels")),
        }
    }

    /// −ELBO, the mean over images: what is lost on the way through a place that is drawn, and how far its distribution is from
    /// the normal one, KL = ½ Σ (μ² + σ² − 1 − ln σ²). The place is μ + σ·ε, so that gradients reach μ and σ.
    fn loss<'g>(&self, g: &'g Graph, x: Var<'g>, mode: Mode) -> Var<'g> {
        let hidden = self.encoder.forward(x, mode);
        let (mean, log_variance) = (self.mean.forward(hidden), self.log_variance.forward(hidden));
        let place = mean + (0.5 * log_variance).exp() * g.normal(mean.shape(), 0.0, 1.0);
        let lost = self.decoder.forward(place, mode).bce_with_logits(x) * PIXELS as f64;
        let far = mean.square() + log_variance.exp() - 1.0 - log_variance;
        lost + 0.5 * far.sum_over(1).mean()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let digits = cotangent::data::digits().map(|pixel| pixel / 16.0)?;
    let [train, test] = digits.split([0.8, 0.2], 0)?;
    let mut params = Params::seeded(1);
    let model = Vae::new(&mut params.root());

    let mut step = Step::new(|g, [x]| model.loss(g, x, Mode::Train));
    let updates = EPOCHS * (train.len() / BATCH) as u64;
    let mut adam = Adam::new(4e-3).schedule(Cosine::new(1.0, 0.02, updates));
    let mut evaluate = Function::new(|g, [x]| model.loss(g, x, Mode::Eval));
    let before = evaluate.run(&params, (test.features(),))?[[]];
    for epoch in 0..EPOCHS {
        for (x, _) in train.batches(BATCH)?.shuffled((0, epoch)).drop_last() {
            adam.train(&mut step, &mut params, (&x,))?;
        }
    }
    let after = evaluate.run(&params, (test.features(),))?[[]];

    let mut encode =
        Function::new(|_, [x]| model.mean.forward(model.encoder.forward(x, Mode::Eval)));
    let places = encode.run(&params, (train.features(),))?.to_owned();
    let mut decode = Function::new(|_, [z]| model.decoder.forward(z, Mode::Eval).sigmoid());
    let images = decode.run(&params, (&grid(),))?;
    let drawn = picture(&places, train.labels(), &images.to_owned())?;
    write_atomically("target/vae.svg", drawn.as_bytes())?;
    println!("{} digits, {EPOCHS} epochs", train.len());
    println!("−ELBO of digits that were never seen: {before:.1} before, {after:.1} learnt");
    Ok(())
}

/// How many places are looked at along each axis, and how far out.
const SIDE: usize = 12;
const REACH: f64 = 2.4;

/// The centres of a grid of squares, row by row from above.
fn grid() -> Array2<f32> {
    let at = |i: usize| REACH * (2.0 * i as f64 + 1.0 - SIDE as f64) / SIDE as f64;
    Array2::from_shape_fn((SIDE * SIDE, 2), |(place, axis)| match axis {
        0 => at(place % SIDE) as f32,
        _ => -at(place / SIDE) as f32,
    })
}

/// A colour for each digit.
const COLOURS: [&str; 10] = [
    "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f",
    "#bcbd22", "#17becf",
];
const TOP: f64 = 44.0;
const WIDTH: f64 = 384.0;

/// Where the digits lie, and what the same part of the plane looks like.
fn picture(
    places: &ArrayD<f32>,
    labels: &Array1<i64>,
    images: &ArrayD<f32>,
) -> Result<String, std::fmt::Error> {
    let mut svg = String::from(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 900 450' font-family='sans-serif' \
         font-size='14' fill='#1d1f23'><rect width='900' height='450' fill='#fff'/>\
         <text x='40' y='30'>where the digits lie</text>\
         <text x='480' y='30'>what the plane looks like</text>",
    );
    writeln!(
        svg,
        "<rect x='40' y='{TOP}' width='{WIDTH}' height='{WIDTH}' fill='none' stroke='#999'/>"
    )?;
    let along = |z: f32| WIDTH * (0.5 + 0.5 * f64::from(z) / REACH);
    for (place, &label) in places.outer_iter().zip(labels) {
        let (x, y) = (along(place[0]), along(-place[1]));
        if (0.0..=WIDTH).contains(&x) && (0.0..=WIDTH).contains(&y) {
            let (x, y, colour) = (40.0 + x, TOP + y, COLOURS[label as usize]);
            writeln!(
                svg,
                "<circle cx='{x:.1}' cy='{y:.1}' r='2.5' fill='{colour}' opacity='0.7'/>"
            )?;
        }
    }
    for (digit, colour) in COLOURS.iter().enumerate() {
        let x = 196.0 + 24.0 * digit as f64;
        writeln!(svg, "<text x='{x}' y='30' fill='{colour}' font-weight='bold'>{digit}</text>")?;
    }
    writeln!(svg, "<g shape-rendering='crispEdges'>")?;
    // Between images there are two pixels of nothing.
    let pixel = WIDTH / (10 * SIDE) as f64;
    writeln!(svg, "<rect x='480' y='{TOP}' width='{WIDTH}' height='{WIDTH}' fill='#fff'/>")?;
    for (place, image) in images.outer_iter().enumerate() {
        let (left, top) = (place % SIDE * 10 + 1, place / SIDE * 10 + 1);
        for (i, ink) in image.iter().enumerate().filter(|(_, ink)| **ink > 0.05) {
            let x = 480.0 + pixel * (left + i % 8) as f64;
            let y = TOP + pixel * (top + i / 8) as f64;
            writeln!(svg, "<path d='M{x} {y}h{pixel}v{pixel}h-{pixel}' opacity='{ink:.2}'/>")?;
        }
    }
    svg.push_str("</g></svg>\n");
    Ok(svg)
}
