use std::collections::BTreeMap;

use data::Dataset;
use ndarray::{Array1, Array2, array};

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
    let wide: Dataset<f64> = data.cast();
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
    assert_message(data, &["each row of features needs one label", "3 rows", "2 labels"]);
}

#[test]
fn a_label_must_name_a_class() {
    for label in [-1, 2, i64::MAX, i64::MIN] {
        let data = Dataset::new(Array2::<f32>::zeros((3, 1)), array![0, 1, label], 2);
        let label = format!("row 2 has the label {label}");
        assert_message(data, &["at least 0 and below the number of classes, 2", &label]);
    }
    assert_message(Dataset::new(array![[0.0_f32]], array![0], 0), &["the number of classes, 0"]);
}

#[test]
fn features_must_be_finite() {
    for (value, text) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf")] {
        let data = Dataset::new(array![[0.0, 1.0], [2.0, value]], array![0, 0], 1);
        let expected = format!("features must be finite; row 1, column 1 holds {text}");
        assert_eq!(message(data), expected);
    }
}
