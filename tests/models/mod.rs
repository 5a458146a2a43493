//! Models that together have what a training step can have: products with normalised columns, convolution and pooling,
//! gates over steps of time, rows of a table.

use cotangent::ops::{Conv, Window};
use cotangent::prelude::*;

/// How many classes each model tells apart.
pub const CLASSES: usize = 10;

/// A model, recorded on inputs whose first axis but one is the batch, or the first where there is no time.
pub type Forward = Box<dyn for<'g> Fn(Var<'g>) -> Var<'g> + Send + Sync>;

/// Creates a model's parameters.
pub type Build = fn(&mut Scope<'_>) -> Forward;

/// A model by name, with the shape of its inputs for a batch.
pub struct Model {
    pub name: &'static str,
    pub build: Build,
    pub inputs: fn(usize) -> Vec<usize>,
}

/// All models.
pub fn all() -> [Model; 4] {
    [
        Model { name: "dense", build: dense, inputs: |batch| vec![batch, 150] },
        Model { name: "convolutional", build: convolutional, inputs: |n| vec![n, 2, 18, 18] },
        Model { name: "recurrent", build: recurrent, inputs: |batch| vec![6, batch, 40] },
        Model { name: "indexed", build: indexed, inputs: |batch| vec![batch, 30, 60] },
    ]
}

/// Products, a normalisation, functions, dropout, softmax.
fn dense(scope: &mut Scope<'_>) -> Forward {
    // So that the first layer's weights alone are more than what one thread updates.
    let fc1 = Linear::new(150, 500).build(scope, "fc1");
    let norm = BatchNorm::new(500).build(scope, "norm");
    let fc2 = Linear::new(500, CLASSES).build(scope, "fc2");
    Box::new(move |x| {
        let hidden = norm.forward(fc1.forward(x), Mode::Train).tanh();
        fc2.forward(Dropout::new(0.1).forward(hidden, Mode::Train))
    })
}

/// Convolutions with padding and steps, pooling.
fn convolutional(scope: &mut Scope<'_>) -> Forward {
    let first = scope.parameter("first", numbers(&[6, 2, 5, 5]));
    let bias = scope.parameter("bias", numbers(&[6]));
    let second = scope.parameter("second", numbers(&[16, 6, 3, 3]));
    let head = Linear::new(16 * 25, CLASSES).build(scope, "fc");
    Box::new(move |x| {
        let g = x.graph();
        let bias = g.param(&bias).reshape([-1, 1, 1]);
        let y = (x.conv2d(g.param(&first), Conv::new().padding(2)) + bias).relu();
        let y = y.max_pool2d(Window::new(2));
        let y = y.conv2d(g.param(&second), Conv::new().stride(2).padding(1)).relu();
        head.forward(y.reshape([y.shape()[0] as isize, -1]))
    })
}

/// An LSTM that projects all its inputs at once.
fn recurrent(scope: &mut Scope<'_>) -> Forward {
    const HIDDEN: usize = 64;
    let w = scope.parameter("w", numbers(&[40, 4 * HIDDEN]));
    let u = scope.parameter("u", numbers(&[HIDDEN, 4 * HIDDEN]));
    let b = scope.parameter("b", numbers(&[4 * HIDDEN]));
    let head = Linear::new(HIDDEN, CLASSES).build(scope, "fc");
    Box::new(move |x| {
        let g = x.graph();
        let inputs = x.matmul(g.param(&w)) + g.param(&b);
        let zeros = || g.full([x.shape()[1], HIDDEN], 0.0);
        let (mut h, mut c) = (zeros(), zeros());
        for step in 0..x.shape()[0] as isize {
            let z = inputs.index_axis(0, step) + h.matmul(g.param(&u));
            let gates = z.split(&[HIDDEN; 4], 1);
            c = gates[1].sigmoid() * c + gates[0].sigmoid() * gates[2].tanh();
            h = gates[3].sigmoid() * c.tanh();
        }
        head.forward(h)
    })
}

/// The mean of the rows of a table that the largest inputs name.
fn indexed(scope: &mut Scope<'_>) -> Forward {
    let table = Embedding::new(60, 64).build(scope, "table");
    let head = Linear::new(64, CLASSES).build(scope, "fc");
    Box::new(move |x| head.forward(table.forward(x.argmax(-1)).mean_over(1)))
}

/// Small numbers that differ.
pub fn numbers(shape: &[usize]) -> ndarray::ArrayD<f64> {
    let mut i = 0_u32;
    ndarray::ArrayD::from_shape_simple_fn(shape, || {
        i = (i * 7 + 3) % 1009;
        f64::from(i) / 5045.0 - 0.1
    })
}
