//! What a checkpoint and a folder of them promise. That a resumed run is to the bit the same, and
//! that a killed process leaves whole files, is tested over all crates, in `tests/spec/checkpoint.rs`.

use std::fs;

use cotangent::optim::{
    Accumulate, Adam, Checkpoint, CheckpointError, Checkpoints, Difference, Groups, Lookahead,
    Optimizer, Sgd,
};
use cotangent::{GradientLayout, Gradients, Params, Seed};
use ndarray::{Array, array};
use serde::{Deserialize, Serialize};

fn params(width: usize) -> Params<f64> {
    let mut params = Params::with_seed(u64::MAX);
    let mut root = params.root();
    root.buffer("running", array![0.25].into_dyn());
    root.parameter("weight", Array::from_elem(width, 0.1).into_dyn());
    params
}

fn train(params: &mut Params<f64>, optimizer: &mut dyn Optimizer<f64>, steps: u64) {
    let layout = GradientLayout::new(params.trainable_entries());
    for _ in 0..steps {
        let gradient = params.trainable().to_vec();
        optimizer.step(params, Gradients::new(&layout, &gradient)).unwrap();
    }
}

fn trained() -> (Params<f64>, Adam<f64>) {
    let (mut params, mut adam) = (params(3), Adam::new(0.1));
    train(&mut params, &mut adam, 4);
    params.set_seed(Seed { seed: u64::MAX - 1, run: (1 << 60) + 1 });
    (params, adam)
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Progress {
    epoch: u64,
    losses: Vec<f64>,
    name: String,
}

#[test]
fn everything_comes_back_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run");
    let (saved, mut adam) = trained();
    let progress =
        || Progress { epoch: 1 << 60, losses: vec![0.1 + 0.2, 5e-324], name: "é".into() };
    let checkpoint = Checkpoint::of(&saved, &mut adam).unwrap();
    let checkpoint = checkpoint.with_value("progress", &progress()).unwrap();
    let checkpoint = checkpoint.with_number("best", f64::INFINITY).with_number("third", 1.0 / 3.0);
    checkpoint.save(&file).unwrap();

    let read = Checkpoint::<f64>::load(&file).unwrap();
    assert_eq!(read, checkpoint);
    assert_eq!(read.value::<Progress>("progress").unwrap(), progress());
    assert_eq!(read.number("best").unwrap(), f64::INFINITY);
    assert_eq!(read.number("third").unwrap(), 1.0 / 3.0);
    let (mut params, mut resumed) = (params(3), Adam::new(0.1));
    read.restore(&mut params, &mut resumed).unwrap();
    assert_eq!(params.values(), saved.values());
    assert_eq!(params.seed(), saved.seed());
    assert!(resumed.state(&params).unwrap() == adam.state(&saved).unwrap());
}

