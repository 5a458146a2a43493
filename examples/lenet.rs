//! LeNet-5, the convolutional network that read cheques (LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to
//! document recognition", 1998), with what took the place of its tanh and its means: rectifiers and largest elements.
//!
//! `cargo run --release --example lenet` learns the embedded digits, enlarged to its 32×32 pixels, and writes `target/lenet.svg`:
//! the kernels of the first layer, and what it sees of some digits. With `-- --data FOLDER` it learns MNIST or Fashion-MNIST
//! (IDX, plain or gzip), 28×28 with a border, and with `--epochs N` as long as one likes. On Fashion-MNIST, the 20 epochs that
//! are the default take some minutes on two cores, and end above 0.91.

mod support;

use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use cotangent::ndarray::ArrayViewD;
use cotangent::nn::{Unflatten, Upsample};
use cotangent::ops::Interpolation;
use cotangent::prelude::*;
use cotangent::{data, write_atomically};
use lexopt::Arg::Long;
use lexopt::ValueExt;
use support::classes::accuracy;
use support::say;

/// The side of the images that LeNet sees.
const SIDE: usize = 32;
const KERNELS: usize = 6;
const BATCH: usize = 64;

/// The network, parted behind the maps of its first layer, which the picture shows.
struct LeNet {
    maps: Sequential,
    rest: Sequential,
}

impl LeNet {
    /// Of images whose pixels are rows of `side` × `side`. They are made as many times as large as fits, and what is missing is a
    /// border of zeros.
    fn new(scope: &mut Scope<'_>, side: usize, classes: usize) -> Self {
        let scale = SIDE / side;
        let border = (SIDE - scale * side) / 2;
        let maps = Sequential::new()
            .then(Unflatten::new([1, side, side]))
            .then(Upsample::new(scale).by(Interpolation::Linear))
            .then(Conv2d::new(1, KERNELS, 5).padding(border).build(scope, "conv1"))
            .then(Activation::Relu)
            .then(MaxPool2d::new(2));
        let rest = Sequential::new()
            .then(Conv2d::new(KERNELS, 16, 5).build(scope, "conv2"))
            .then(Activation::Relu)
            .then(MaxPool2d::new(2))
            .then(Flatten)
            .then(Dropout::new(0.3))
            .then(Linear::new(16 * 5 * 5, 120).build(scope, "fc1"))
            .then(Activation::Relu)
            .then(Linear::new(120, 84).build(scope, "fc2"))
            .then(Activation::Relu)
            .then(Linear::new(84, classes).build(scope, "fc3"));
        Self { maps, rest }
    }

    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        self.rest.forward(self.maps.forward(x, mode), mode)
    }
}

fn main() -> ExitCode {
    support::report(options().and_then(|(folder, epochs)| train(folder, epochs)))
}

