//! Optimizers whose state is shared out, and runs that go on from checkpoints on other numbers of ranks.

use std::path::Path;
use std::time::Duration;

use cotangent::optim::Optimizer;
use cotangent::prelude::*;
use cotangent_mpi::{Distributed, Sharded, World};

use crate::support::*;

/// After how many steps a run ends, in the environment of all ranks.
const STEPS: &str = "RANKS_TEST_STEPS";

/// How many runs are killed; two hundred where it is asked for.
const KILLS: usize = 10;

#[test]
fn shared_out_state_makes_the_same_steps_with_less_memory() {
    let test = "states::shared_out_state_makes_the_same_steps_with_less_memory";
    if let Some(folder) = folder() {
        return rank(|world| {
            let (mut params, mut others) = (Params::with_seed(3), Params::with_seed(3));
            let adam = || Adam::new(1e-2).no_decay("*.bias").weight_decay(0.01);
            let step = plain(&mut params);
            let sharded = Sharded::new(world, adam()).with(ClipGlobalNorm::new(0.5));
            let mut training = Distributed::new(world, step, sharded);
            let losses = train(world, &mut training, &mut params, 8)?;

            let step = plain(&mut others);
            let mut whole = Distributed::new(world, step, adam().with(ClipGlobalNorm::new(0.5)));
            train(world, &mut whole, &mut others, 8)?;
            assert_eq!(params.values(), others.values());

            let all = whole.optimizer_mut().state(&others)?.size();
            let mut optimizer = Sharded::new(world, adam());
            let layout = cotangent::GradientLayout::new(params.trainable_entries());
            let zeros = vec![0.0; layout.size()];
            optimizer.step(&mut params, cotangent::Gradients::new(&layout, &zeros))?;
            let mut sizes = [optimizer.inner_mut().state(&params)?.size() as f64];
            assert!(world.size() == 1 || sizes[0] < all as f64);
            world.sum(&mut sizes);
            assert_eq!(sizes[0], all as f64, "each number is kept once");
            Ok(save(world, &folder, &others, &losses)?)
        });
    }
    let [one, two, four] = on_1_2_4(test);
    assert_near(&two, &one);
    assert_near(&four, &one);
}

/// Trains from the last checkpoint on, to so many steps in all, with a checkpoint after each.
fn go_on(world: World, folder: &Path, end: u64) -> Result<(), Box<dyn std::error::Error>> {
    let data = data();
    let checkpoints = Checkpoints::in_folder(folder, 3)?;
    let mut params = Params::with_seed(3);
    let step = full(&mut params);
    let adam = Sharded::new(world, Adam::new(1e-2)).with(Ema::new(0.9));
    let mut training = Distributed::new(world, step, adam).virtual_shards(4);
    let mut batches = data.epochs(32)?.shuffled(5).part(world.rank(), world.size());
    if let Some(checkpoint) = checkpoints.latest()? {
        batches.resume(&checkpoint.value("order")?)?;
        checkpoint.restore(&mut params, training.optimizer_mut())?;
    }
    while training.optimizer().steps() < end {
        let (x, labels) = batches.next().ok_or("epochs do not end")?;
        training.train(&mut params, (&x.mapv(f64::from), &labels))?;
        let checkpoint = Checkpoint::of(&params, training.optimizer_mut())?;
        if world.is_root() {
            let checkpoint = checkpoint.with_value("order", &batches.order())?;
            checkpoints.save(training.optimizer().steps(), &checkpoint)?;
        }
    }
    Ok(())
}

/// The test that goes on, on so many ranks.
fn gone_on(ranks: usize, test: &str, folder: &Path, end: u64) -> std::process::Command {
    let mut command = mpirun(ranks, test, folder);
    command.env(STEPS, end.to_string());
    command
}

fn rank_goes_on(folder: &Path) {
    let end = std::env::var(STEPS).expect("it is set").parse().expect("a number");
    rank(|world| go_on(world, folder, end));
}

fn latest(folder: &Path) -> Option<Checkpoint<f64>> {
    Checkpoints::in_folder(folder, 3).unwrap().latest().unwrap()
}

#[test]
fn a_checkpoint_of_four_ranks_goes_on_on_two_and_one() {
    let test = "states::a_checkpoint_of_four_ranks_goes_on_on_two_and_one";
    if let Some(folder) = folder() {
        return rank_goes_on(&folder);
    }
    let (whole, changing) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let make = |ranks, folder: &Path, end| {
        let output = gone_on(ranks, test, folder, end).output().unwrap();
        assert!(output.status.success(), "{}", told(&output));
    };
    make(1, whole.path(), 12);
    for (ranks, end) in [(4, 4), (2, 8), (1, 12)] {
        make(ranks, changing.path(), end);
    }
    assert!(latest(whole.path()).is_some());
    assert_eq!(latest(changing.path()), latest(whole.path()));
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_as_one_that_is_not() {
    let test = "states::a_run_that_is_killed_again_and_again_ends_as_one_that_is_not";
    if let Some(folder) = folder() {
        return rank_goes_on(&folder);
    }
    killed(KILLS, test);
}

#[test]
#[ignore = "two hundred runs take minutes"]
fn a_run_that_is_killed_two_hundred_times_ends_as_one_that_is_not() {
    let test = "states::a_run_that_is_killed_again_and_again_ends_as_one_that_is_not";
    killed(200, test);
}

/// Kills one rank of two at some moment, and again and again the run that goes on.
#[track_caller]
fn killed(kills: usize, test: &str) {
    let (folder, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut reached = 0;
    for kill in 0..kills {
        let mut run = gone_on(2, test, folder.path(), u64::MAX).spawn_quietly();
        // Moments spread over the start and some steps, the same in each run of the test.
        std::thread::sleep(Duration::from_millis(300 + (kill as u64 * 379) % 700));
        kill_one_rank(run.id());
        // All others end by themselves.
        assert!(!run.wait().unwrap().success());
        let numbers = Checkpoints::in_folder(folder.path(), 3).unwrap().numbers().unwrap();
        let last = numbers.last().copied().unwrap_or(0);
        assert!(last >= reached, "kill {kill}: step {reached} is lost");
        reached = last;
    }
    assert!(reached > 0, "no step was made");
    let end = reached + 2;
    for (ranks, folder) in [(2, folder.path()), (1, whole.path())] {
        let output = gone_on(ranks, test, folder, end).output().unwrap();
        assert!(output.status.success(), "{}", told(&output));
    }
    assert_eq!(latest(folder.path()), latest(whole.path()));
}

trait Quietly {
    fn spawn_quietly(self) -> std::process::Child;
}

impl Quietly for std::process::Command {
    fn spawn_quietly(mut self) -> std::process::Child {
        use std::process::Stdio;
        self.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }
}

/// Kills a rank that `mpirun` has started, or `mpirun` itself where none runs yet.
fn kill_one_rank(mpirun: u32) {
    let children = std::fs::read_to_string(format!("/proc/{mpirun}/task/{mpirun}/children"));
    let children = children.unwrap_or_default();
    let victim = children.split_whitespace().last().map_or(mpirun.to_string(), str::to_owned);
    std::process::Command::new("kill").args(["-9", &victim]).status().unwrap();
}
