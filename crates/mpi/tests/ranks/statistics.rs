//! Batch statistics of all ranks, and sums within programs.

use cotangent::prelude::*;
use cotangent_mpi::{Distributed, SyncBatchNorm, World};

use crate::support::*;

/// Two normalised layers, by the statistics of all ranks; the gradient's own square is in the loss, if it is to be of second
/// order.
fn network(params: &mut Params<f64>, second_order: bool) -> Step<'static, f64, 2> {
    let mut root = params.root();
    let hidden = Linear::new(64, 6).build(&mut root, "hidden");
    let norm = SyncBatchNorm::from(BatchNorm::new(6).build(&mut root, "norm"));
    let output = Linear::new(6, 10).build(&mut root, "output");
    Step::new(move |g, [x, labels]| {
        let hidden = norm.forward(hidden.forward(x), Mode::Train).tanh();
        let loss = output.forward(hidden).cross_entropy(labels);
        if !second_order {
            return loss;
        }
        // The slope along γ, which is differentiated once more: it is linear in the gradients of the ranks, and so its mean is
        // the slope of the mean loss.
        let gamma = g.param(norm.norm.affine.weight.as_ref().expect("it has one"));
        loss + loss.grad(gamma).sum() * 0.5
    })
}

fn trained(
    world: World,
    second_order: bool,
) -> Result<(Params<f64>, Vec<f64>), Box<dyn std::error::Error>> {
    let mut params = Params::with_seed(3);
    let step = network(&mut params, second_order);
    let mut training = Distributed::new(world, step, Sgd::new(0.05).momentum(0.9));
    // Batches of 32, and every fifth of 22: parts of 5 and 6 rows.
    let losses = train(world, &mut training, &mut params, 11)?;
    training.verify(&params)?;
    Ok((params, losses))
}

#[test]
fn statistics_of_all_are_those_of_one_process_on_the_whole_batch() {
    let test = "statistics::statistics_of_all_are_those_of_one_process_on_the_whole_batch";
    if let Some(folder) = folder() {
        return rank(|world| {
            let (params, losses) = trained(world, false)?;
            Ok(save(world, &folder, &params, &losses)?)
        });
    }
    // What is saved has the running statistics, too.
    let [one, two, four] = on_1_2_4(test);
    assert_near(&two, &one);
    assert_near(&four, &one);
}

#[test]
fn a_loss_with_a_gradient_in_it_is_that_of_the_whole_batch() {
    let test = "statistics::a_loss_with_a_gradient_in_it_is_that_of_the_whole_batch";
    if let Some(folder) = folder() {
        return rank(|world| {
            let (params, losses) = trained(world, true)?;
            Ok(save(world, &folder, &params, &losses)?)
        });
    }
    let [one, two, four] = on_1_2_4(test);
    assert_near(&two, &one);
    assert_near(&four, &one);
}

#[test]
fn one_rank_has_the_statistics_of_the_layer_itself() {
    let test = "statistics::one_rank_has_the_statistics_of_the_layer_itself";
    if folder().is_some() {
        return rank(|_| {
            let mut params = Params::<f64>::with_seed(3);
            let norm = BatchNorm::new(3).build(&mut params.root(), "norm");
            let sync = SyncBatchNorm::from(norm.clone());
            let g = cotangent::Graph::new();
            let x = g.constant(Array::from_shape_fn((4, 3, 2), |(i, j, k)| {
                ((i * 5 + j * 3 + k) % 7) as f64
            }));
            let values = cotangent::Evaluator::new(&g)
                .params(&params)
                .run(&[norm.forward(x, Mode::Train), sync.forward(x, Mode::Train)])?;
            let [ours, theirs] = [&values[1], &values[0]].map(|value| value.clone().into_real());
            assert_near(ours.as_slice().ok_or("rows")?, theirs.as_slice().ok_or("rows")?);
            Ok(())
        });
    }
    let folder = tempfile::tempdir().unwrap();
    run(1, test, folder.path());
}