/// The folder of the data, if it is not embedded, and the number of epochs.
fn options() -> Result<(Option<PathBuf>, u64), Box<dyn Error>> {
    let (mut folder, mut epochs) = (None, 20);
    let mut words = lexopt::Parser::from_env();
    while let Some(word) = words.next()? {
        match word {
            Long("data") => folder = Some(words.value()?.into()),
            Long("epochs") => epochs = words.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok((folder, epochs))
}

fn train(folder: Option<PathBuf>, epochs: u64) -> Result<(), Box<dyn Error>> {
    let [train, test] = match folder {
        None => data::digits().map(|pixel| pixel / 16.0)?.split([0.8, 0.2], 0)?,
        Some(folder) => data::mnist::load(folder).map(|mnist| [mnist.train, mnist.test])?,
    };
    let mut params = Params::seeded(0);
    let model = LeNet::new(&mut params.root(), train.feature_shape()[0], train.classes());
    say(format!("{} images\n{}\n", train.len(), params.summary()));

    let mut step = Step::new(|_, [x, labels]| model.forward(x, Mode::Train).cross_entropy(labels));
    let mut predict = Function::new(|_, [x]| model.forward(x, Mode::Eval).argmax(-1).to_real());
    let updates = train.len() / BATCH;
    let mut adam = Adam::new(2e-3).schedule(Cosine::new(1.0, 0.0, epochs * updates as u64));
    for epoch in 0..epochs {
        let mut loss = 0.0;
        for (x, labels) in train.batches(BATCH)?.shuffled((0, epoch)).drop_last() {
            loss += adam.train(&mut step, &mut params, (&x, &labels))? / updates as f32;
        }
        let right = accuracy(&mut predict, &params, &test)?;
        say(format!("epoch {:>2}  loss {loss:.4}  test accuracy {right:.4}", epoch + 1));
    }

    // The first test image of every other class.
    let of = |class| test.labels().iter().position(|&label| label == class);
    let rows: Vec<usize> = (0..test.classes() as i64).step_by(2).filter_map(of).collect();
    let shown = test.select(&rows)?;
    let mut see = Function::new(|_, [x]| model.maps.forward(x, Mode::Eval));
    let maps = see.run(&params, (shown.features(),))?.to_owned();
    let kernels = params.id("conv1.weight").and_then(|id| params.get(id)).expect("it was built");
    let taken_for = predict.run(&params, (shown.features(),))?.to_owned();
    let drawn = picture(kernels, &shown, &maps, &taken_for)?;
    write_atomically("target/lenet.svg", drawn.as_bytes())?;
    say(format!("test accuracy: {:.4}", accuracy(&mut predict, &params, &test)?));
    Ok(())
}

/// The width of a cell of the picture, of what is shown in it, and where the first row of images begins.
const CELL: f64 = 92.0;
const WIDE: f64 = 80.0;
const TOP: f64 = 154.0;

/// The kernels, and for each image what they make of it.
fn picture(
    kernels: ArrayViewD<'_, f32>,
    images: &Dataset,
    maps: &ArrayD<f32>,
    taken_for: &ArrayD<f32>,
) -> Result<String, std::fmt::Error> {
    let (width, height) = (180.0 + CELL * 7.0, TOP + CELL * images.len() as f64);
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' \
         font-family='sans-serif' font-size='14' fill='#1d1f23'>\
         <rect width='{width}' height='{height}' fill='#fff'/>\
         <text x='20' y='80'>kernels</text><text x='20' y='{}'>image</text>\
         <text x='{}' y='{}'>what they see in it</text><g shape-rendering='crispEdges'>",
        TOP - 10.0,
        20.0 + CELL,
        TOP - 10.0,
    );
    let left = |column: usize| 20.0 + CELL * column as f64;
    for (i, kernel) in kernels.outer_iter().enumerate() {
        raster(&mut svg, [left(i + 1), 30.0], kernel)?;
    }
    let rows = images.features().outer_iter().zip(maps.outer_iter());
    for (row, (image, maps)) in rows.enumerate() {
        let (top, side) = (TOP + CELL * row as f64, images.feature_shape()[0]);
        let image = image.into_shape_with_order([side, side]).expect("it has a side").into_dyn();
        raster(&mut svg, [left(0), top], image)?;
        for (i, map) in maps.outer_iter().enumerate() {
            raster(&mut svg, [left(i + 1), top], map)?;
        }
        let (x, y) = (left(KERNELS + 1), top + 0.5 * CELL);
        writeln!(svg, "<text x='{x}' y='{y}'>taken for class {}</text>", taken_for[row])?;
    }
    svg.push_str("</g></svg>\n");
    Ok(svg)
}

/// Numbers as squares, blue above zero and orange below, the darkest for the largest.
fn raster(svg: &mut String, [x, y]: [f64; 2], numbers: ArrayViewD<'_, f32>) -> std::fmt::Result {
    let side = numbers.shape()[numbers.ndim() - 1];
    let largest = numbers.iter().fold(1e-9, |largest: f32, number| largest.max(number.abs()));
    let pixel = WIDE / side as f64;
    writeln!(svg, "<rect x='{x}' y='{y}' width='{WIDE}' height='{WIDE}' fill='#f4f4f2'/>")?;
    for (i, &number) in numbers.iter().enumerate().filter(|(_, number)| **number != 0.0) {
        let (x, y) = (x + pixel * (i % side) as f64, y + pixel * (i / side) as f64);
        let colour = if number > 0.0 { "#0072b2" } else { "#d55e00" };
        let ink = number.abs() / largest;
        writeln!(
            svg,
            "<path d='M{x:.1} {y:.1}h{pixel:.1}v{pixel:.1}h-{pixel:.1}' fill='{colour}' opacity='{ink:.2}'/>"
        )?;
    }
    Ok(())
}
