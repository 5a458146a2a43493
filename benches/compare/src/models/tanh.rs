//! No kind of its own: a network of Linear layers with tanh between them, whose derivatives several kinds take.

use cotangent::prelude::*;

use crate::generate::Draw;

/// The layers `linear0`, `linear1`, ….
pub struct Network {
    linears: Vec<Linear>,
}

impl Network {
    /// Layers from each size to the next.
    pub fn new(params: &mut Params, sizes: &[usize]) -> Self {
        let mut scope = params.root();
        let layer = |(i, pair): (usize, &[usize])| {
            Linear::new(pair[0], pair[1]).build(&mut scope, &format!("linear{i}"))
        };
        Self { linears: sizes.windows(2).enumerate().map(layer).collect() }
    }

    /// The values of the last layer.
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        let (last, hidden) = self.linears.split_last().expect("a network has layers");
        last.forward(hidden.iter().fold(x, |x, linear| linear.forward(x).tanh()))
    }

    /// Weight and bias of each layer, in the order of [`names`].
    pub fn parameters<'g>(&self, g: &'g Graph) -> Vec<Var<'g>> {
        let layers = self.linears.iter();
        let parts = layers.flat_map(|linear| [Some(&linear.weight), linear.bias.as_ref()]);
        parts.flatten().map(|param| g.param(param)).collect()
    }
}

/// The names of weight and bias of each layer.
pub fn names<const N: usize>() -> [String; N] {
    std::array::from_fn(|i| format!("linear{}.{}", i / 2, ["weight", "bias"][i % 2]))
}

/// Draws the layers and, if asked for, an array `v.*` for each of their parameters.
pub fn draw(sizes: &[usize], vectors: bool, draw: &mut Draw) {
    for (i, pair) in sizes.windows(2).enumerate() {
        let (inputs, outputs) = (pair[0], pair[1]);
        draw.layer(&format!("linear{i}"), &[outputs, inputs]);
        if vectors {
            draw.normal(&format!("v.linear{i}.weight"), &[outputs, inputs]);
            draw.normal(&format!("v.linear{i}.bias"), &[outputs]);
        }
    }
}
