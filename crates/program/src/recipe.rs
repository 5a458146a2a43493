//! What a training step records: a loss with its gradients, running statistics and reports.

use std::panic::Location;

use graph::reading::check_parameters;
use graph::{
    Evaluator, Gradient, GradientError, GradientLayout, Graph, Param, ParamId, Params, Pattern,
    RunError, Type, Var,
};

use crate::per_shape::record_inputs;
use crate::reports::Reports;
use crate::{Feed, Precision, Program};

type Record<'m, const N: usize> =
    dyn for<'g> Fn(&'g Graph, [Var<'g>; N]) -> (Var<'g>, Vec<Var<'g>>) + Send + 'm;

/// The closure of a step, and what is asked of it.
pub(crate) struct Recipe<'m, const N: usize> {
    record: Box<Record<'m, N>>,
    pub asked: Asked,
}

/// What is asked of a step beyond its loss.
#[derive(Debug)]
pub struct Asked {
    /// The line that made the step.
    location: &'static Location<'static>,
    pub zeros_for_unused: bool,
    /// Gradients are those with respect to parameters that one of these matches; to all, if there is
    /// none.
    pub with_respect_to: Vec<Pattern>,
    /// The names of values to be reported.
    pub watched: Vec<String>,
}

/// What was recorded for inputs of some types.
#[derive(Debug)]
pub struct Recorded<'g> {
    /// The gradients, the loss, the running statistics and the reports, in this order.
    pub outputs: Vec<Var<'g>>,
    pub contents: Contents,
}

/// Which output is what.
#[derive(Debug)]
pub struct Contents {
    /// Of the gradients, which are the first outputs.
    pub layout: GradientLayout,
    /// What the running statistics belong to, which follow the loss.
    pub updates: Vec<ParamId>,
    pub(crate) reports: Reports,
}

impl Contents {
    /// The position of the loss among the outputs.
    pub fn loss(&self) -> usize {
        self.layout.entries().len()
    }

    /// How many outputs are written somewhere in the end: all but the reports.
    pub fn results(&self) -> usize {
        self.loss() + 1 + self.updates.len()
    }
}

impl<'m, const N: usize> Recipe<'m, N> {
    #[track_caller]
    pub fn new(
        record: impl for<'g> Fn(&'g Graph, [Var<'g>; N]) -> (Var<'g>, Vec<Var<'g>>) + Send + 'm,
    ) -> Self {
        Self {
            record: Box::new(record),
            asked: Asked {
                location: Location::caller(),
                zeros_for_unused: false,
                with_respect_to: Vec::new(),
                watched: Vec::new(),
            },
        }
    }

    /// Records everything that the step computes.
    pub fn record<'g, T: Precision>(
        &self,
        graph: &'g Graph,
        types: &[Type; N],
        params: &Params<T>,
    ) -> Result<Recorded<'g>, RunError> {
        let recorded = (self.record)(graph, record_inputs(graph, types));
        T::complete(&self.asked, graph, recorded, params)
    }

    /// Repeats a run whose results are not finite, to answer where that began: by the plain
    /// evaluation, which knows every operation with its line; or, if that rounds otherwise and stays
    /// finite, by a look at each instruction of the program.
    pub fn find_origin<T: Precision>(
        &self,
        program: &mut Program<T>,
        params: &Params<T>,
        inputs: &[Feed<'_, T>; N],
    ) -> Result<(), RunError> {
        let graph = Graph::new();
        let recorded = self.record(&graph, &inputs.each_ref().map(Feed::ty), params)?;
        T::find_origin(program, &recorded, params, inputs)
    }
}

impl Asked {
    /// Extends what the closure recorded to everything that the step computes.
    pub(crate) fn complete<'g, T: Precision>(
        &self,
        graph: &'g Graph,
        (loss, reported): (Var<'g>, Vec<Var<'g>>),
        params: &Params<T>,
    ) -> Result<Recorded<'g>, RunError> {
        check_parameters(graph.parameters(), params)?;
        let layout = GradientLayout::new(self.wanted(params)?);
        let variables: Vec<Var<'_>> =
            layout.entries().iter().map(|param| graph.param(param)).collect();
        let gradient = if self.zeros_for_unused {
            Gradient::of(loss).zeros_without_path()
        } else {
            Gradient::of(loss)
        };
        let mut outputs =
            gradient.with_respect_to(&variables).map_err(|error| self.explained(error))?;
        let mut updates = graph.updates();
        updates.retain(|update| !params.is_frozen(update.0));
        // The loss may be a scalar of any rank; it is answered as a number.
        outputs.push(loss.reshape_to([]));
        outputs.extend(updates.iter().map(|update| update.1));
        let updates = updates.into_iter().map(|update| update.0).collect();
        let (watched, location) = (&self.watched, self.location);
        let reports = Reports::record(graph, &mut outputs, &reported, watched, location)?;
        Ok(Recorded { outputs, contents: Contents { layout, updates, reports } })
    }

    /// The parameters to differentiate with respect to, in their order.
    fn wanted<'p, T: Precision>(&self, params: &'p Params<T>) -> Result<Vec<&'p Param>, RunError> {
        let unfrozen = || params.unfrozen_entries();
        let none = |pattern: &&Pattern| !unfrozen().any(|param| pattern.matches(param.path()));
        if let Some(pattern) = self.with_respect_to.iter().find(none) {
            let (pattern, location) = (pattern.to_string(), self.location);
            return Err(RunError::UnmatchedPattern { pattern, location });
        }
        let patterns = &self.with_respect_to;
        let any = |path| patterns.iter().any(|pattern| pattern.matches(path));
        Ok(unfrozen().filter(|param| patterns.is_empty() || any(param.path())).collect())
    }

    /// The error in terms of the step, and with its line.
    fn explained(&self, error: GradientError) -> RunError {
        match error {
            GradientError::NoPath { variables: parameters, .. } => {
                RunError::Unused { parameters, location: self.location }
            }
            error => error.at(self.location).into(),
        }
    }
}

impl Recorded<'_> {
    /// See [`Recipe::find_origin`].
    pub(crate) fn find_origin<T: Precision>(
        &self,
        program: &mut Program<T>,
        params: &Params<T>,
        inputs: &[Feed<'_, T>],
    ) -> Result<(), RunError> {
        let graph = self.outputs[0].graph();
        let evaluator = Evaluator::new(graph).params(params).seed(params.seed());
        let bound = graph
            .inputs()
            .into_iter()
            .zip(inputs)
            .fold(evaluator, |evaluator, (input, view)| evaluator.bind(input, view.to_value()));
        bound.run_checked(&self.outputs[..self.contents.results()])?;
        program.run_checked(params, inputs, params.seed())
    }
}
