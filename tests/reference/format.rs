//! The format of the reference files, and the rule by which an array passes.

use std::path::Path;

use cotangent::Value;
use ndarray::{ArrayD, IxDyn};
use serde_json::Value as Json;

/// The contents of a file.
pub fn parse(path: &Path) -> Json {
    let text = std::fs::read_to_string(path);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// An array of reals: `{"shape", "data"}`, or a bare list for a vector.
pub fn array(json: &Json) -> ArrayD<f64> {
    match json {
        Json::Array(numbers) => {
            ArrayD::from_shape_vec(IxDyn(&[numbers.len()]), numbers.iter().map(number).collect())
        }
        _ => ArrayD::from_shape_vec(
            IxDyn(&shape(&json["shape"])),
            json["data"].as_array().expect("data").iter().map(number).collect(),
        ),
    }
    .expect("the data fill the shape")
}

/// An input of a program, of its own kind; truth values are stored as 0 and 1.
pub fn input(json: &Json) -> Value<f64> {
    let array = array(json);
    match json["dtype"].as_str() {
        Some("i64") => Value::Index(array.mapv(|x| x as i64)),
        _ => Value::Real(array),
    }
}

/// A number; the values that JSON does not know are strings.
pub fn number(json: &Json) -> f64 {
    match json {
        Json::String(text) => text.parse().expect("nan, inf or -inf"),
        Json::Bool(truth) => f64::from(u8::from(*truth)),
        _ => json.as_f64().expect("a number"),
    }
}

/// A list of extents.
pub fn shape(json: &Json) -> Vec<usize> {
    json.as_array().expect("a shape").iter().map(|e| number(e) as usize).collect()
}

/// The largest finite magnitude.
pub fn largest(array: &ArrayD<f64>) -> f64 {
    array.iter().filter(|x| x.is_finite()).fold(0.0, |largest: f64, x| largest.max(x.abs()))
}

/// Compares arrays of one kind (the gradients of a case): what differs, if anything does.
///
/// An array passes when no element differs by more than `tolerance` times the largest expected
/// magnitude, of the array or a thousandth of that of all arrays of the kind. What is 0
/// mathematically is stored as round-off; `scale` says of what magnitude the terms are that cancel.
pub fn compare(
    what: &str,
    pairs: &[(String, ArrayD<f64>, ArrayD<f64>)],
    tolerance: f64,
    scale: f64,
) -> Option<String> {
    let of_all = pairs.iter().map(|pair| largest(&pair.2)).fold(scale, f64::max);
    pairs.iter().find_map(|(name, ours, expected)| {
        if ours.shape() != expected.shape() {
            return Some(format!(
                "{what} {name} has shape {:?}, not {:?}",
                ours.shape(),
                expected.shape()
            ));
        }
        let bound = tolerance * largest(expected).max(1e-3 * of_all);
        let agrees = |(a, b): (&f64, &f64)| match b.is_finite() {
            true => (a - b).abs() <= bound,
            false => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
        };
        let all = ours.iter().zip(expected).all(agrees);
        (!all).then(|| format!("{what} {name} is {ours}, not {expected} (bound {bound:e})"))
    })
}
