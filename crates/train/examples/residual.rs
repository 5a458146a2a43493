//! A small residual network (He, Zhang, Ren and Sun, "Deep residual learning for image recognition", arXiv:1512.03385) of coloured
//! images of 3×32×32: digits in colours of their own on darker ones, or with a folder, the photographs of CIFAR-10.
//!
//! `cargo run --release -p cotangent-train --example residual` writes `target/residual.svg`. With `-- --data FOLDER` it learns
//! CIFAR-10 (the binary version), with twice the channels; `--blocks N` makes each stage so deep, `--epochs N` takes its time.

#[path = "residual/images.rs"]
mod images;
#[path = "residual/picture.rs"]
mod picture;

use std::error::Error;
use std::path::PathBuf;

use cotangent::prelude::*;
use cotangent::write_atomically;
use cotangent_train::Trainer;
use cotangent_train::metrics::{Accuracy, Metric};
use images::Images;

const BATCH: usize = 32;

/// relu(s(x) + BN(w₂ ⋆ relu(BN(w₁ ⋆ x)))). The shortcut s is x itself, or where extents or channels change, BN(w ⋆ x) with a
/// kernel of 1×1.
#[derive(Layers)]
struct Block {
    conv1: Conv2d,
    norm1: BatchNorm,
    conv2: Conv2d,
    norm2: BatchNorm,
    shortcut: Option<(Conv2d, BatchNorm)>,
}

impl Block {
    fn new(scope: &mut Scope<'_>, name: &str, [from, to]: [usize; 2], stride: usize) -> Self {
        let scope = &mut scope.child(name);
        let shortcut = (stride > 1 || from != to).then(|| {
            let conv = Conv2d::new(from, to, 1).stride(stride).bias(false);
            (conv.build(scope, "shortcut"), BatchNorm::new(to).build(scope, "shortcut_norm"))
        });
        let conv = |from, stride| Conv2d::new(from, to, 3).stride(stride).padding(1).bias(false);
        Self {
            conv1: conv(from, stride).build(scope, "conv1"),
            norm1: BatchNorm::new(to).build(scope, "norm1"),
            conv2: conv(to, 1).build(scope, "conv2"),
            norm2: BatchNorm::new(to).build(scope, "norm2"),
            shortcut,
        }
    }

    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        let inner = self.norm1.forward(self.conv1.forward(x), mode).relu();
        let inner = self.norm2.forward(self.conv2.forward(inner), mode);
        let shortcut = match &self.shortcut {
            Some((conv, norm)) => norm.forward(conv.forward(x), mode),
            None => x,
        };
        (shortcut + inner).relu()
    }
}

/// A stem, three stages of blocks, of which the second and the third halve the extents and double the channels, and a linear
/// head on the means of the channels.
#[derive(Layers)]
struct ResNet {
    stem: Conv2d,
    norm: BatchNorm,
    stages: [Vec<Block>; 3],
    head: Linear,
}

impl ResNet {
    fn new(scope: &mut Scope<'_>, channels: usize, blocks: usize, classes: usize) -> Self {
        let stem = Conv2d::new(3, channels, 3).padding(1).bias(false).build(scope, "stem");
        let norm = BatchNorm::new(channels).build(scope, "norm");
        let stages = [0, 1, 2].map(|stage| {
            let scope = &mut scope.child(&format!("stage{stage}"));
            let (width, halves) = (channels << stage, stage > 0);
            let block = |i| match (i, halves) {
                (0, true) => Block::new(scope, "0", [width / 2, width], 2),
                (i, _) => Block::new(scope, &i.to_string(), [width, width], 1),
            };
            (0..blocks).map(block).collect()
        });
        Self { stem, norm, stages, head: Linear::new(4 * channels, classes).build(scope, "head") }
    }

    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        let stem = self.norm.forward(self.stem.forward(x), mode).relu();
        let blocks = self.stages.iter().flatten();
        let maps = blocks.fold(stem, |x, block| block.forward(x, mode));
        self.head.forward(maps.mean_over([2, 3]))
    }
}

/// What the command line says.
struct Options {
    data: Option<PathBuf>,
    blocks: usize,
    epochs: usize,
}

impl Options {
    fn parse() -> Result<Self, Box<dyn Error>> {
        let mut options = Self { data: None, blocks: 1, epochs: 6 };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let value = words.next().ok_or_else(|| format!("{word} takes a value"))?;
            match word.as_str() {
                "--data" => options.data = Some(value.into()),
                "--blocks" => options.blocks = value.parse()?,
                "--epochs" => options.epochs = value.parse()?,
                _ => return Err(format!("{word} is none of --data, --blocks, --epochs").into()),
            }
        }
        Ok(options)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let Options { data, blocks, epochs } = Options::parse()?;
    let channels = if data.is_some() { 16 } else { 8 };
    let Images { train, validation, test, names } =
        data.map_or_else(images::digits, images::cifar)?;
    let mut params = Params::seeded(0);
    let model = ResNet::new(&mut params.root(), channels, blocks, names.len());
    println!("{}\n", model.tree());

    let mut trainer = Trainer::new(|_, [x, labels], mode| {
        let scores = model.forward(x, mode);
        (scores.cross_entropy(labels), scores)
    })
    .epochs(epochs)
    .batch_size(BATCH)
    .drop_last()
    .metric(Accuracy)
    .on_epoch_end(|epoch| println!("{epoch}"));
    let updates = (epochs * (train.len() / BATCH)) as u64;
    let mut adam = Adam::new(1e-2).schedule(Cosine::new(1.0, 0.0, updates));
    let history = trainer.fit(&mut params, &mut adam, &train, &validation)?;

    let predictions = trainer.predict(&params, &test)?;
    let drawn = picture::draw(&test, &predictions, &names, &history)?;
    write_atomically("target/residual.svg", drawn.as_bytes())?;
    println!("{} images to train with, {} never seen", train.len(), test.len());
    println!("test accuracy: {:.4}", Accuracy.of(&predictions)?);
    Ok(())
}
