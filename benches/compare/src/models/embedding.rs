//! Rows of a table, whose mean over each sample is classified.

use cotangent::prelude::*;
use serde_json::json;

use super::{Entry, Group, Model, Work, linear_flops};
use crate::Failure;
use crate::generate::Draw;
use crate::ours::{Ours, Trained};
use crate::plain;
use crate::spec::Optimizer;
use crate::stepfile::StepFile;

/// The steps of this kind.
pub fn steps() -> Vec<Entry> {
    vec![Entry {
        name: "embedding",
        summary: "10,000 × 128, the mean of 64 rows, Adam",
        group: Group::Sequence,
        batch: 32,
        optimizer: Some(Optimizer::adam()),
        model: Box::new(Bag),
    }]
}

const ROWS: usize = 10_000;
const WIDTH: usize = 128;
const LENGTH: usize = 64;
const CLASSES: usize = 10;

struct Bag;

impl Model for Bag {
    fn description(&self) -> serde_json::Value {
        json!({ "kind": "embedding" })
    }

    fn draw(&self, batch: usize, draw: &mut Draw) {
        draw.normal("table.weight", &[ROWS, WIDTH]);
        draw.layer("head", &[CLASSES, WIDTH]);
        draw.indices("x", &[batch, LENGTH], ROWS);
        draw.labels(batch, CLASSES);
    }

    fn reference(&self, file: &StepFile) -> Result<f64, Failure> {
        let table = plain::wide(file, "table.weight")?;
        let samples = plain::wide(file, "x")?;
        let mut means = Vec::new();
        for rows in samples.chunks(LENGTH) {
            let mut sum = vec![0.0; WIDTH];
            rows.iter()
                .for_each(|&row| plain::add(&mut sum, &table[row as usize * WIDTH..][..WIDTH]));
            means.extend(sum.iter().map(|sum| sum / LENGTH as f64));
        }
        Ok(plain::cross_entropy(&plain::linear(file, "head", &means)?, &file.labels))
    }

    fn work(&self, batch: usize) -> Work {
        // The rows themselves need not be kept: their means.
        Work { flops: linear_flops(batch, WIDTH, CLASSES, false), activations: batch * WIDTH }
    }

    fn ours(&self, file: &StepFile) -> Result<Box<dyn Ours>, Failure> {
        let mut params = Params::seeded(0);
        let mut scope = params.root();
        let table = Embedding::new(ROWS, WIDTH).build(&mut scope, "table");
        let head = Linear::new(WIDTH, CLASSES).build(&mut scope, "head");
        let step = Step::new(move |_, [rows, labels]| {
            head.forward(table.forward(rows).mean_over(1)).cross_entropy(labels)
        });
        Ok(Box::new(Trained::new(file, params, step, ["rows", "labels"])?))
    }
}
