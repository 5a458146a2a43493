//! Metrics against scikit-learn's: `metrics/metrics.json`, which `generate.py` beside it writes.

use cotangent::ndarray::{Array1, Array2, array};
use cotangent_train::metrics::{
    Accuracy, Average, ConfusionMatrix, F1, Mae, Metric, MetricError, Precision, R2, Recall, Rmse,
    RocAuc, TopK,
};
use cotangent_train::{Predictions, Targets};
use serde_json::Value as Json;

const TOLERANCE: f64 = 1e-12;

fn cases(kind: &str) -> Vec<Json> {
    let cases: Json = serde_json::from_str(include_str!("metrics/metrics.json")).unwrap();
    cases[kind].as_array().unwrap().clone()
}

fn numbers(json: &Json) -> Array1<f64> {
    json.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn table(json: &Json) -> Array2<f64> {
    let rows: Vec<_> = json.as_array().unwrap().iter().map(numbers).collect();
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(row, column)| rows[row][column])
}

fn labels(json: &Json) -> Array1<i64> {
    json.as_array().unwrap().iter().map(|x| x.as_i64().unwrap()).collect()
}

/// Compares every expected value with the metric of its name.
fn compare(expected: &Json, metrics: &[Box<dyn Metric>], predictions: &Predictions) {
    for (name, expected) in expected.as_object().unwrap() {
        let metric = metrics.iter().find(|metric| metric.name() == *name).expect(name);
        let (value, expected) = (metric.of(predictions).unwrap(), expected.as_f64().unwrap());
        assert!((value - expected).abs() < TOLERANCE, "{name}: {value}, expected {expected}");
    }
}

#[test]
fn of_classes() {
    let mut metrics: Vec<Box<dyn Metric>> = vec![Box::new(Accuracy)];
    metrics.extend((1..5).map(|k| Box::new(TopK(k)) as Box<dyn Metric>));
    for average in [Average::Macro, Average::Micro, Average::Weighted] {
        metrics.push(Box::new(Precision(average)));
        metrics.push(Box::new(Recall(average)));
        metrics.push(Box::new(F1(average)));
    }
    for case in cases("classification") {
        let predictions =
            Predictions::new(table(&case["scores"]), labels(&case["labels"])).unwrap();
        compare(&case["expected"], &metrics, &predictions);
        let matrix = ConfusionMatrix::of(&predictions).unwrap();
        assert_eq!(matrix.counts().mapv(|count| count as f64), table(&case["counts"]));
    }
}

#[test]
fn of_rankings_with_ties() {
    for case in cases("ranking") {
        let (scores, labels) = (numbers(&case["scores"]), labels(&case["labels"]));
        let expected = case["expected"].as_f64().unwrap();
        let auc = |predictions: Result<Predictions, MetricError>| {
            let auc = RocAuc.of(&predictions.unwrap()).unwrap();
            assert!((auc - expected).abs() < TOLERANCE, "{auc}, expected {expected}");
        };
        auc(Predictions::new(scores.clone(), labels.clone()));
        auc(Predictions::new(scores.clone(), labels.mapv(|label| label as f64)));
        let both = Array2::from_shape_fn((scores.len(), 2), |(i, class)| scores[i] * class as f64);
        auc(Predictions::new(both, labels));
    }
}

#[test]
fn of_numbers() {
    let metrics: [Box<dyn Metric>; 3] = [Box::new(Mae), Box::new(Rmse), Box::new(R2)];
    for case in cases("regression") {
        let predictions = Predictions::new(table(&case["outputs"]), table(&case["targets"]));
        compare(&case["expected"], &metrics, &predictions.unwrap());
    }
}

#[test]
fn of_a_label_at_every_place_of_a_sequence() {
    let scores = array![[[2.0, 1.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]];
    let predictions = Predictions::new(scores, array![[0, 1], [1, 0]]).unwrap();
    assert_eq!(Accuracy.of(&predictions), Ok(0.75));
}

#[test]
fn the_first_of_equal_scores_is_the_answer() {
    let tied = |label| Predictions::new(array![[1.0, 1.0, 1.0]], array![label]).unwrap();
    assert_eq!([0, 1].map(|label| Accuracy.of(&tied(label)).unwrap()), [1.0, 0.0]);
    assert_eq!([1, 2].map(|label| TopK(2).of(&tied(label)).unwrap()), [1.0, 0.0]);
}

#[test]
fn a_confusion_matrix_prints_as_a_table() {
    let scores = array![[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]];
    let matrix = ConfusionMatrix::of(&Predictions::new(scores, array![0, 1, 1]).unwrap()).unwrap();
    assert_eq!(matrix.to_string(), "     0  1\n  0  1  ·\n  1  1  1");
}

#[test]
fn what_a_metric_is_not_of_is_said() {
    let refused = |predictions: Result<Predictions, MetricError>, metric: &dyn Metric| {
        predictions.and_then(|predictions| metric.of(&predictions)).unwrap_err().to_string()
    };
    let scores = array![[0.5, 0.2], [0.1, 0.3]];
    assert_eq!(
        refused(Predictions::new(scores.clone(), array![0, 2]), &Accuracy),
        "a label must be at least 0 and below the number of classes, 2, and is 2: labels count from 0, so \
         subtract 1 from those that count from 1, or give outputs at least 3 scores",
    );
    assert_eq!(
        refused(Predictions::new(scores.clone(), array![0, -1]), &Accuracy),
        "a label must be at least 0 and below the number of classes, 2, and is -1: \
         leave out the samples whose label stands for none",
    );
    assert_eq!(
        refused(Predictions::new(scores.clone(), array![0, 1, 1]), &Accuracy),
        "there must be as many outputs as targets, and at least one; \
         outputs are [2, 2] and targets labels [3]",
    );
    assert_eq!(
        refused(Predictions::new(scores.clone(), array![0.0, 1.0]), &Accuracy),
        "there must be labels […] and outputs […, classes]; \
         outputs are [2, 2] and targets numbers [2]",
    );
    assert_eq!(
        refused(Predictions::new(scores.clone(), array![0.0, 1.0]), &R2),
        "there must be real targets of the shape of the outputs; \
         outputs are [2, 2] and targets numbers [2]",
    );
    assert_eq!(
        refused(Predictions::new(scores, array![0, 1]), &TopK(3)),
        "the best k of 2 classes are 1 to 2; k is 3",
    );
    assert_eq!(
        refused(Predictions::new(array![1.0, f64::NAN], array![0, 1]), &RocAuc),
        "an output of sample 1 is NaN",
    );
    assert_eq!(
        refused(Predictions::new(array![1.0, 2.0], Targets::from(array![3.0, 3.0])), &R2),
        "the R² is not defined: all targets of column 0 are equal",
    );
    let empty = Predictions::new(Array1::<f64>::zeros(0), Array1::<f64>::zeros(0));
    assert!(refused(empty, &Mae).contains("at least one"));
}
