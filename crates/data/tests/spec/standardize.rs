use approx::{AbsDiffEq, assert_abs_diff_eq, assert_relative_eq};
use data::{Dataset, Real, Standardizer};
use ndarray::{Array, Array1, Array2, Dimension, array};

use crate::assert_message;

fn dataset<T: Real>(features: Array2<T>) -> Dataset<T> {
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
    let train = data::digits().cast::<f64>();
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
    let train = data::digits();
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
