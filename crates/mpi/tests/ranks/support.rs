//! How a test starts itself on several ranks, and the training run that most of them start.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use cotangent::data::digits;
use cotangent::optim::Optimizer;
use cotangent::prelude::*;
use cotangent_mpi::{Distributed, World, launch};

/// Where a test on several ranks finds its folder: set where it is one of them.
const FOLDER: &str = "RANKS_TEST_FOLDER";

/// The folder, in a process that is a rank.
pub fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// Starts a test of this program on so many ranks.
pub fn mpirun(ranks: usize, test: &str, folder: &Path) -> Command {
    let mut command = Command::new("mpirun");
    command
        .args([
            "--oversubscribe",
            "--allow-run-as-root",
            "--bind-to",
            "none",
            "-n",
            &ranks.to_string(),
        ])
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture"])
        .env(FOLDER, folder);
    command
}

/// Runs a test on so many ranks, which must end well.
#[track_caller]
pub fn run(ranks: usize, test: &str, folder: &Path) {
    let output = mpirun(ranks, test, folder).output().expect("mpirun is installed");
    assert!(output.status.success(), "{ranks} ranks: {}", told(&output));
}

/// What all ranks have told.
pub fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// The program of a rank: it must end well.
pub fn rank(program: impl FnOnce(World) -> Result<(), Box<dyn std::error::Error>>) {
    cotangent::set_default_threads(1);
    let code = launch(program);
    assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::SUCCESS));
}

/// Some digits: an epoch is four batches of 32, and one of 22.
pub fn data() -> Dataset {
    digits().select(&Vec::from_iter(0..150)).expect("there are more")
}

/// A network without anything random or of a batch.
pub fn plain(params: &mut Params<f64>) -> Step<'static, f64, 2> {
    let mut root = params.root();
    let hidden = Linear::new(64, 12).build(&mut root, "hidden");
    let output = Linear::new(12, 10).build(&mut root, "output");
    Step::new(move |_, [x, labels]| output.forward(hidden.forward(x).tanh()).cross_entropy(labels))
}

/// A network with all that depends on more than the weights.
pub fn full(params: &mut Params<f64>) -> Step<'static, f64, 2> {
    let mut root = params.root();
    let hidden = Linear::new(64, 12).build(&mut root, "hidden");
    let norm = BatchNorm::new(12).build(&mut root, "norm");
    let output = Linear::new(12, 10).build(&mut root, "output");
    Step::new(move |_, [x, labels]| {
        let hidden = norm.forward(hidden.forward(x), Mode::Train).relu();
        let hidden = Dropout::new(0.2).forward(hidden, Mode::Train);
        output.forward(hidden).cross_entropy(labels)
    })
}

/// Makes steps on batches of 32 in all.
pub fn train<O: Optimizer<f64>>(
    world: World,
    training: &mut Distributed<'_, f64, O, 2>,
    params: &mut Params<f64>,
    steps: usize,
) -> Result<Vec<f64>, Box<dyn std::error::Error>> {
    let data = data();
    let batches = data.epochs(32)?.shuffled(5).part(world.rank(), world.size());
    let mut losses = Vec::new();
    for (x, labels) in batches.take(steps) {
        losses.push(training.train(params, (&x.mapv(f64::from), &labels))?);
    }
    Ok(losses)
}

/// Saves what a test compares, of rank 0.
pub fn save(
    world: World,
    folder: &Path,
    params: &Params<f64>,
    losses: &[f64],
) -> std::io::Result<()> {
    if !world.is_root() {
        return Ok(());
    }
    let values: Vec<f64> = params.values().iter().chain(losses).copied().collect();
    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_bits().to_le_bytes()).collect();
    std::fs::write(folder.join(format!("{}.bits", world.size())), bytes)
}

/// What was saved on so many ranks.
pub fn saved(folder: &Path, ranks: usize) -> Vec<f64> {
    let bytes = std::fs::read(folder.join(format!("{ranks}.bits"))).expect("it was saved");
    let number =
        |bytes: &[u8]| f64::from_bits(u64::from_le_bytes(bytes.try_into().expect("8 bytes")));
    bytes.chunks(8).map(number).collect()
}

/// Runs a test on 1, 2 and 4 ranks, and answers what each has saved.
#[track_caller]
pub fn on_1_2_4(test: &str) -> [Vec<f64>; 3] {
    let folder = tempfile::tempdir().expect("a folder");
    [1, 2, 4].map(|ranks| {
        run(ranks, test, folder.path());
        saved(folder.path(), ranks)
    })
}

/// Holds numbers against those of one rank.
#[track_caller]
pub fn assert_near(ours: &[f64], one: &[f64]) {
    assert_eq!(ours.len(), one.len());
    let largest =
        ours.iter().zip(one).map(|(a, b)| (a - b).abs() / (1.0 + b.abs())).fold(0.0, f64::max);
    assert!(largest < 1e-9, "they differ by {largest}");
}
