//! Runs on several ranks against those on one.

use cotangent::optim::SkipNonFinite;
use cotangent::prelude::*;
use cotangent_mpi::Distributed;

use crate::support::*;

#[test]
fn the_step_is_that_of_one_process_on_the_whole_batch() {
    let test = "runs::the_step_is_that_of_one_process_on_the_whole_batch";
    if let Some(folder) = folder() {
        // Buckets of 50 gradients, so that there are many; every fifth batch has parts of 5 and 6 rows.
        return rank(|world| {
            let mut params = Params::with_seed(3);
            let step = plain(&mut params);
            let adam =
                Adam::new(1e-2).schedule(StepDecay::new(0.9, 7)).with(ClipGlobalNorm::new(0.5));
            let optimizer = adam.with(Accumulate::new(2)).with(SkipNonFinite);
            let mut training = Distributed::new(world, step, optimizer).bucket_bytes(400);
            let losses = train(world, &mut training, &mut params, 20)?;
            training.verify(&params)?;
            Ok(save(world, &folder, &params, &losses)?)
        });
    }
    let [one, two, four] = on_1_2_4(test);
    assert_near(&two, &one);
    assert_near(&four, &one);
    assert!(one[one.len() - 1] < one[one.len() - 20], "nothing was learnt");
}

#[test]
fn with_virtual_shards_the_bits_are_the_same_on_any_number_of_ranks() {
    let test = "runs::with_virtual_shards_the_bits_are_the_same_on_any_number_of_ranks";
    if let Some(folder) = folder() {
        return rank(|world| {
            let mut params = Params::with_seed(3);
            let step = full(&mut params);
            let adam = Adam::new(1e-2).with(ClipGlobalNorm::new(0.5)).with(Ema::new(0.9));
            let mut training = Distributed::new(world, step, adam).virtual_shards(4);
            let losses = train(world, &mut training, &mut params, 12)?;
            training.verify(&params)?;
            Ok(save(world, &folder, &params, &losses)?)
        });
    }
    let bits = on_1_2_4(test).map(|values| Vec::from_iter(values.iter().map(|x| x.to_bits())));
    assert_eq!(bits[1], bits[0]);
    assert_eq!(bits[2], bits[0]);
}

#[test]
fn buckets_that_leave_late_make_the_same_steps() {
    let test = "runs::buckets_that_leave_late_make_the_same_steps";
    if folder().is_some() {
        return rank(|world| {
            let run = |overlap| {
                let mut params = Params::with_seed(3);
                let step = plain(&mut params);
                let mut training = Distributed::new(world, step, Adam::new(1e-2));
                training = training.bucket_bytes(400).overlap(overlap);
                let losses = train(world, &mut training, &mut params, 6)?;
                Ok::<_, Box<dyn std::error::Error>>((params.values().to_vec(), losses))
            };
            assert_eq!(run(false)?, run(true)?);
            Ok(())
        });
    }
    let folder = tempfile::tempdir().unwrap();
    [2, 4].iter().for_each(|&ranks| run(ranks, test, folder.path()));
}

#[test]
fn running_statistics_are_alike_everywhere() {
    let test = "runs::running_statistics_are_alike_everywhere";
    if let Some(folder) = folder() {
        return rank(|world| {
            // What each begins with is that of rank 0.
            let mut params = Params::with_seed(world.rank() as u64);
            let step = full(&mut params);
            let mut training = Distributed::new(world, step, Sgd::new(0.1).momentum(0.9));
            let losses = train(world, &mut training, &mut params, 12)?;
            training.verify(&params)?;
            let batches = params.get(params.id("norm.num_batches_tracked").ok_or("no count")?);
            assert_eq!(batches.ok_or("no count")?[[]], 12.0);
            Ok(save(world, &folder, &params, &losses)?)
        });
    }
    on_1_2_4(test);
}

#[test]
fn a_step_that_is_not_finite_on_one_rank_is_skipped_by_all() {
    let test = "runs::a_step_that_is_not_finite_on_one_rank_is_skipped_by_all";
    if let Some(folder) = folder() {
        return rank(|world| {
            let mut params = Params::<f64>::with_seed(0);
            let w = params.root().parameter("w", array![2.0].into_dyn());
            let step = Step::new(|g, [x]| (x * g.param(&w)).ln().mean()).allow_non_finite();
            let mut training = Distributed::new(world, step, Sgd::new(0.5).with(SkipNonFinite));
            // On the last rank the second step is one of the logarithm of 0.
            let last = world.rank() + 1 == world.size();
            for (i, expected) in [1.75, 1.75, 1.75 - 0.5 / 1.75].into_iter().enumerate() {
                let x = if i == 1 && last { 0.0 } else { 3.0 };
                training.train(&mut params, (&array![x],))?;
                assert_eq!(params.trainable(), [expected], "step {i}");
            }
            assert_eq!(training.optimizer().skipped(), 1);
            Ok(save(world, &folder, &params, &[])?)
        });
    }
    on_1_2_4(test);
}
