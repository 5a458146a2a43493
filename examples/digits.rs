//! Trains a custom model with batch normalization on handwritten digits, every gradient coming from
//! the recorded graph: `cargo run --release --example digits`.
//!
//! With `--data FOLDER` it trains on MNIST or Fashion-MNIST instead.

mod support;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use cotangent::check_writable;
use cotangent::data::{self, Standardizer};
use cotangent::optim::{Cosine, OptimError};
use cotangent::prelude::*;
use support::classes::{Confusion, accuracy};
use support::options::Options;
use support::{curves, progress, say};

/// Blocks of Linear, BatchNorm and ReLU, and a last Linear.
struct Mlp {
    blocks: Vec<(Linear, BatchNorm)>,
    head: Linear,
}

impl Mlp {
    fn new(scope: &mut Scope<'_>, inputs: usize, hidden: &[usize], classes: usize) -> Self {
        let mut width = inputs;
        let mut blocks = Vec::new();
        for (i, &units) in hidden.iter().enumerate() {
            let linear = Linear::new(width, units).build(scope, &format!("fc{i}"));
            blocks.push((linear, BatchNorm::new(units).build(scope, &format!("bn{i}"))));
            width = units;
        }
        Self { blocks, head: Linear::new(width, classes).build(scope, "head") }
    }

    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        let mut x = x;
        for (linear, norm) in &self.blocks {
            x = norm.forward(linear.forward(x), mode).relu();
        }
        self.head.forward(x)
    }
}

/// What is trained on, selected on and tested on, normalised by the training part's statistics.
struct Parts {
    train: Dataset,
    validation: Dataset,
    test: Dataset,
}

impl Parts {
    fn load(options: &Options) -> Result<Self, data::DataError> {
        let (train, validation, test) = match &options.data {
            None => {
                let [train, validation, test] =
                    data::digits().split([0.7, 0.15, 0.15], options.seed)?;
                (train, validation, test)
            }
            Some(folder) => {
                let sets = data::mnist::load(folder)?;
                let [train, validation] = sets.train.split([0.95, 0.05], options.seed)?;
                (train, validation, sets.test)
            }
        };
        let standardizer = Standardizer::fit(&train)?;
        Ok(Self {
            train: standardizer.apply(&train)?,
            validation: standardizer.apply(&validation)?,
            test: standardizer.apply(&test)?,
        })
    }
}

fn main() -> std::process::ExitCode {
    let options = Options::parse();
    support::report(options.and_then(|options| options.map_or(Ok(()), |options| train(&options))))
}

fn train(options: &Options) -> Result<(), Box<dyn Error>> {
    let [model_file, curves_file] = output_files(&options.out)?;
    let parts = Parts::load(options)?;
    // A smaller last batch of an epoch is left out: other samples are in it the next time.
    let mut batches = parts.train.epochs(options.batch)?.shuffled(options.seed).drop_last()?;
    let steps = parts.train.len() / options.batch;
    let mut params = Params::seeded(options.seed);
    // Wider images carry more to tell apart.
    let hidden = if parts.train.width() > 256 { [512, 256] } else { [128, 64] };
    let model = Mlp::new(&mut params.root(), parts.train.width(), &hidden, parts.train.classes());
    let mut optimizer = optimizer(options, options.epochs * steps)?;
    say(format!("{}\n", params.summary()));

    let mut step = Step::reporting(|_, [x, labels]| {
        let logits = model.forward(x, Mode::Train);
        let hits = logits.argmax(-1).eq(labels).to_real().mean();
        (logits.cross_entropy(labels), vec![hits])
    });
    let mut predict = Function::new(|_, [x]| model.forward(x, Mode::Eval).argmax(-1).to_real());
    let mut history = curves::History::default();
    for epoch in 1..=options.epochs {
        let start = Instant::now();
        let mut bar = progress::bar(&format!("epoch {epoch}/{}", options.epochs), steps);
        let (mut loss, mut hits) = (0.0, 0.0);
        for (x, labels) in batches.by_ref().take(steps) {
            loss += f64::from(step.run(&mut params, (&x, &labels))?) / steps as f64;
            hits += f64::from(step.report(0)[[]]) / steps as f64;
            optimizer.step(&mut params, step.gradients())?;
            bar.advance();
        }
        drop(bar);
        let validation = accuracy(&mut predict, &params, &parts.validation)?;
        history.push(loss, hits, validation);
        say(format!(
            "epoch {epoch:>3}/{}  loss {loss:.4}  train {hits:.4}  val {validation:.4}  lr {:.2e}  {:.2} s",
            options.epochs,
            optimizer.learning_rate(),
            start.elapsed().as_secs_f64(),
        ));
        if !loss.is_finite() {
            return Err(format!(
                "the loss is {loss} after epoch {epoch}: the learning rate is probably too high"
            )
            .into());
        }
    }

    let confusion = Confusion::of(&mut predict, &params, &parts.test)?;
    say(format!("\n{confusion}\n"));
    params.save(&model_file)?;
    history.save(&curves_file)?;
    let mut loaded = params.clone();
    loaded.values_mut().fill(0.0);
    loaded.load(&model_file)?;
    let again = accuracy(&mut predict, &loaded, &parts.test)?;
    say(format!("saved {} and curves.svg beside it", model_file.display()));
    say(format!("loaded again, the model's test accuracy is {again:.4}"));
    say(format!("test accuracy: {:.4}", confusion.accuracy()));
    Ok(())
}

/// The files for the model and its curves, of which it is known before the training that they can be
/// written.
fn output_files(folder: &Path) -> Result<[PathBuf; 2], String> {
    std::fs::create_dir_all(folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let files = ["model.safetensors", "curves.svg"].map(|name| folder.join(name));
    for file in &files {
        check_writable(file)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    Ok(files)
}

fn optimizer(options: &Options, steps: usize) -> Result<Box<dyn Optimizer<f32>>, OptimError> {
    let decay = Cosine::new(1.0, 0.0, steps as u64);
    Ok(match options.optimizer.as_str() {
        "sgd" => {
            let sgd = Sgd::new(options.lr.unwrap_or(0.1)).momentum(0.9).weight_decay(1e-4);
            sgd.validate()?;
            Box::new(sgd.schedule(decay))
        }
        _ => {
            let adam = Adam::new(options.lr.unwrap_or(3e-3));
            adam.validate()?;
            Box::new(adam.schedule(decay))
        }
    })
}
