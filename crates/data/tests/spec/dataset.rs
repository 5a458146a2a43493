use std::collections::BTreeMap;

use cotangent::data::Dataset;
use ndarray::{Array1, Array2, Array3, Array4, ArrayD, Axis, Ix3, Ix4, array};

use crate::{assert_message, message};

fn three() -> Dataset {
    Dataset::new(array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], array![0, 2, 0], 3).unwrap()
}

#[test]
fn holds_what_it_was_given() {
    let data = three();
    assert_eq!((data.len(), data.width(), data.classes()), (3, 2, 3));
    assert_eq!(data.features(), array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    assert_eq!(data.labels(), array![0, 2, 0]);
    assert_eq!(data.feature_shape(), [2]);
    assert_eq!(data.class_counts(), BTreeMap::from([(0, 2), (2, 1)]));
    assert_eq!(data.clone().into_parts(), (data.features().clone(), data.labels().clone()));
}

#[test]
fn features_in_any_memory_layout_are_taken() {
    let column_major = array![[1.0, 3.0], [2.0, 4.0]].reversed_axes();
    let data = Dataset::new(column_major, array![0, 1], 2).unwrap();
    assert!(data.features().is_standard_layout());
    assert_eq!(data.features(), array![[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(data.batches(1).unwrap().nth(1).unwrap().0, array![[3.0, 4.0]]);
}

#[test]
fn casts_to_f64_without_loss() {
    let data = Dataset::new(array![[0.1_f32]], array![0], 1).unwrap();
    let wide = data.cast::<f64>();
    assert_eq!(wide.features()[[0, 0]], f64::from(0.1_f32));
    assert_eq!(wide.labels(), data.labels());
}

#[test]
fn maps_features() {
    let half = three().map(|value| value / 2.0).unwrap();
    assert_eq!(half.features(), array![[0.5, 1.0], [1.5, 2.0], [2.5, 3.0]]);
    assert_message(three().map(|value| 1.0 / (value - 4.0)), &["finite", "row 1, column 1", "inf"]);
}

#[test]
fn selects_rows_in_order_and_repeatedly() {
    let data = three().select(&[2, 0, 2]).unwrap();
    assert_eq!(data.features(), array![[5.0, 6.0], [1.0, 2.0], [5.0, 6.0]]);
    assert_eq!(data.classes(), 3);
    assert_message(three().select(&[0, 3]), &["row must be below the number of rows, 3; found 3"]);
    assert_message(three().select(&[]), &["at least one row", "0 rows"]);
}

#[test]
fn a_feature_shape_holds_as_many_values_as_a_row() {
    let data = three().with_feature_shape(&[1, 2]).unwrap();
    assert_eq!(data.feature_shape(), [1, 2]);
    assert_eq!(data.select(&[1]).unwrap().feature_shape(), [1, 2]);
    assert_eq!(data.cast::<f64>().feature_shape(), [1, 2]);
    assert_message(three().with_feature_shape(&[2, 2]), &["as many values", "2; found [2, 2]"]);
    assert_message(three().with_feature_shape(&[usize::MAX, 3]), &["as many values"]);
}

#[test]
fn an_empty_data_set_is_refused() {
    let no_rows = Dataset::new(Array2::<f32>::zeros((0, 4)), Array1::zeros(0), 2);
    assert_message(no_rows, &["at least one row and one feature", "0 rows of 4 features"]);
    let no_features = Dataset::new(Array2::<f32>::zeros((3, 0)), Array1::zeros(3), 2);
    assert_message(no_features, &["at least one row and one feature", "3 rows of 0 features"]);
}

#[test]
fn each_row_needs_one_label() {
    let data = Dataset::new(Array2::<f32>::zeros((3, 1)), Array1::zeros(2), 2);
    assert_message(data, &["each row of features needs one label", "3 rows and 2"]);
}

#[test]
fn a_label_must_name_a_class() {
    for label in [-1, 2, i64::MAX, i64::MIN] {
        let data = Dataset::new(Array2::<f32>::zeros((3, 1)), array![0, 1, label], 2);
        let label = format!("row 2 has the label {label}");
        assert_message(data, &["at least 0 and below the number of classes, 2", &label]);
    }
    assert_message(Dataset::new(array![[0.0_f32]], array![0], 0), &["the number of classes, 0"]);
    let told = |label| Dataset::new(array![[0.0_f32]], array![label], 3);
    assert_message(told(3), &["subtract 1 from those that count from 1", "at least 4 classes"]);
    assert_message(told(i64::MAX), &["at least 9223372036854775808 classes"]);
    assert_message(told(-100), &["leave out the rows whose label stands for none"]);
}

#[test]
fn features_must_be_finite() {
    for (value, text) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf")] {
        let data = Dataset::new(array![[0.0, 1.0], [2.0, value]], array![0, 0], 1);
        let expected = format!("features must be finite; row 1, column 1 holds {text}");
        assert_eq!(message(data), expected);
    }
}

#[test]
fn features_have_any_number_of_axes() {
    let images = Array4::from_shape_fn((5, 1, 2, 3), |(i, _, j, k)| (100 * i + 10 * j + k) as f32);
    let data = Dataset::new(images.clone(), array![0, 1, 0, 1, 0], 2).unwrap();
    assert_eq!((data.len(), data.width(), data.feature_shape()), (5, 6, &[1, 2, 3][..]));
    let batches: Vec<_> = data.batches(2).unwrap().collect();
    assert_eq!(batches[1].0, images.slice_axis(Axis(0), (2..4).into()));
    assert_eq!(batches[2].0.dim(), (1, 1, 2, 3));
    assert_eq!(data.select(&[4, 1]).unwrap().features()[[1, 0, 1, 2]], 112.0);
    // One number an example, and axes that are counted when the program runs.
    let numbers = Dataset::new(array![1.5_f32, 2.5], array![0, 0], 1).unwrap();
    assert_eq!((numbers.width(), numbers.feature_shape()), (1, &[1][..]));
    let dynamic = Dataset::new(ArrayD::<f64>::zeros(vec![2, 3]), array![0, 0], 1).unwrap();
    assert_eq!(dynamic.batches(1).unwrap().next().unwrap().0.shape(), [1, 3]);
    let none = Dataset::new(ArrayD::<f64>::zeros(vec![]), array![0], 1);
    assert_message(none, &["at least one row", "0 rows"]);
}

#[test]
fn a_feature_shape_becomes_axes() {
    let images = cotangent::data::digits().unflatten::<Ix3>().unwrap();
    assert_eq!(images.features().dim(), (1797, 8, 8));
    assert_eq!(images.features().as_slice(), cotangent::data::digits().features().as_slice());
    assert_message(cotangent::data::digits().unflatten::<Ix4>(), &["[1797, 8, 8]", "4 axes"]);
}

#[test]
fn targets_may_be_real() {
    let data = Dataset::of(array![[1.0_f32], [2.0], [3.0]], array![0.1_f64, 0.2, 0.3]).unwrap();
    assert_eq!(data.targets(), array![0.1, 0.2, 0.3]);
    assert_eq!(data.select(&[2, 0]).unwrap().targets(), array![0.3, 0.1]);
    let (x, y) = data.batches(2).unwrap().nth(1).unwrap();
    assert_eq!((x, y), (array![[3.0]], array![0.3]));
    let several = data.with_targets(array![[1.0_f32, 2.0], [3.0, 4.0], [5.0, 6.0]]).unwrap();
    let [half, _] = several.split([0.7, 0.3], 0).unwrap();
    assert_eq!(half.targets().dim(), (2, 2));
    let wrong = Dataset::of(array![[1.0_f32]], array![[0.0_f32, f32::NAN]]);
    assert_eq!(message(wrong), "targets must be finite; row 0, column 1 holds NaN");
    let none = Dataset::of(array![[1.0_f32]], Array2::<f32>::zeros((1, 0)));
    assert_message(none, &["each target must hold at least one value"]);
    let few = several.with_targets(array![1.0_f32]);
    assert_message(few, &["3 rows and 1"]);
}

#[test]
fn features_and_labels_may_be_sequences_of_indices() {
    let (words, next) = (array![[1, 4, 2], [7, 0, 9]], array![[4, 2, 3], [0, 9, 9]]);
    let data = Dataset::of((words.clone(), 10), (next.clone(), 10)).unwrap();
    assert_eq!((data.vocabulary(), data.classes(), data.width()), (10, 10, 3));
    let mut batches = data.batches(2).unwrap();
    assert_eq!(batches.next(), Some((words.clone(), next)));
    // One label for each sequence, by which a split is stratified.
    let labels = Array1::from_iter((0..20).map(|row| row % 2));
    let many = Dataset::of((Array2::zeros((20, 3)), 10), (labels, 2)).unwrap();
    let [half, _] = many.split([0.5, 0.5], 3).unwrap();
    assert_eq!(half.class_counts(), BTreeMap::from([(0, 5), (1, 5)]));
    let wrong = Dataset::of((words, 9), (array![0, 0], 1));
    let parts = ["below the number of different ones, 9", "row 1, column 2 holds 9"];
    assert_message(wrong, &parts);
    let negative = Dataset::of((array![[-1]], 9), (array![0], 1));
    assert_message(negative, &["row 0, column 0 holds -1"]);
    let wrong = Dataset::new(Array3::<f32>::zeros((2, 1, 1)), array![[0, 1], [0, 2]], 2);
    assert_message(wrong, &["number of classes, 2; row 1 has the label 2"]);
}

#[test]
fn memory_is_reused_whatever_the_axes() {
    let data = Dataset::of((Array2::zeros((7, 5)), 3), Array2::<f32>::zeros((7, 2))).unwrap();
    let (mut words, mut targets) = (Array2::default((0, 0)), Array2::default((0, 0)));
    let mut batches = data.batches(3).unwrap();
    batches.next_into(&mut words, &mut targets);
    let (at, there) = (words.as_ptr(), targets.as_ptr());
    while batches.next_into(&mut words, &mut targets) {
        assert_eq!((words.as_ptr(), targets.as_ptr()), (at, there));
    }
    assert_eq!((words.dim(), targets.dim()), ((1, 5), (1, 2)));
}
