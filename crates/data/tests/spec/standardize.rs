use approx::{AbsDiffEq, assert_abs_diff_eq, assert_relative_eq};
use cotangent::data::{Dataset, Real, Standardizer};
use ndarray::{Array, Array1, Array2, ArrayD, Dimension, Ix3, array};
use proptest::prelude::*;

use crate::{assert_message, message};

fn dataset<T: Real>(features: Array2<T>) -> Dataset<Array2<T>> {
    let labels = Array1::zeros(features.nrows());
    Dataset::new(features, labels, 1).unwrap()
}

#[track_caller]
fn assert_close<T, D>(left: &Array<T, D>, right: &Array<T, D>, epsilon: T)
where
    T: Real + AbsDiffEq<Epsilon = T>,
    D: Dimension,
{
    let (left, right) = (left.as_slice().unwrap(), right.as_slice().unwrap());
    assert_abs_diff_eq!(left, right, epsilon = epsilon);
}

#[test]
fn divides_the_variance_by_n() {
    let train = dataset(array![[1.0, 10.0], [2.0, 10.0], [3.0, 40.0]]);
    let standardizer = Standardizer::fit(&train).unwrap();
    assert_eq!(standardizer.mean(), array![2.0, 20.0]);
    let expected = array![(2.0_f64 / 3.0).sqrt(), 200.0_f64.sqrt()];
    assert_close(standardizer.deviation(), &expected, 1e-12);
}

#[test]
fn training_data_comes_out_with_mean_0_and_deviation_1() {
    let train = cotangent::data::digits().cast::<f64>();
    let standardizer = Standardizer::fit(&train).unwrap();
    let result = Standardizer::fit(&standardizer.apply(&train).unwrap()).unwrap();
    assert_close(result.mean(), &Array1::zeros(64), 1e-12);
    assert_close(result.deviation(), &Array1::ones(64), 1e-12);
}

#[test]
fn other_data_is_normalised_with_the_training_statistics() {
    let standardizer = Standardizer::fit(&dataset(array![[0.0, 5.0], [4.0, 7.0]])).unwrap();
    let test = standardizer.apply(&dataset(array![[6.0, 6.0]])).unwrap();
    assert_eq!(test.features(), array![[2.0, 0.0]]);
}

#[test]
fn in_place_and_copying_agree() {
    let mut data = dataset(array![[0.0_f32, 5.0], [4.0, 7.0]]);
    let standardizer = Standardizer::fit(&data).unwrap();
    let copy = standardizer.apply(&data).unwrap();
    standardizer.apply_inplace(&mut data).unwrap();
    assert_eq!(data, copy);
}

#[test]
fn inverse_restores_the_units() {
    let train = cotangent::data::digits();
    let standardizer = Standardizer::fit(&train).unwrap();
    let restored = standardizer.inverse(&standardizer.apply(&train).unwrap()).unwrap();
    assert_close(restored.features(), train.features(), 1e-5);
}

#[test]
fn a_constant_feature_is_divided_by_1() {
    // Ten times 0.1 does not sum to 1, so that a computed mean would leave a tiny deviation.
    let standardizer = Standardizer::fit(&dataset(Array2::from_elem((10, 1), 0.1))).unwrap();
    assert_eq!(standardizer.mean(), array![0.1]);
    assert_eq!(standardizer.deviation(), array![1.0]);
    let other = standardizer.apply(&dataset(array![[0.1], [2.1]])).unwrap();
    assert_eq!(other.features(), array![[0.0], [2.0]]);
}

#[test]
fn a_large_mean_does_not_swallow_a_small_deviation() {
    let train = dataset(array![[1e9 + 1.0], [1e9 + 2.0], [1e9 + 3.0]]);
    let standardizer = Standardizer::fit(&train).unwrap();
    assert_relative_eq!(standardizer.deviation()[0], (2.0_f64 / 3.0).sqrt(), epsilon = 1e-9);
}

#[test]
fn the_width_must_be_that_of_the_training_data() {
    let standardizer = Standardizer::fit(&dataset(array![[0.0, 5.0], [4.0, 7.0]])).unwrap();
    let mut wide = dataset(array![[1.0, 2.0, 3.0]]);
    let parts = ["expected 2 features", "found 3"];
    assert_message(standardizer.apply(&wide), &parts);
    assert_message(standardizer.apply_inplace(&mut wide), &parts);
    assert_message(standardizer.inverse(&wide), &parts);
}

