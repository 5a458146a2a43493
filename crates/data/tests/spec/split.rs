use cotangent::data::Dataset;
use ndarray::{Array1, Array2};
use proptest::prelude::*;

use crate::{assert_message, message};

/// A data set whose only feature is the number of the row.
fn numbered(labels: Vec<i64>) -> Dataset {
    let features = Array2::from_shape_fn((labels.len(), 1), |(row, _)| row as f32);
    Dataset::new(features, Array1::from_vec(labels), 10).unwrap()
}

fn rows(data: &Dataset) -> Vec<usize> {
    data.features().iter().map(|&row| row as usize).collect()
}

fn counts(data: &Dataset) -> Vec<usize> {
    data.class_counts().into_values().collect()
}

#[test]
fn each_part_receives_its_fraction_of_each_class() {
    let data = numbered([vec![0; 50], vec![1; 30], vec![2; 20]].concat());
    let [train, validation, test] = data.split([0.7, 0.2, 0.1], 3).unwrap();
    assert_eq!(counts(&train), [35, 21, 14]);
    assert_eq!(counts(&validation), [10, 6, 4]);
    assert_eq!(counts(&test), [5, 3, 2]);
}

#[test]
fn remainders_go_to_the_largest_first() {
    let [train, test] = numbered(vec![0; 7]).split([0.75, 0.25], 0).unwrap();
    assert_eq!([train.len(), test.len()], [5, 2]); // exact shares: 5.25 and 1.75
}

#[test]
fn tied_remainders_go_to_the_part_furthest_behind() {
    // Two of each class: exact shares 1.2, 0.4, 0.4, so the second example of each class is a tie.
    let data = numbered((0..10).flat_map(|class| [class, class]).collect());
    let [train, validation, test] = data.split([0.6, 0.2, 0.2], 0).unwrap();
    assert_eq!([train.len(), validation.len(), test.len()], [10, 5, 5]);
}

#[test]
fn rows_keep_their_order_labels_and_shape() {
    let digits = cotangent::data::digits();
    let [train, test] = digits.split([0.8, 0.2], 1).unwrap();
    assert_eq!(train.feature_shape(), [8, 8]);
    assert_eq!((train.classes(), test.classes()), (10, 10));

    let labels = vec![3, 1, 3, 1, 3, 1, 3, 1];
    let [half, _] = numbered(labels.clone()).split([0.5, 0.5], 0).unwrap();
    assert!(rows(&half).is_sorted());
    for (row, &label) in rows(&half).into_iter().zip(half.labels()) {
        assert_eq!(labels[row], label);
    }
}

#[test]
fn the_seed_decides_the_split() {
    let data = numbered(vec![0; 100]);
    let train = |seed| rows(&data.split([0.5, 0.5], seed).unwrap()[0]);
    assert_eq!(train(7), train(7));
    assert_ne!(train(7), train(8));
}

#[test]
fn thirds_and_other_sums_that_floats_miss_are_taken() {
    let data = numbered(vec![0; 9]);
    assert_eq!(data.split([1.0 / 3.0; 3], 0).unwrap().map(|part| part.len()), [3, 3, 3]);
    let parts = numbered(vec![0; 10]).split([0.1; 10], 0).unwrap();
    assert!(parts.iter().all(|part| part.len() == 1));
}

#[test]
fn a_fraction_must_lie_between_0_and_1() {
    let data = numbered(vec![0; 10]);
    for fraction in [0.0, 1.0, -0.1, 1.5, f64::NAN, f64::INFINITY] {
        let seen = format!("fractions[1] is {fraction}");
        assert_message(data.split([0.5, fraction], 0), &["above 0 and below 1", &seen]);
    }
}

#[test]
fn fractions_must_sum_to_1() {
    let data = numbered(vec![0; 10]);
    let over = "the fractions of a split must sum to 1; [0.5, 0.75] sum to 1.25";
    assert_eq!(message(data.split([0.5, 0.75], 0)), over);
    let under = "the fractions of a split must sum to 1; [0.5, 0.25] sum to 0.75";
    assert_eq!(message(data.split([0.5, 0.25], 0)), under);
    assert_message(data.split([], 0), &["must sum to 1; [] sum to"]);
}

#[test]
fn a_part_must_not_be_empty() {
    let split = numbered(vec![0; 10]).split([0.98, 0.02], 0);
    assert_message(split, &["must receive a row", "fractions[1] = 0.02", "none of the 10 rows"]);
}

proptest! {
    #[test]
    fn parts_are_disjoint_complete_and_proportional(
        labels in prop::collection::vec(0_i64..5, 30..200),
        weights in [1_u32..10, 1_u32..10, 1_u32..10],
        seed: u64,
    ) {
        let total: u32 = weights.iter().sum();
        let fractions = weights.map(|weight| f64::from(weight) / f64::from(total));
        let data = numbered(labels);
        let parts = data.split(fractions, seed);
        prop_assume!(parts.is_ok()); // a part of few rows may be empty
        let parts = parts.unwrap();

        let mut all: Vec<usize> = parts.iter().flat_map(rows).collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..data.len()).collect::<Vec<_>>());

        let classes = data.class_counts();
        for (part, fraction) in parts.iter().zip(fractions) {
            let counts = part.class_counts();
            for (class, &count) in &classes {
                let share = count as f64 * fraction;
                let found = counts.get(class).copied().unwrap_or(0) as f64;
                prop_assert!((found - share).abs() < 1.0, "class {class}: {found} of {share}");
            }
        }
    }
}
