//! What a step or a function records: a loss with its gradients, running statistics and reports, or answers.

use std::panic::Location;

use graph::reading::check_parameters;
use graph::{
    Evaluator, Gradient, GradientError, GradientLayout, Gradients, Graph, Param, ParamId, Params,
    Pattern, RunError, Type, Var,
};

use crate::per_shape::{LIMIT, record_inputs, types_of};
use crate::reports::{Reports, as_numbers};
use crate::watched::Finals;
use crate::{Arithmetic, Feed, Precision, Program};

type RecordStep<'m> = dyn for<'g> Fn(&'g Graph, &[Var<'g>]) -> (Var<'g>, Vec<Var<'g>>) + Send + 'm;
type RecordFunction<'m> = dyn for<'g> Fn(&'g Graph, &[Var<'g>]) -> Vec<Var<'g>> + Send + 'm;

/// The closure of a step, which answers its loss and what it reports, and what is asked of the step.
pub struct StepRecipe<'m> {
    record: Box<RecordStep<'m>>,
    pub terms: Terms,
    pub asked: Asked,
}

/// The closure of a function, and what is asked of it.
pub struct FunctionRecipe<'m> {
    record: Box<RecordFunction<'m>>,
    pub terms: Terms,
}

/// What can be asked of steps and functions alike.
#[derive(Debug)]
pub struct Terms {
    /// The line that made the step or the function.
    location: &'static Location<'static>,
    /// The names of values to be reported.
    pub watched: Vec<String>,
    pub arithmetic: Arithmetic,
    /// How many programs are kept.
    pub limit: usize,
}

/// What is asked of a step beyond its loss.
#[derive(Debug, Default)]
pub struct Asked {
    pub zeros_for_unused: bool,
    /// Gradients are those with respect to parameters that one of these matches; to all, if there is
    /// none.
    pub with_respect_to: Vec<Pattern>,
    /// Losses and gradients that are infinite or NaN are answered.
    pub non_finite: bool,
}

/// What was recorded for inputs of some types.
#[derive(Debug)]
pub struct Recorded<'g> {
    /// The gradients, the loss, the running statistics and the reports, in this order.
    pub outputs: Vec<Var<'g>>,
    pub contents: Contents,
}

/// Which output is what, and whether those of the last run were finite.
#[derive(Debug)]
pub struct Contents {
    /// Of the gradients, which are the first outputs.
    pub layout: GradientLayout,
    /// What the running statistics belong to, which follow the loss.
    pub updates: Vec<ParamId>,
    pub reports: Reports,
    /// Whether the results of the last run were finite.
    pub finite: bool,
    /// Which gradients are final after each instruction, once somebody has watched a run.
    pub finals: Option<Finals>,
}

impl Contents {
    /// The position of the loss among the outputs.
    pub fn loss(&self) -> usize {
        self.layout.entries().len()
    }

    /// The gradients of the last run of this program.
    pub(crate) fn gradients<'a, T: Precision>(
        &'a self,
        program: &'a Program<T>,
    ) -> Gradients<'a, T> {
        let gradients = Gradients::new(&self.layout, program.outputs_flat(0..self.loss()));
        if self.finite { gradients.known_finite() } else { gradients }
    }

    /// How many outputs are written somewhere in the end: all but the reports.
    pub fn results(&self) -> usize {
        self.loss() + 1 + self.updates.len()
    }
}

impl Terms {
    #[track_caller]
    fn new() -> Self {
        let (location, arithmetic) = (Location::caller(), Arithmetic::default());
        Self { location, watched: Vec::new(), arithmetic, limit: LIMIT }
    }
}

impl<'m> FunctionRecipe<'m> {
    #[track_caller]
    pub fn new(record: Box<RecordFunction<'m>>) -> Self {
        Self { record, terms: Terms::new() }
    }

