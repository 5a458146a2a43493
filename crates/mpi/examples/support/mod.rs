//! The networks whose steps are measured, two of the side-by-side comparison (`benches/compare`), and how time is taken.

use std::ops::Range;
use std::time::Instant;

use cotangent::prelude::*;

/// A perceptron with BatchNorm and rectifiers.
pub struct Shape {
    pub name: &'static str,
    pub widths: &'static [usize],
    /// How many there are in a batch.
    pub rows: usize,
    /// How often a step is measured: for some ten seconds.
    pub rounds: usize,
}

/// A network for images of 28·28 pixels, and one that is wide.
pub const SHAPES: [Shape; 2] = [
    Shape { name: "mnist", widths: &[784, 512, 256, 10], rows: 128, rounds: 151 },
    Shape { name: "wide", widths: &[1024, 2048, 2048, 10], rows: 512, rounds: 15 },
];

impl Shape {
    pub fn build(&self, params: &mut Params<f32>) -> Sequential {
        let mut root = params.root();
        let mut model = Sequential::new();
        for (i, pair) in self.widths.windows(2).enumerate() {
            model = model.then(Linear::new(pair[0], pair[1]).build(&mut root, &format!("fc{i}")));
            if i + 2 < self.widths.len() {
                let norm = BatchNorm::new(pair[1]).build(&mut root, &format!("bn{i}"));
                model = model.then(norm).then(Activation::Relu);
            }
        }
        model
    }

    /// Some rows of its batch.
    pub fn batch(&self, rows: Range<usize>) -> (Array2<f32>, Array1<i64>) {
        let (start, shape) = (rows.start, (rows.len(), self.widths[0]));
        let pixel = |(i, j)| (((start + i) * 31 + j * 17) % 29) as f32 / 29.0;
        let label = |i| ((start + i) % 10) as i64;
        (Array2::from_shape_fn(shape, pixel), Array1::from_shape_fn(rows.len(), label))
    }
}

pub fn step(model: &Sequential) -> Step<'_, f32, 2> {
    Step::new(|_, [x, labels]| model.forward(x, Mode::Train).cross_entropy(labels))
}

/// The seconds of a call.
pub fn seconds(call: impl FnOnce()) -> f64 {
    let start = Instant::now();
    call();
    start.elapsed().as_secs_f64()
}

/// The shortest of several times: what else the machine does only adds to them.
pub fn least(times: Vec<f64>) -> f64 {
    times.into_iter().fold(f64::INFINITY, f64::min)
}
