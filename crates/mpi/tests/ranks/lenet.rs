//! A convolutional network on several ranks.

use cotangent::nn::{Unflatten, Upsample};
use cotangent::prelude::*;
use cotangent_mpi::{Distributed, World};

use crate::support::*;

/// LeNet-5, of digits that are enlarged to 32×32.
fn lenet(scope: &mut Scope<'_>) -> Sequential {
    Sequential::new()
        .then(Unflatten::new([1, 8, 8]))
        .then(Upsample::new(4))
        .then(Conv2d::new(1, 6, 5).build(scope, "conv1"))
        .then(Activation::Relu)
        .then(MaxPool2d::new(2))
        .then(Conv2d::new(6, 16, 5).build(scope, "conv2"))
        .then(Activation::Relu)
        .then(MaxPool2d::new(2))
        .then(Flatten)
        .then(Linear::new(16 * 5 * 5, 120).build(scope, "fc1"))
        .then(Activation::Relu)
        .then(Linear::new(120, 84).build(scope, "fc2"))
        .then(Activation::Relu)
        .then(Linear::new(84, 10).build(scope, "fc3"))
}

/// Five updates, of which the last is by 22 rows; answers how many digits of all are then recognised.
fn trained(
    world: World,
    shards: Option<usize>,
) -> Result<(Params<f64>, Vec<f64>), Box<dyn std::error::Error>> {
    let mut params = Params::with_seed(3);
    let model = lenet(&mut params.root());
    let step = Step::new(|_, [x, labels]| model.forward(x, Mode::Train).cross_entropy(labels));
    let mut training = Distributed::new(world, step, Adam::new(2e-3));
    if let Some(shards) = shards {
        training = training.virtual_shards(shards);
    }
    let mut told = train(world, &mut training, &mut params, 5)?;
    training.verify(&params)?;

    let mine = data().select(&Vec::from_iter(world.part(150)))?;
    let mut hits = Function::new(|_, [x, labels]| {
        model.forward(x, Mode::Eval).argmax(-1).eq(labels).to_real().sum()
    });
    let features = mine.features().mapv(f64::from);
    let mut right = [hits.run(&params, (&features, mine.labels()))?[[]]];
    world.sum(&mut right);
    told.extend(right);
    Ok((params, told))
}

#[test]
fn lenet_learns_the_same_on_any_number_of_ranks() {
    let test = "lenet::lenet_learns_the_same_on_any_number_of_ranks";
    if let Some(folder) = folder() {
        return rank(|world| {
            let (params, told) = trained(world, None)?;
            Ok(save(world, &folder, &params, &told)?)
        });
    }
    let [one, two, four] = on_1_2_4(test);
    assert_near(&two, &one);
    assert_near(&four, &one);
    // Behind the losses stands how many digits are recognised.
    let right = |values: &[f64]| values[values.len() - 1];
    assert!(right(&one) > 30.0, "{} of 150 digits", right(&one));
    assert_eq!([right(&two), right(&four)], [right(&one); 2]);
}

#[test]
fn lenet_with_virtual_shards_is_the_same_file_on_any_number_of_ranks() {
    let test = "lenet::lenet_with_virtual_shards_is_the_same_file_on_any_number_of_ranks";
    if let Some(folder) = folder() {
        return rank(|world| {
            let (params, _) = trained(world, Some(4))?;
            if world.is_root() {
                params.save(folder.join(format!("{}.safetensors", world.size())))?;
            }
            Ok(())
        });
    }
    let folder = tempfile::tempdir().unwrap();
    let file = |ranks| {
        run(ranks, test, folder.path());
        std::fs::read(folder.path().join(format!("{ranks}.safetensors"))).unwrap()
    };
    let one = file(1);
    assert!(file(2) == one && file(4) == one, "the files differ");
}
