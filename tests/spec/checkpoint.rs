//! A training run that is interrupted ends, to the bit, as one that is not; and a process may be
//! killed at any moment.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cotangent::data::{Epochs, digits};
use cotangent::optim::Ema;
use cotangent::prelude::*;
use rand::rngs::ChaCha12Rng;
use rand::{RngExt, SeedableRng};

const KILLS: usize = 50;

/// The folder that the process that is to be killed saves its checkpoints in.
const FOLDER: &str = "CHECKPOINT_TEST_FOLDER";

/// After how many steps it ends of its own accord.
const STEPS: &str = "CHECKPOINT_TEST_STEPS";

/// A run with everything that has a state: dropout, running statistics, moments, a schedule, an
/// average of the parameters, shuffled batches, and numbers of its own.
struct Run<'d> {
    params: Params,
    step: Step<'static, f32, 2>,
    optimizer: Box<dyn Optimizer<f32>>,
    batches: Epochs<'d>,
    least: f64,
}

impl<'d> Run<'d> {
    fn new(data: &'d Dataset) -> Self {
        let mut params = Params::seeded(3);
        let mut root = params.root();
        let hidden = Linear::new(64, 12).build(&mut root, "hidden");
        let norm = BatchNorm::new(12).build(&mut root, "norm");
        let output = Linear::new(12, 10).build(&mut root, "output");
        let step = Step::new(move |_, [x, labels]| {
            let hidden = norm.forward(hidden.forward(x), Mode::Train).relu();
            let hidden = Dropout::new(0.3).forward(hidden, Mode::Train);
            output.forward(hidden).cross_entropy(labels)
        });
        let adam = Adam::new(1e-2).schedule(StepDecay::new(0.9, 7));
        let optimizer = Box::new(adam.with(Ema::new(0.9)));
        let batches = data.epochs(32).unwrap().shuffled(5);
        Self { params, step, optimizer, batches, least: f64::INFINITY }
    }

    fn train_to(&mut self, step: u64) {
        while self.optimizer.steps() < step {
            let (x, labels) = self.batches.next().unwrap();
            let loss = self.step.run(&mut self.params, (&x, &labels)).unwrap();
            self.optimizer.step(&mut self.params, self.step.gradients()).unwrap();
            self.least = self.least.min(loss.into());
        }
    }

    fn checkpoint(&mut self) -> Checkpoint<f32> {
        let checkpoint = Checkpoint::of(&self.params, &mut self.optimizer).unwrap();
        checkpoint
            .with_number("least", self.least)
            .with_value("order", &self.batches.order())
            .unwrap()
    }

    fn resume(&mut self, checkpoint: &Checkpoint<f32>) {
        self.least = checkpoint.number("least").unwrap();
        self.batches.resume(&checkpoint.value("order").unwrap()).unwrap();
        checkpoint.restore(&mut self.params, &mut self.optimizer).unwrap();
    }
}

/// 150 digits: an epoch is five batches, the last of them smaller.
fn data() -> Dataset {
    digits().select(&Vec::from_iter(0..150)).unwrap()
}

#[test]
fn fifty_steps_and_fifty_are_a_hundred() {
    let (folder, data) = (tempfile::tempdir().unwrap(), data());
    let file = folder.path().join("run.safetensors");
    let (start, mut whole) = (Run::new(&data).checkpoint(), Run::new(&data));
    whole.train_to(100);
    // 50 is the end of an epoch; 51 and 53 are in the middle of one.
    for interruption in [50, 51, 53] {
        let mut first = Run::new(&data);
        first.train_to(interruption);
        first.checkpoint().save(&file).unwrap();
        let mut second = Run::new(&data);
        second.resume(&Checkpoint::load(&file).unwrap());
        assert_eq!(second.checkpoint(), first.checkpoint());
        second.train_to(100);
        assert_eq!(second.checkpoint(), whole.checkpoint(), "after {interruption} steps");
        let bits = |run: &Run<'_>| Vec::from_iter(run.params.values().iter().map(|x| x.to_bits()));
        assert_eq!(bits(&second), bits(&whole));
    }
    assert_ne!(start, whole.checkpoint(), "nothing was trained");
}

/// This test is also the process that it kills: one that saves a checkpoint after every step.
#[test]
fn killed_at_any_moment_the_last_checkpoint_is_whole() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return train_and_save(Path::new(&folder));
    }
    let (folder, data) = (tempfile::tempdir().unwrap(), data());
    let checkpoints = Checkpoints::in_folder(folder.path(), 2).unwrap();
    let (mut rng, mut uninterrupted) = (ChaCha12Rng::seed_from_u64(1), Run::new(&data));
    let mut reached = 0;
    for kill in 0..KILLS {
        let mut child = spawn(folder.path(), u64::MAX);
        // Some are killed while they start, the others within the steps, each of which saves.
        if kill % 10 > 0 {
            wait_for_steps(&mut child, rng.random_range(1..=5));
        }
        std::thread::sleep(Duration::from_micros(rng.random_range(0..3000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let numbers = checkpoints.numbers().unwrap();
        assert!(numbers.len() <= 3, "a file more than is kept, at most: {numbers:?}");
        let latest = numbers.last().copied().unwrap_or(0);
        assert!(latest >= reached, "kill {kill}: step {reached} is lost");
        reached = latest;
        for number in numbers {
            checkpoints.load::<f32>(number).unwrap();
        }
        if let Some(checkpoint) = checkpoints.latest().unwrap() {
            uninterrupted.train_to(latest);
            assert_eq!(uninterrupted.checkpoint(), checkpoint, "kill {kill}, step {latest}");
        }
    }
    assert!(reached >= 40, "only {reached} steps were made");

    let end = reached + 10;
    assert!(spawn(folder.path(), end).wait().unwrap().success());
    uninterrupted.train_to(end);
    assert_eq!(checkpoints.latest().unwrap(), Some(uninterrupted.checkpoint()));
    assert_eq!(checkpoints.numbers().unwrap(), [end - 1, end]);
    // What the killed ones had begun to write is gone, too.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

fn spawn(folder: &Path, steps: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "checkpoint::killed_at_any_moment_the_last_checkpoint_is_whole"])
        .env(FOLDER, folder)
        .env(STEPS, steps.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until the process has made so many steps.
fn wait_for_steps(child: &mut Child, steps: usize) {
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let steps_made = lines.map(|line| line.unwrap()).filter(|line| line == "step").take(steps);
    assert_eq!(steps_made.count(), steps, "the process has ended before it was killed");
}

fn train_and_save(folder: &Path) {
    let steps: u64 = std::env::var(STEPS).unwrap().parse().unwrap();
    let (checkpoints, data) = (Checkpoints::in_folder(folder, 2).unwrap(), data());
    let mut run = Run::new(&data);
    if let Some(checkpoint) = checkpoints.latest().unwrap() {
        run.resume(&checkpoint);
    }
    while run.optimizer.steps() < steps {
        run.train_to(run.optimizer.steps() + 1);
        checkpoints.save(run.optimizer.steps(), &run.checkpoint()).unwrap();
        // Not by a macro, whose output the harness would keep. Nobody may listen any more.
        let _ = std::io::stdout().write_all(b"step\n");
    }
}