    /// Records the answers, and the reports after them.
    pub(crate) fn record<'g, T: Precision>(
        &self,
        graph: &'g Graph,
        types: &[Type],
        params: &Params<T>,
    ) -> Result<(Vec<Var<'g>>, Reports), RunError> {
        let answers = (self.record)(graph, &record_inputs(graph, types));
        check_parameters(graph.parameters(), params)?;
        let mut outputs: Vec<Var<'_>> = answers.into_iter().map(as_numbers).collect();
        let Terms { watched, location, .. } = &self.terms;
        let reports = Reports::record(graph, &mut outputs, &[], watched, location)?;
        Ok((outputs, reports))
    }

    /// As [`StepRecipe::find_origin`].
    pub(crate) fn find_origin<T: Precision>(
        &self,
        params: &Params<T>,
        inputs: &[Feed<'_, T>],
    ) -> Result<(), RunError> {
        let graph = Graph::new();
        let (outputs, _) = self.record(&graph, &types_of(inputs), params)?;
        evaluate(&graph, &outputs, params, inputs)
    }
}

impl<'m> StepRecipe<'m> {
    #[track_caller]
    pub fn new(record: Box<RecordStep<'m>>) -> Self {
        Self { record, terms: Terms::new(), asked: Asked::default() }
    }

    /// Records everything that the step computes.
    pub(crate) fn record<'g, T: Precision>(
        &self,
        graph: &'g Graph,
        types: &[Type],
        params: &Params<T>,
    ) -> Result<Recorded<'g>, RunError> {
        let (loss, reported) = (self.record)(graph, &record_inputs(graph, types));
        check_parameters(graph.parameters(), params)?;
        let layout = GradientLayout::new(self.wanted(params)?);
        let variables: Vec<Var<'_>> =
            layout.entries().iter().map(|param| graph.param(param)).collect();
        let gradient = if self.asked.zeros_for_unused {
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
        let Terms { watched, location, .. } = &self.terms;
        let reports = Reports::record(graph, &mut outputs, &reported, watched, location)?;
        let contents = Contents { layout, updates, reports, finite: true, finals: None };
        Ok(Recorded { outputs, contents })
    }

    /// Repeats a run whose results are not finite, to answer where that began: by the plain
    /// evaluation, which knows every operation with its line; or, if that rounds otherwise and stays
    /// finite, by a look at each instruction of the program.
    pub(crate) fn find_origin<T: Precision>(
        &self,
        program: &mut Program<T>,
        params: &Params<T>,
        inputs: &[Feed<'_, T>],
    ) -> Result<(), RunError> {
        let graph = Graph::new();
        let Recorded { outputs, contents } = self.record(&graph, &types_of(inputs), params)?;
        evaluate(&graph, &outputs[..contents.results()], params, inputs)?;
        program.run_checked(params, inputs, params.seed())
    }

    /// The parameters to differentiate with respect to, in their order.
    fn wanted<'p, T: Precision>(&self, params: &'p Params<T>) -> Result<Vec<&'p Param>, RunError> {
        let unfrozen = || params.unfrozen_entries();
        let none = |pattern: &&Pattern| !unfrozen().any(|param| pattern.matches(param.path()));
        if let Some(pattern) = self.asked.with_respect_to.iter().find(none) {
            let (pattern, known) = (pattern.to_string(), Param::list(unfrozen()));
            let location = self.terms.location;
            return Err(RunError::UnmatchedPattern { pattern, known, location });
        }
        let patterns = &self.asked.with_respect_to;
        let any = |path| patterns.iter().any(|pattern| pattern.matches(path));
        Ok(unfrozen().filter(|param| patterns.is_empty() || any(param.path())).collect())
    }

    /// The error in terms of the step, and with its line.
    fn explained(&self, error: GradientError) -> RunError {
        match error {
            GradientError::NoPath { variables: parameters, .. } => {
                RunError::Unused { parameters, location: self.terms.location }
            }
            error => error.at(self.terms.location).into(),
        }
    }
}

/// Evaluates what was recorded, operation by operation; an error names the first that answers an infinity or NaN.
fn evaluate<T: Precision>(
    graph: &Graph,
    outputs: &[Var<'_>],
    params: &Params<T>,
    inputs: &[Feed<'_, T>],
) -> Result<(), RunError> {
    let evaluator = Evaluator::new(graph).params(params).seed(params.seed());
    let bound = graph
        .inputs()
        .into_iter()
        .zip(inputs)
        .fold(evaluator, |evaluator, (input, view)| evaluator.bind(input, view.to_value()));
    bound.run_checked(outputs).map(|_| ())
}
