//! Problems of nonlinear regression with certified parameters, from a file.

use std::collections::HashMap;
use std::error::Error;

use cotangent::ndarray::Array1;
use cotangent::prelude::*;
use serde_json::Value;

use crate::expression::{self, ExpressionError};

/// response = model(parameters, predictors), at each observation.
pub struct Problem {
    pub name: String,
    response: String,
    model: String,
    parameters: Vec<String>,
    /// Predictors and response, by name.
    data: Vec<(String, Array1<f64>)>,
    pub starts: Vec<Vec<f64>>,
    certified: Vec<f64>,
}

/// The problems of a file like NIST's in `tests/reference/nist.json`.
pub fn read(text: &str) -> Result<Vec<Problem>, Box<dyn Error>> {
    let json: Value = serde_json::from_str(text)?;
    let problems = json["problems"].as_array().ok_or("the file has no list \"problems\"")?;
    let problem = |(i, json): (usize, &Value)| {
        let name = json["name"].as_str().map_or_else(|| format!("#{}", i + 1), str::to_owned);
        Problem::read(&name, json).map_err(|error| format!("problem {name}: {error}").into())
    };
    problems.iter().enumerate().map(problem).collect()
}

impl Problem {
    fn read(name: &str, json: &Value) -> Result<Self, Box<dyn Error>> {
        let text = |key: &str| {
            json[key].as_str().map(str::to_owned).ok_or(format!("there is no text {key:?}"))
        };
        let parameters = json["parameters"].as_array().ok_or("there are no \"parameters\"")?;
        let parameters: Option<Vec<_>> =
            parameters.iter().map(|name| name.as_str().map(str::to_owned)).collect();
        let predictors = json["predictors"].as_object().ok_or("there are no \"predictors\"")?;
        let columns = predictors.iter().map(|(name, column)| (name.as_str(), column));
        let mut data = Vec::new();
        for (name, column) in columns.chain([("y", &json["y"])]) {
            data.push((name.to_owned(), Array1::from(numbers(name, column)?)));
        }
        let starts = json["starts"].as_array().ok_or("there are no \"starts\"")?;
        let starts: Result<_, String> = starts.iter().map(|s| numbers("b", &s["b"])).collect();
        let problem = Self {
            name: name.to_owned(),
            response: text("response")?,
            model: text("model")?,
            parameters: parameters.ok_or("a parameter's name is no text")?,
            data,
            starts: starts?,
            certified: numbers("certified", &json["certified"])?,
        };
        problem.check()?;
        Ok(problem)
    }

    fn check(&self) -> Result<(), Box<dyn Error>> {
        let count = self.parameters.len();
        let lists = self.starts.iter().chain([&self.certified]);
        if let Some(list) = lists.into_iter().find(|list| list.len() != count) {
            return Err(format!("{count} parameters, and {} numbers for them", list.len()).into());
        }
        let observations = self.data.last().map_or(0, |(_, y)| y.len());
        if let Some((name, column)) = self.data.iter().find(|(_, c)| c.len() != observations) {
            return Err(format!("{name} has {} numbers, and y {observations}", column.len()).into());
        }
        let graph = Graph::new();
        self.residuals(&graph, graph.constant(Array1::from(self.certified.clone())))?;
        Ok(())
    }

    /// Records response − model, of the vector of parameters.
    pub fn residuals<'g>(&self, g: &'g Graph, b: Var<'g>) -> Result<Var<'g>, ExpressionError> {
        let data = self.data.iter().map(|(name, column)| (name.clone(), g.constant(column)));
        let data: HashMap<String, Var<'g>> = data.collect();
        let parts = b.split(&vec![1; self.parameters.len()], 0);
        let mut names = data.clone();
        names.extend(self.parameters.iter().cloned().zip(parts));
        let response = expression::record(g, &self.response, &data)?;
        names.remove("y");
        Ok(response - expression::record(g, &self.model, &names)?)
    }

    /// The digits that all parameters agree in with the certified ones, which have 11.
    pub fn digits(&self, b: &[f64]) -> f64 {
        let digits = |(b, certified): (&f64, &f64)| {
            let scale = if *certified == 0.0 { 1.0 } else { certified.abs() };
            match -((b - certified).abs() / scale).log10() {
                digits if digits.is_nan() => f64::NEG_INFINITY,
                digits => digits.min(11.0),
            }
        };
        b.iter().zip(&self.certified).map(digits).fold(11.0, f64::min)
    }
}

fn numbers(name: &str, json: &Value) -> Result<Vec<f64>, String> {
    let list = json.get("data").unwrap_or(json).as_array();
    let list = list.ok_or_else(|| format!("there is no list of numbers {name:?}"))?;
    let number = |json: &Value| json.as_f64().filter(|x| x.is_finite());
    let all: Option<Vec<f64>> = list.iter().map(number).collect();
    all.ok_or_else(|| format!("{name:?} holds something other than finite numbers"))
}
