use cotangent::data::Dataset;
use ndarray::{Array1, Array2, array};
use rand::SeedableRng;
use rand::rngs::ChaCha12Rng;

use crate::message;

/// Ten rows of two features; label and features name the row.
fn ten() -> Dataset {
    let features = Array2::from_shape_fn((10, 2), |(row, column)| (10 * row + column) as f32);
    Dataset::new(features, Array1::from_iter(0..10), 10).unwrap()
}

fn sizes(batches: impl Iterator<Item = (Array2<f32>, Array1<i64>)>) -> Vec<usize> {
    batches
        .map(|(features, labels)| {
            assert_eq!(features.dim(), (labels.len(), 2));
            labels.len()
        })
        .collect()
}

fn order(batches: impl Iterator<Item = (Array2<f32>, Array1<i64>)>) -> Vec<i64> {
    batches.flat_map(|(_, labels)| labels).collect()
}

fn rng(seed: u64) -> ChaCha12Rng {
    ChaCha12Rng::seed_from_u64(seed)
}

#[test]
fn come_in_the_order_of_the_data_set() {
    let data = ten();
    let batches: Vec<_> = data.batches(4).unwrap().collect();
    assert_eq!(batches[1].0, array![[40.0, 41.0], [50.0, 51.0], [60.0, 61.0], [70.0, 71.0]]);
    assert_eq!(batches[1].1, array![4, 5, 6, 7]);
    assert_eq!(order(batches.into_iter()), Vec::from_iter(0..10));
}

#[test]
fn the_last_holds_what_is_left() {
    assert_eq!(sizes(ten().batches(4).unwrap()), [4, 4, 2]);
    assert_eq!(sizes(ten().batches(5).unwrap()), [5, 5]);
}

#[test]
fn the_last_is_dropped_on_request() {
    assert_eq!(sizes(ten().batches(4).unwrap().drop_last()), [4, 4]);
    assert_eq!(sizes(ten().batches(5).unwrap().drop_last()), [5, 5]);
    assert_eq!(sizes(ten().batches(4).unwrap().drop_last().drop_last()), [4, 4]);
    assert!(sizes(ten().batches(11).unwrap().drop_last()).is_empty());
}

#[test]
fn single_examples_and_the_full_batch_are_the_two_ends() {
    assert_eq!(sizes(ten().batches(1).unwrap()), [1; 10]);
    assert_eq!(sizes(ten().batches(10).unwrap()), [10]);
    assert_eq!(sizes(ten().batches(11).unwrap()), [10]);
    assert_eq!(sizes(ten().batches(usize::MAX).unwrap()), [10]);
}

#[test]
fn a_batch_of_nothing_is_refused() {
    assert_eq!(message(ten().batches(0)), "a batch size must be at least 1; found 0");
}

#[test]
fn len_counts_the_batches_to_come() {
    let data = ten();
    let mut batches = data.batches(4).unwrap();
    assert_eq!(batches.len(), 3);
    batches.next();
    assert_eq!((batches.len(), batches.clone().drop_last().len()), (2, 1));
    batches.by_ref().for_each(drop);
    assert_eq!(batches.len(), 0);
    assert!(batches.next().is_none());
}

#[test]
fn shuffling_visits_each_row_once_with_its_label() {
    let data = ten();
    let mut visited = Vec::new();
    for (features, labels) in data.batches(3).unwrap().shuffled(&mut rng(1)) {
        for (row, &label) in features.rows().into_iter().zip(&labels) {
            assert_eq!(row, array![10.0 * label as f32, 10.0 * label as f32 + 1.0]);
            visited.push(label);
        }
    }
    assert_ne!(visited, Vec::from_iter(0..10));
    visited.sort_unstable();
    assert_eq!(visited, Vec::from_iter(0..10));
}

#[test]
fn the_generator_decides_the_order() {
    let data = ten();
    let shuffled = |rng: &mut ChaCha12Rng| order(data.batches(3).unwrap().shuffled(rng));
    assert_eq!(shuffled(&mut rng(1)), shuffled(&mut rng(1)));
    assert_ne!(shuffled(&mut rng(1)), shuffled(&mut rng(2)));

    let mut one = rng(1);
    assert_ne!(shuffled(&mut one), shuffled(&mut one), "each epoch has its own order");
}

#[test]
fn shuffling_and_dropping_compose_in_any_order() {
    let data = ten();
    let shuffle_first = data.batches(4).unwrap().shuffled(&mut rng(1)).drop_last();
    let drop_first = data.batches(4).unwrap().drop_last().shuffled(&mut rng(1));
    assert_eq!(order(shuffle_first), order(drop_first));
}

#[test]
fn shuffling_midway_concerns_the_rows_to_come() {
    let data = ten();
    let mut batches = data.batches(4).unwrap();
    batches.next();
    let mut rest = order(batches.shuffled(&mut rng(1)));
    rest.sort_unstable();
    assert_eq!(rest, Vec::from_iter(4..10));
}

#[test]
fn filled_arrays_hold_the_same_batches() {
    let data = ten();
    let mut filling = data.batches(4).unwrap().shuffled(&mut rng(1));
    let (mut features, mut labels) = (Array2::default((7, 7)), Array1::default(0));
    for batch in data.batches(4).unwrap().shuffled(&mut rng(1)) {
        assert!(filling.next_into(&mut features, &mut labels));
        assert_eq!((&features, &labels), (&batch.0, &batch.1));
    }
    assert!(!filling.next_into(&mut features, &mut labels));
    assert_eq!(labels.len(), 2, "the arrays keep the last batch");
}

#[test]
fn filled_arrays_keep_their_memory() {
    let data = ten();
    let (mut features, mut labels) = Default::default();
    let mut places = Vec::new();
    for _epoch in 0..2 {
        let mut batches = data.batches(4).unwrap();
        while batches.next_into(&mut features, &mut labels) {
            places.push((features.as_ptr(), labels.as_ptr()));
        }
    }
    assert!(places.iter().all(|place| *place == places[0]));
}