#[test]
fn what_does_not_fit_is_listed_whole_and_changes_nothing() {
    let (saved, mut adam) = trained();
    let checkpoint = Checkpoint::of(&saved, &mut adam).unwrap();
    let mut params = params(4);
    params.root().parameter("extra", array![1.0].into_dyn());
    let mut other = Adam::new(0.2);
    train(&mut params, &mut other, 2);
    let before = (params.values().to_vec(), params.seed(), other.state(&params).unwrap());
    let error = checkpoint.restore(&mut params, &mut other).unwrap_err();
    let message = error.to_string();
    for part in [
        "another shape: params/weight is [4] here and [3] in the state",
        "another shape: optimizer/adam/mean/weight is [4] here and [3] in the state",
        "missing from the state: params/extra",
        "another setting: optimizer/adam/learning_rate is 0.2 here and 0.1 in the state",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let after = (params.values().to_vec(), params.seed(), other.state(&params).unwrap());
    assert!(before == after);
}

#[test]
fn a_model_that_fits_is_not_restored_with_an_optimizer_that_does_not() {
    let (saved, mut adam) = trained();
    let checkpoint = Checkpoint::of(&saved, &mut adam).unwrap();
    let (mut ours, mut sgd) = (params(3), Sgd::new(0.1).momentum(0.9));
    let error = checkpoint.restore(&mut ours, &mut sgd).unwrap_err();
    let CheckpointError::Mismatch { differences } = error else { panic!("{error}") };
    assert!(differences.contains(&Difference::Missing("optimizer/sgd/velocity/weight".into())));
    assert!(differences.contains(&Difference::Unexpected("optimizer/adam/steps".into())));
    assert_eq!((ours.values(), ours.seed()), (params(3).values(), params(3).seed()));

    checkpoint.restore_params(&mut ours).unwrap();
    assert_eq!((ours.values(), ours.seed()), (saved.values(), saved.seed()));
    let mut wider = params(4);
    assert!(checkpoint.restore_params(&mut wider).is_err());
    assert_eq!(wider.values(), params(4).values());
}

#[test]
fn other_settings_are_taken_on_purpose() {
    let (saved, mut adam) = trained();
    let checkpoint = Checkpoint::of(&saved, &mut adam).unwrap().without_settings();
    let (mut ours, mut slower) = (params(3), Adam::new(0.01));
    checkpoint.restore(&mut ours, &mut slower).unwrap();
    assert_eq!((slower.steps(), slower.learning_rate()), (4, 0.01));
}

#[test]
fn what_a_part_copies_at_first_is_restored_too() {
    let make = || Sgd::new(0.1).with(Lookahead::new(3, 0.5));
    let (mut whole, mut optimizer) = (params(3), make());
    train(&mut whole, &mut optimizer, 4);
    let checkpoint = Checkpoint::of(&whole, &mut optimizer).unwrap();
    let (mut ours, mut resumed) = (params(3), make());
    checkpoint.restore(&mut ours, &mut resumed).unwrap();
    train(&mut whole, &mut optimizer, 5);
    train(&mut ours, &mut resumed, 5);
    assert_eq!(ours.values(), whole.values());
}

/// Before the optimizer inside has made a step, between two, and after one.
#[test]
fn a_run_resumes_amid_what_is_accumulated() {
    let fresh = || {
        let decays = Groups::new(Adam::new(0.1)).group("weight", Sgd::new(0.1).momentum(0.9));
        decays.with(Lookahead::new(2, 0.5)).with(Accumulate::new(3))
    };
    let mut whole = (params(3), fresh());
    train(&mut whole.0, &mut whole.1, 8);
    for cut in 0..8 {
        let (mut params, mut first) = (params(3), fresh());
        train(&mut params, &mut first, cut);
        let checkpoint = Checkpoint::of(&params, &mut first).unwrap();
        let (mut resumed, mut second) = (self::params(3), fresh());
        checkpoint.restore(&mut resumed, &mut second).unwrap();
        train(&mut resumed, &mut second, 8 - cut);
        assert_eq!(resumed.values(), whole.0.values(), "cut after {cut}");
    }
}

#[test]
fn a_value_that_would_not_come_back_is_refused() {
    let (saved, mut adam) = trained();
    let checkpoint = Checkpoint::of(&saved, &mut adam).unwrap();
    let error = checkpoint.clone().with_value("best", &f64::INFINITY).unwrap_err();
    assert!(matches!(error, CheckpointError::Value { .. }), "{error}");
    let checkpoint = checkpoint.with_value("epoch", &3).unwrap();
    let error = checkpoint.value::<u64>("epochs").unwrap_err();
    assert_eq!(error.to_string(), "the checkpoint has no value \"epochs\"; it has \"epoch\"");
    assert!(matches!(checkpoint.value::<String>("epoch"), Err(CheckpointError::Value { .. })));
    assert!(checkpoint.number("epoch").unwrap_err().to_string().ends_with("it has none"));
}

#[test]
fn broken_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run");
    let (saved, mut adam) = trained();
    Checkpoint::of(&saved, &mut adam).unwrap().save(&file).unwrap();
    let whole = fs::read(&file).unwrap();
    adam.state(&saved).unwrap().save(&file).unwrap();
    let of_an_optimizer = fs::read(&file).unwrap();
    let text = String::from_utf8_lossy(&whole);
    let version = text.find("version").unwrap() + "version\\\":".len();
    let mut later = whole.clone();
    later[version] = b'2';
    for broken in
        [&whole[..0], &whole[..40], &whole[..whole.len() - 1], b"PNG", &of_an_optimizer, &later]
    {
        fs::write(&file, broken).unwrap();
        let error = Checkpoint::<f64>::load(&file).unwrap_err();
        assert!(matches!(error, CheckpointError::Format { .. }), "{error}");
    }
    let error = Checkpoint::<f64>::load(folder.path().join("none")).unwrap_err();
    assert!(matches!(error, CheckpointError::Read { .. }), "{error}");
}

