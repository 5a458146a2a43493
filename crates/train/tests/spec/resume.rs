//! A training that is killed and started again ends, to the bit, as one that was not.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use cotangent::data::digits;
use cotangent::prelude::*;
use cotangent_train::metrics::Accuracy;
use cotangent_train::{EarlyStopping, FitError, History, Trainer};

/// The folder that the process that is to be killed saves its checkpoints in.
const FOLDER: &str = "RESUME_TEST_FOLDER";

/// A run with everything that has a state: dropout, running statistics, moments, schedules, a plateau, and a best epoch that is
/// not the last. `each` is called with the number of each epoch.
fn run(
    folder: Option<&Path>,
    epochs: usize,
    each: impl FnMut(usize) + Send,
) -> Result<(Vec<u32>, History), FitError> {
    let data = digits().select(&Vec::from_iter(0..300)).unwrap();
    let [train, validation] = data.split([0.7, 0.3], 0)?;
    let mut params = Params::seeded(3);
    let mut root = params.root();
    let hidden = Linear::new(64, 24).build(&mut root, "hidden");
    let norm = BatchNorm::new(24).build(&mut root, "norm");
    let output = Linear::new(24, 10).build(&mut root, "output");
    let mut each = each;
    let mut trainer = Trainer::new(|_, [x, labels], mode| {
        let hidden = norm.forward(hidden.forward(x), mode).relu();
        let logits = output.forward(Dropout::new(0.3).forward(hidden, mode));
        (logits.cross_entropy(labels), logits)
    })
    .epochs(epochs)
    .metric(Accuracy)
    .early_stopping(EarlyStopping::new(6))
    .restore_best()
    .on_epoch_end(move |epoch| each(epoch.epoch));
    if let Some(folder) = folder {
        trainer = trainer.checkpoints(folder);
    }
    let mut adam = Adam::new(3e-2)
        .schedule(StepDecay::new(0.99, 7))
        .reduce_on_plateau(ReduceOnPlateau::new(0.7).patience(1));
    let history = trainer.fit(&mut params, &mut adam, &train, &validation)?;
    let values = params.values().iter().map(|value| value.to_bits());
    // Random operations go on alike, too.
    Ok((values.chain([params.seed().run as u32]).collect(), history))
}

#[test]
fn interrupted_after_any_epoch_it_goes_on() {
    let whole = run(None, 100, |_| {}).unwrap();
    let (epochs, best) = (whole.1.epochs(), whole.1.best_epoch().unwrap());
    assert!(best < epochs && epochs < 100, "best {best} of {epochs}: it must be stopped early");
    let folder = tempfile::tempdir().unwrap();
    for interruption in [1, 2, best, best + 1, epochs] {
        let first = run(Some(folder.path()), interruption, |_| {}).unwrap();
        assert_eq!(first.1.epochs(), interruption);
    }
    // Also one that was over.
    for _ in 0..2 {
        let mut trained = 0;
        let resumed = run(Some(folder.path()), 100, |_| trained += 1).unwrap();
        assert!(resumed == whole, "{} epochs, and {epochs} in one go", resumed.1.epochs());
        assert_eq!(trained, 0, "nothing was left to train");
    }
}

/// This test is also the process that it kills.
#[test]
fn killed_at_any_moment_it_goes_on() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        // Not by a macro, whose output the harness would keep. Nobody may listen any more.
        let say = |_| drop(std::io::stdout().write_all(b"\nepoch\n"));
        run(Some(Path::new(&folder)), 100, say).unwrap();
        return;
    }
    let whole = run(None, 100, |_| {}).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for kill in 0..8_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "resume::killed_at_any_moment_it_goes_on"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        // The reader stays until the end, so that the process dies of nothing else.
        let mut epochs = lines.filter(|line| line == "epoch");
        epochs.by_ref().take(1 + kill as usize % 2).for_each(drop);
        std::thread::sleep(Duration::from_micros(777 * kill));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let mut trained = 0;
    let resumed = run(Some(folder.path()), 100, |_| trained += 1).unwrap();
    assert!(trained + 8 <= whole.1.epochs(), "killed processes have trained {trained} epochs less");
    assert!(resumed == whole);
    // What the killed ones had begun to write is gone, too.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn the_best_file_is_a_model_to_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let (values, _) = run(Some(folder.path()), 100, |_| {}).unwrap();
    let best = Checkpoint::<f32>::load(folder.path().join("best.safetensors")).unwrap();
    let mut params = Params::seeded(9);
    let mut root = params.root();
    Linear::new(64, 24).build(&mut root, "hidden");
    BatchNorm::new(24).build(&mut root, "norm");
    Linear::new(24, 10).build(&mut root, "output");
    best.restore_params(&mut params).unwrap();
    let restored = params.values().iter().map(|value| value.to_bits());
    assert!(restored.eq(values[..values.len() - 1].iter().copied()));
}

#[test]
fn the_folder_of_another_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    run(Some(folder.path()), 2, |_| {}).unwrap();
    let data = digits().select(&Vec::from_iter(0..100)).unwrap();
    let mut params = Params::seeded(0);
    let head = Linear::new(64, 10).build(&mut params.root(), "head");
    let mut fit = |accuracy: bool| {
        let trainer = Trainer::new(|_, [x, labels], _| {
            let logits = head.forward(x);
            (logits.cross_entropy(labels), logits)
        })
        .checkpoints(folder.path());
        let mut trainer = if accuracy { trainer.metric(Accuracy) } else { trainer };
        trainer.fit(&mut params, &mut Sgd::new(0.1), &data, &data).unwrap_err().to_string()
    };
    assert_eq!(
        fit(false),
        "the checkpoint has the curves loss, val_loss, val_accuracy, learning_rate, \
         and this run has loss, val_loss, learning_rate",
    );
    assert!(fit(true).starts_with("the checkpoint does not fit the model and its optimizer:"));
}
