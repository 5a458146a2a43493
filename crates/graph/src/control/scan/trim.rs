//! A loop without what nobody reads.

use std::sync::Arc;

use super::{Result, Scan};
use crate::Place;
use crate::control::Trimmed;
use crate::operation::Op;

impl Scan {
    /// What is left where these parts alone are read: carries that reach one, and what is kept of a step and read.
    pub(in super::super) fn trimmed(&self, parts: &[usize]) -> Trimmed {
        let (carries, holes) = (self.carries(), self.body.holes.len());
        let results: Vec<Result> = parts.iter().map(|&part| self.result(part)).collect();
        let each: Vec<usize> =
            (0..self.each()).filter(|&each| results.contains(&Result::Each(each))).collect();
        let reads = |carry: usize, result: &Result| match *result {
            Result::Last(of) | Result::Before(of) | Result::After(of) => of == carry,
            Result::Each(_) => false,
        };
        let mut carried: Vec<bool> =
            (0..carries).map(|carry| results.iter().any(|result| reads(carry, result))).collect();
        let live = loop {
            let wanted = (0..carries).filter(|&carry| carried[carry]);
            let wanted = wanted.chain(each.iter().map(|each| carries + each));
            let wanted: Vec<usize> = wanted.map(|output| self.body.outputs[output]).collect();
            let live = self.body.sources(&wanted);
            match (0..carries).find(|&carry| live[carry] && !carried[carry]) {
                Some(carry) => carried[carry] = true,
                None => break live,
            }
        };
        // A carry that nothing reads, and that is a result, stays.
        let takes = |&i: &usize| if i < carries { carried[i] } else { live[i] };
        let inputs: Vec<usize> = (0..holes).filter(takes).collect();
        let outputs = inputs.iter().copied().take_while(|&i| i < carries);
        let outputs: Vec<usize> = outputs.chain(each.iter().map(|each| carries + each)).collect();
        let body = self.body.pruned(&inputs, &live, &outputs);
        let kept = |carry: usize| {
            let all = |result: &Result| matches!(*result, Result::Before(c) | Result::After(c) if c == carry);
            results.iter().any(all)
        };
        let scan = Self {
            body: Arc::new(body),
            slices: inputs
                .iter()
                .filter(|&&i| (carries..carries + self.slices).contains(&i))
                .count(),
            kept: inputs.iter().copied().take_while(|&i| i < carries).map(kept).collect(),
            ..self.clone()
        };
        let of = |&part: &usize| scan.place_trimmed(self.result(part), &inputs, &each);
        let places = parts.iter().map(of).collect();
        Trimmed { op: Op::new(scan), inputs, parts: parts.to_vec(), places }
    }

    /// Where a result of another loop lies in the array of this one, which takes these of its inputs, and keeps these of
    /// what is kept of a step.
    fn place_trimmed(&self, result: Result, inputs: &[usize], each: &[usize]) -> Place {
        let still = |all: &[usize], one: usize| {
            all.iter().position(|&other| other == one).expect("what is read stays")
        };
        self.place(match result {
            Result::Last(carry) => Result::Last(still(inputs, carry)),
            Result::Before(carry) => Result::Before(still(inputs, carry)),
            Result::After(carry) => Result::After(still(inputs, carry)),
            Result::Each(one) => Result::Each(still(each, one)),
        })
    }
}
