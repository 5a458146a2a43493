//! A model of some eighty lines, as a user writes one: what `rebuild.sh` compiles again and again.

use cotangent::data::digits;
use cotangent::prelude::*;

/// A residual block: x + W₂·relu(BN(W₁·x)).
struct Block {
    first: Linear,
    norm: BatchNorm,
    second: Linear,
}

impl Block {
    fn new(scope: &mut Scope<'_>, width: usize) -> Self {
        Self {
            first: Linear::new(width, width).bias(false).build(scope, "first"),
            norm: BatchNorm::new(width).build(scope, "norm"),
            second: Linear::new(width, width).build(scope, "second"),
        }
    }

    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        let hidden = self.norm.forward(self.first.forward(x), mode).relu();
        x + self.second.forward(hidden)
    }
}

/// An embedding of the pixels, blocks, and a classifier.
struct Network {
    input: Linear,
    blocks: Vec<Block>,
    output: Linear,
}

impl Network {
    fn new(scope: &mut Scope<'_>, width: usize, depth: usize) -> Self {
        Self {
            input: Linear::new(64, width).build(scope, "input"),
            blocks: (0..depth)
                .map(|i| Block::new(&mut scope.child(&format!("block{i}")), width))
                .collect(),
            output: Linear::new(width, 10).build(scope, "output"),
        }
    }

    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        let mut h = self.input.forward(x).relu();
        for block in &self.blocks {
            h = block.forward(h, mode);
        }
        self.output.forward(h)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [train, test] = digits().split([0.8, 0.2], 0)?;
    let mut params = Params::seeded(0);
    let model = Network::new(&mut params.root(), 64, 3);
    let mut adam =
        Adam::new(2e-3).schedule(Cosine::new(1.0, 0.05, 200)).with(ClipGlobalNorm::new(5.0));
    let mut step = Step::reporting(|_, [x, labels]| {
        let logits = model.forward(x, Mode::Train);
        let hits = logits.argmax(-1).eq(labels).to_real().mean().named("accuracy");
        (logits.cross_entropy(labels), vec![hits])
    });
    let mut predict = Function::new(|_, [x]| model.forward(x, Mode::Eval).argmax(-1));
    for epoch in 0..5 {
        for (x, labels) in train.batches(64)?.shuffled((0, epoch)).drop_last() {
            let loss = step.run(&mut params, (&x, &labels))?;
            adam.step(&mut params, step.gradients())?;
            assert!(loss.is_finite());
        }
        println!("epoch {epoch}: accuracy of the last batch {}", step.report("accuracy"));
    }
    for (x, labels) in test.batches(256)? {
        let classes = predict.run(&params, (&x,))?;
        let hits = classes.iter().zip(&labels).filter(|(class, label)| **class == **label as f32);
        println!("{} of {} right", hits.count(), labels.len());
    }
    Ok(())
}
