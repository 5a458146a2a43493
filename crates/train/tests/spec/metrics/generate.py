"""Writes metrics.json beside itself: what scikit-learn answers of small predictions, some with ties, with a class that is
never predicted, and with one that does not occur at all.

A classification has "scores" (a row for each sample) and "labels"; a ranking one "scores" and "labels" that are 0 or 1; a
regression "outputs" and "targets" (a row for each sample). "expected" has the metrics by their names.
"""

import json
import pathlib

import numpy as np
from sklearn import metrics

draw = np.random.default_rng(7)


def classification(samples, classes, shift):
    scores = draw.normal(size=(samples, classes)).round(3)
    assert all(len(set(row)) == classes for row in scores.tolist())  # ties are resolved otherwise here
    labels = draw.integers(0, classes - 1, size=samples)  # never the last class
    scores[np.arange(samples), labels] += shift
    scores[:, -1] -= 100 * (shift > 0)  # nor is it predicted, so that it does not occur
    scores[:, 0] -= 100 * (shift > 1)  # predicted never, but a label
    predicted = scores.argmax(1)
    expected = {"accuracy": metrics.accuracy_score(labels, predicted)}
    for k in range(1, classes):
        every = range(classes)
        expected[f"top_{k}_accuracy"] = metrics.top_k_accuracy_score(labels, scores, k=k, labels=every)
    for average in ["macro", "micro", "weighted"]:
        for name in ["precision", "recall", "f1"]:
            of = getattr(metrics, f"{name}_score")
            expected[f"{name}_{average}"] = of(labels, predicted, average=average, zero_division=0)
    matrix = metrics.confusion_matrix(labels, predicted, labels=range(classes))
    return {"scores": scores.tolist(), "labels": labels.tolist(), "expected": expected, "counts": matrix.tolist()}


def ranking(samples, digits):
    labels = draw.integers(0, 2, size=samples)
    scores = (draw.normal(size=samples) + labels).round(digits)
    return {"scores": scores.tolist(), "labels": labels.tolist(), "expected": metrics.roc_auc_score(labels, scores)}


def regression(samples, columns):
    targets = draw.normal(size=(samples, columns)).round(2)
    outputs = (targets + draw.normal(size=(samples, columns)) * [0.5, 1.5][:columns]).round(2)
    expected = {
        "mae": metrics.mean_absolute_error(targets, outputs),
        "rmse": metrics.root_mean_squared_error(targets.ravel(), outputs.ravel()),
        "r2": metrics.r2_score(targets, outputs),
    }
    return {"outputs": outputs.tolist(), "targets": targets.tolist(), "expected": expected}


cases = {
    "classification": [classification(20, 3, 0.0), classification(25, 4, 1.0), classification(16, 5, 1.5)],
    "ranking": [ranking(15, 3), ranking(30, 0), ranking(12, 1)],
    "regression": [regression(12, 1), regression(9, 2)],
}
path = pathlib.Path(__file__).with_name("metrics.json")
lines = [f' "{kind}": [\n  ' + ",\n  ".join(map(json.dumps, of)) + "\n ]" for kind, of in cases.items()]
path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