#[test]
fn a_single_bit_that_changed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run");
    let (saved, mut adam) = trained();
    Checkpoint::of(&saved, &mut adam).unwrap().save(&file).unwrap();
    let whole = fs::read(&file).unwrap();
    let checkpoint = Checkpoint::<f64>::load(&file).unwrap();
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&file, flipped).unwrap();
        match Checkpoint::load(&file) {
            Err(CheckpointError::Format { .. }) => {}
            // In the name of the checksum; all else is what was saved.
            Ok(found) => assert_eq!(found, checkpoint, "byte {at}"),
            Err(error) => panic!("byte {at}: {error}"),
        }
    }
}

#[test]
fn the_last_ones_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/checkpoints");
    let checkpoints = Checkpoints::in_folder(&path, 2).unwrap();
    assert!(checkpoints.latest::<f64>().unwrap().is_none());
    let (saved, mut adam) = trained();
    let mut save = |number: u64| {
        let checkpoint = Checkpoint::of(&saved, &mut adam).unwrap();
        checkpoints.save(number, &checkpoint.with_value("number", &number).unwrap())
    };
    for number in [0, 9, 10, 1_000_000_000_000_000] {
        assert!(save(number).unwrap().is_file());
    }
    assert_eq!(checkpoints.numbers().unwrap(), [10, 1_000_000_000_000_000]);
    save(1_000_000_000_000_000).unwrap();
    let latest = checkpoints.latest::<f64>().unwrap().unwrap();
    assert_eq!(latest.value::<u64>("number").unwrap(), 1_000_000_000_000_000);
    assert_eq!(checkpoints.load::<f64>(10).unwrap().value::<u64>("number").unwrap(), 10);
    let error = save(11).unwrap_err();
    assert!(matches!(error, CheckpointError::NotLatest { number: 11, .. }), "{error}");
    assert_eq!(checkpoints.numbers().unwrap(), [10, 1_000_000_000_000_000]);
}

#[test]
fn other_files_are_left_alone_and_those_of_a_killed_process_removed() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::in_folder(folder.path(), 1).unwrap();
    let others = ["notes", "checkpoint-7.safetensors", "checkpoint-x.safetensors"];
    for name in others.into_iter().chain([".partial-abc"]) {
        fs::write(folder.path().join(name), "").unwrap();
    }
    let (saved, mut adam) = trained();
    let file = checkpoints.save(3, &Checkpoint::of(&saved, &mut adam).unwrap()).unwrap();
    assert_eq!(checkpoints.numbers().unwrap(), [3]);
    assert!(others.iter().all(|name| folder.path().join(name).is_file()));
    assert!(!folder.path().join(".partial-abc").exists());
    // A damaged file is an error, not passed over: which to go on from is for the user to say.
    fs::write(file, "").unwrap();
    assert!(matches!(checkpoints.latest::<f64>(), Err(CheckpointError::Format { .. })));
}

#[test]
fn a_folder_must_keep_one() {
    let folder = tempfile::tempdir().unwrap();
    let error = Checkpoints::in_folder(folder.path(), 0).unwrap_err();
    assert!(matches!(error, CheckpointError::KeepsNone), "{error}");
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Checkpoints::in_folder(file, 1).unwrap_err();
    assert!(matches!(error, CheckpointError::Write { .. }), "{error}");
}
