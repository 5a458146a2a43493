//! What a seed means, for ever: a checkpoint names its place in an order, and a paper its split.

use cotangent::data::Dataset;
use ndarray::{Array1, Array2};

fn rows(count: usize) -> Dataset {
    let features = Array2::from_shape_fn((count, 1), |(row, _)| row as f32);
    Dataset::new(features, Array1::zeros(count), 1).unwrap()
}

fn features(data: &Dataset) -> Vec<usize> {
    data.features().iter().map(|&x| x as usize).collect()
}

fn order(data: &Dataset, by: impl cotangent::data::Shuffle) -> Vec<usize> {
    data.batches(1).unwrap().shuffled(by).map(|(x, _)| x[[0, 0]] as usize).collect()
}

#[test]
fn orders() {
    let data = rows(10);
    assert_eq!(order(&data, 0), [4, 7, 0, 5, 2, 1, 8, 6, 3, 9]);
    assert_eq!(order(&data, 7), [6, 8, 7, 1, 5, 9, 2, 3, 0, 4]);
    assert_eq!(order(&data, (7, 1)), [1, 3, 6, 0, 2, 4, 8, 9, 5, 7]);
    assert_eq!(order(&data, (u64::MAX, 1 << 40)), [5, 2, 0, 4, 9, 3, 8, 6, 7, 1]);
}

#[test]
fn orders_are_those_of_epochs() {
    let data = rows(10);
    let mut epochs = data.epochs(10).unwrap().shuffled(7);
    for epoch in 0..3 {
        let (x, _) = epochs.next().unwrap();
        assert_eq!(Vec::from_iter(x.iter().map(|&x| x as usize)), order(&data, (7, epoch)));
    }
}

#[test]
fn splits() {
    let [train, test] = rows(12).split([0.5, 0.5], 3).unwrap();
    assert_eq!(
        (features(&train), features(&test)),
        (vec![1, 3, 4, 5, 7, 9], vec![0, 2, 6, 8, 10, 11])
    );
    let [_, test] = cotangent::data::digits().split([0.99, 0.01], 0).unwrap();
    assert_eq!(
        test.labels().to_vec(),
        [7, 0, 0, 8, 2, 6, 5, 9, 5, 3, 9, 3, 2, 1, 4, 4, 8, 6, 1, 7]
    );
}