#[test]
fn statistics_beyond_the_range_of_f64_are_refused() {
    let huge = dataset(array![[0.0, 1e308], [1.0, -1e308]]);
    let parts = ["mean and deviation must be finite", "column 1", "mean 0", "deviation inf"];
    assert_message(Standardizer::fit(&huge), &parts);
}

#[test]
fn a_result_beyond_its_range_is_refused_and_the_data_kept() {
    let standardizer = Standardizer::fit(&dataset(array![[0.0_f32], [1e-30]])).unwrap();
    let mut large = dataset(array![[0.0_f32], [1e30]]);
    let parts = ["features must be finite", "row 1, column 0", "inf"];
    assert_message(standardizer.apply_inplace(&mut large), &parts);
    assert_eq!(large.features(), array![[0.0], [1e30]]);
}

#[test]
fn features_of_several_axes_are_standardised_each() {
    let flat = cotangent::data::digits();
    let images = flat.clone().unflatten::<Ix3>().unwrap();
    let standardizer = Standardizer::fit(&images).unwrap();
    assert_eq!(standardizer, Standardizer::fit(&flat).unwrap());
    let (images, flat) = (standardizer.apply(&images).unwrap(), standardizer.apply(&flat).unwrap());
    assert_eq!(images.features().as_slice(), flat.features().as_slice());
}

#[test]
fn real_targets_are_brought_to_scale_and_predictions_back() {
    let scale = Standardizer::of(&array![100.0_f32, 300.0]).unwrap();
    let standardized = scale.standardized(&array![100.0_f32, 300.0]).unwrap();
    assert_eq!(standardized, array![-1.0, 1.0]);
    // Predictions in any memory layout, several at once or none.
    let columns = Standardizer::of(&array![[0.0_f64, 10.0], [2.0, 30.0]]).unwrap();
    let turned = array![[0.0_f64, 1.0], [1.0, -1.0]].reversed_axes();
    assert_eq!(columns.restored(&turned).unwrap(), array![[1.0, 30.0], [2.0, 10.0]]);
    assert_eq!(scale.restored(&Array1::<f32>::zeros(0)).unwrap().len(), 0);
    assert_message(scale.restored(&array![[0.0_f32, 1.0]]), &["expected 1 features", "found 2"]);
    assert_message(scale.restored(&ArrayD::<f32>::zeros(vec![])), &["at least one row"]);
    assert_message(Standardizer::of(&Array2::<f32>::zeros((0, 2))), &["0 rows of 2 features"]);
    assert_message(scale.restored(&array![f32::MAX]), &["values must be finite", "inf"]);
}

#[test]
fn a_file_that_holds_no_standardizer_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("standardizer.json");
    for (json, reason) in [
        ("", "EOF"),
        (r#"{"mean": [1.0], "deviation": []}"#, "found 1 means and 0 deviations"),
        (r#"{"mean": [], "deviation": []}"#, "found 0 means"),
        (r#"{"mean": [1.0], "deviation": [0.0]}"#, "column 0 has mean 1 and deviation 0"),
        (r#"{"mean": [1e999], "deviation": [1.0]}"#, "number out of range"),
        (r#"{"mean": [1.0], "deviation": [1.0], "scale": 2}"#, "unknown field `scale`"),
    ] {
        std::fs::write(&path, json).unwrap();
        assert_message(Standardizer::load(&path), &["holds no standardizer: ", reason]);
    }
    assert_message(Standardizer::load(folder.path().join("missing")), &["cannot read"]);
    let standardizer = Standardizer::of(&array![0.0_f32, 1.0]).unwrap();
    let error = message(standardizer.save(folder.path().join("missing/standardizer.json")));
    assert!(error.contains("cannot write"), "{error}");
}

proptest! {
    #[test]
    fn what_is_saved_is_loaded_to_the_bit(
        values in prop::collection::vec(-1e9..1e9_f64, 4..40), digits in 0..20_i32,
    ) {
        let values = Array1::from_vec(values) * 10_f64.powi(-digits);
        let standardizer = Standardizer::of(&values).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("standardizer.json");
        standardizer.save(&path).unwrap();
        prop_assert_eq!(Standardizer::load(&path).unwrap(), standardizer);
    }
}
