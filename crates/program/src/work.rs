//! What steps and functions do with what their closures record.
//!
//! It is behind trait objects, which are made where a precision is known: so all of it is compiled here,
//! down to how a program is dropped, and a user's crate is left with calls.

use std::ops::Range;

use graph::{Gradients, Graph, Params, RunError, Seed, Type};

use crate::engine::Run;
use crate::per_shape::PerShape;
use crate::recipe::{Contents, FunctionRecipe, Recorded, StepRecipe};
use crate::reports::Reports;
use crate::{Feed, Precision, Profile, Program};

/// What is done by the gradients before anything is written; answers whether the rest may be.
pub type Update<'u, T> = dyn FnMut(&mut Params<T>, Gradients<'_, T>) -> bool + 'u;

/// What looks on while gradients are computed: see [`Step::run_watched`](crate::Step::run_watched).
pub type Watch<'w, T> = dyn FnMut(&[T], &[Range<usize>]) + 'w;

/// The work of a [`Step`](crate::Step).
pub trait StepWork<T>: Send {
    fn run(
        &mut self,
        recipe: &StepRecipe<'_>,
        params: &mut Params<T>,
        inputs: &[Feed<'_, T>],
        how: Run,
        update: &mut Update<'_, T>,
    ) -> Result<T, RunError>;
    /// Runs on data, watched.
    fn run_watched(
        &mut self,
        recipe: &StepRecipe<'_>,
        params: &mut Params<T>,
        inputs: &[Feed<'_, T>],
        watch: &mut Watch<'_, T>,
    ) -> Result<T, RunError>;
    /// Compiles what a run would run.
    fn compile(
        &mut self,
        recipe: &StepRecipe<'_>,
        params: &Params<T>,
        inputs: &[Feed<'_, T>],
    ) -> Result<&Program<T>, RunError>;
    fn profile(
        &mut self,
        recipe: &StepRecipe<'_>,
        params: &Params<T>,
        inputs: &[Feed<'_, T>],
        runs: usize,
    ) -> Result<Profile, RunError>;
    /// What ran last, if that run succeeded.
    fn last(&self) -> Option<&Compiled<T, Contents>>;
    /// For how many combinations of shapes there is a program.
    fn programs(&self) -> usize;
}

/// The work of a [`Function`](crate::Function).
pub trait FunctionWork<T>: Send {
    /// Answers the program, whose first outputs are the answers.
    fn run(
        &mut self,
        recipe: &FunctionRecipe<'_>,
        params: &Params<T>,
        inputs: &[Feed<'_, T>],
        how: Run,
    ) -> Result<&Program<T>, RunError>;
    /// What ran last, if that run succeeded.
    fn last(&self) -> Option<&Compiled<T, Reports>>;
    /// For how many combinations of shapes there is a program.
    fn programs(&self) -> usize;
}

/// Programs for inputs of each combination of shapes.
pub(crate) struct Work<T, C> {
    compiled: PerShape<Compiled<T, C>>,
    /// Which of them ran last, if that run succeeded.
    last: Option<usize>,
}

/// A program, and what its outputs are.
#[derive(Debug)]
pub struct Compiled<T, C> {
    pub program: Program<T>,
    pub contents: C,
}

impl<T, C> AsMut<Program<T>> for Compiled<T, C> {
    fn as_mut(&mut self) -> &mut Program<T> {
        &mut self.program
    }
}

impl<T: Precision, C> Work<T, C> {
    /// No program yet, and never more than `limit`.
    pub fn with_limit(limit: usize) -> Self {
        Self { compiled: PerShape::with_limit(limit), last: None }
    }

    /// The position of the program for these inputs. What the last run computed is gone then: the
    /// programs share one memory.
    fn position(
        &mut self,
        params: &Params<T>,
        inputs: &[Feed<'_, T>],
        compile: impl FnOnce(&Graph, &[Type]) -> Result<Compiled<T, C>, RunError>,
    ) -> Result<usize, RunError> {
        let make = |types: &[Type]| compile(&Graph::new(), types);
        let position = self.compiled.position(params, inputs, make)?;
        // What ran last stays readable where nothing could be compiled; from here on, it is overwritten.
        self.last = None;
        Ok(position)
    }

    fn last(&self) -> Option<&Compiled<T, C>> {
        self.last.map(|position| self.compiled.get(position))
    }
}

impl<T: Precision> Work<T, Contents> {
    fn step(
        &mut self,
        recipe: &StepRecipe<'_>,
        params: &Params<T>,
        inputs: &[Feed<'_, T>],
    ) -> Result<usize, RunError> {
        self.position(params, inputs, |graph, types| {
            let Recorded { outputs, contents } = recipe.record(graph, types, params)?;
            let arithmetic = recipe.terms.arithmetic;
            let program = Program::without_workspace(&outputs, params, arithmetic);
            Ok(Compiled { program, contents })
        })
    }
}

impl<T: Precision> Work<T, Contents> {
    /// Looks at what a run has computed, and writes it.
    fn finish(
        &mut self,
        position: usize,
        performed: Result<(), RunError>,
        (recipe, params, inputs): (&StepRecipe<'_>, &mut Params<T>, &[Feed<'_, T>]),
        update: &mut Update<'_, T>,
    ) -> Result<T, RunError> {
        let Compiled { program, contents } = self.compiled.get_mut(position);
        if arose(&performed) {
            recipe.find_origin(program, params, inputs)?;
        }
        performed?;
        contents.finite = program.are_finite(0..contents.results());
        if !contents.finite && !recipe.asked.non_finite {
            recipe.find_origin(program, params, inputs)?;
            contents.finite = true;
        }
        // The commit point: everything is computed and looked at, and nothing written.
        let Compiled { program, contents } = self.compiled.get(position);
        self.last = Some(position);
        let loss = program.outputs_flat(contents.loss()..contents.loss() + 1)[0];
        if !update(params, contents.gradients(program)) {
            return Ok(loss);
        }
        if contents.finite {
            write_back(program, contents, params);
        }
        let Seed { seed, run } = params.seed();
        params.set_seed(Seed { seed, run: run + 1 });
        Ok(loss)
    }
}

impl<T: Precision> StepWork<T> for Work<T, Contents> {
    fn run(
        &mut self,
        recipe: &StepRecipe<'_>,
        params: &mut Params<T>,
        inputs: &[Feed<'_, T>],
        how: Run,
        update: &mut Update<'_, T>,
    ) -> Result<T, RunError> {
        let position = self.step(recipe, params, inputs)?;
        let program = &mut self.compiled.get_mut(position).program;
        let performed = program.perform(params, inputs, how);
        self.finish(position, performed, (recipe, params, inputs), update)
    }

    fn run_watched(
        &mut self,
        recipe: &StepRecipe<'_>,
        params: &mut Params<T>,
        inputs: &[Feed<'_, T>],
        watch: &mut Watch<'_, T>,
    ) -> Result<T, RunError> {
        let position = self.step(recipe, params, inputs)?;
        let Compiled { program, contents } = self.compiled.get_mut(position);
        let gradients = 0..contents.loss();
        let finals = contents.finals.get_or_insert_with(|| program.finals(gradients.clone()));
        let performed = program.perform_watched(params, inputs, (gradients, finals), watch);
        self.finish(position, performed, (recipe, params, inputs), &mut |_, _| true)
    }

    fn compile(
        &mut self,
        recipe: &StepRecipe<'_>,
        params: &Params<T>,
        inputs: &[Feed<'_, T>],
    ) -> Result<&Program<T>, RunError> {
        let position = self.step(recipe, params, inputs)?;
        Ok(&self.compiled.get(position).program)
    }

    fn profile(
        &mut self,
        recipe: &StepRecipe<'_>,
        params: &Params<T>,
        inputs: &[Feed<'_, T>],
        runs: usize,
    ) -> Result<Profile, RunError> {
        let position = self.step(recipe, params, inputs)?;
        let profile = self.compiled.get_mut(position).program.profile(params, inputs, runs)?;
        self.last = Some(position);
        Ok(profile)
    }

    fn last(&self) -> Option<&Compiled<T, Contents>> {
        self.last()
    }

    fn programs(&self) -> usize {
        self.compiled.len()
    }
}

/// Whether a checked run came upon an infinity or NaN. It knows the instruction, of perhaps many operations; the plain
/// evaluation knows the operation.
fn arose(performed: &Result<(), RunError>) -> bool {
    matches!(performed.as_ref().map_err(RunError::innermost), Err(RunError::Arose { .. }))
}

/// Writes the new running statistics, which have the shapes of their parameters.
fn write_back<T: Precision>(program: &Program<T>, contents: &Contents, params: &mut Params<T>) {
    for (position, &id) in (contents.loss() + 1..).zip(&contents.updates) {
        let value = program.outputs_flat(position..position + 1);
        let place = params.range(id);
        params.values_mut()[place].copy_from_slice(value);
    }
}

impl<T: Precision> FunctionWork<T> for Work<T, Reports> {
    fn run(
        &mut self,
        recipe: &FunctionRecipe<'_>,
        params: &Params<T>,
        inputs: &[Feed<'_, T>],
        how: Run,
    ) -> Result<&Program<T>, RunError> {
        let position = self.position(params, inputs, |graph, types| {
            let (outputs, contents) = recipe.record(graph, types, params)?;
            let arithmetic = recipe.terms.arithmetic;
            let program = Program::without_workspace(&outputs, params, arithmetic);
            Ok(Compiled { program, contents })
        })?;
        let performed = self.compiled.get_mut(position).program.perform(params, inputs, how);
        if arose(&performed) {
            recipe.find_origin(params, inputs)?;
        }
        performed?;
        self.last = Some(position);
        Ok(&self.compiled.get(position).program)
    }

    fn last(&self) -> Option<&Compiled<T, Reports>> {
        self.last()
    }

    fn programs(&self) -> usize {
        self.compiled.len()
    }
}
