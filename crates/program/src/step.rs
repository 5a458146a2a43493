//! Training steps: a loss with its gradients and running statistics, in one program.

use std::fmt;
use std::ops::Range;

use ndarray::ArrayViewD;

use crate::engine::Run;
use crate::per_shape::inputs_of;
use crate::recipe::{Contents, StepRecipe};
use crate::work::{Compiled, StepWork};
use crate::{Arithmetic, Feeds, Precision, Profile, Program, Reported};
use graph::{Gradients, Params, Pattern};
use graph::{Graph, RunError, Var};

/// A training step: computes a loss, its gradient with respect to every trainable parameter that is
/// not [frozen](Params::freeze), and the new running statistics, in one compiled program.
///
/// Recorded, differentiated and compiled at the first run, and again only when inputs come in new
/// shapes, or a parameter was added, frozen or unfrozen; any other run allocates nothing, but for
/// operations that run through their plain evaluation. The programs of all shapes share one memory, and
/// are limited in [number](Self::program_limit). Products and sums may be taken in another order than
/// recorded, as [`Arithmetic`] says and [lets choose](Self::arithmetic).
///
/// ```
/// use cotangent::Params;
/// use cotangent::Step;
/// use cotangent::ndarray::{Array, array};
///
/// let mut params = Params::seeded(0);
/// let w = params.root().parameter("w", array![[1.0], [2.0]].into_dyn());
/// let mut step = Step::new(|g, [x, y]| (x.matmul(g.param(&w)) - y).square().mean());
/// let (x, y) = (array![[1.0_f32, 0.0], [0.0, 1.0]], array![[0.0_f32], [0.0]]);
/// let loss = step.run(&mut params, (&x, &y))?;
/// assert_eq!(loss, 2.5);
/// assert_eq!(step.gradients().values(), [1.0, 2.0]);
/// # Ok::<(), cotangent::RunError>(())
/// ```
pub struct Step<'m, T, const N: usize> {
    recipe: StepRecipe<'m>,
    work: Box<dyn StepWork<T>>,
}

impl<'m, T: Precision, const N: usize> Step<'m, T, N> {
    /// A step that minimises the scalar that `loss` records.
    #[track_caller]
    pub fn new(loss: impl for<'g> Fn(&'g Graph, [Var<'g>; N]) -> Var<'g> + Send + 'm) -> Self {
        Self::reporting(move |graph, inputs| (loss(graph, inputs), Vec::new()))
    }

    /// A step that also computes other values on the way (logits, an accuracy), to be read with
    /// [`report`](Self::report), by position or, if they are [named](Var::named), by name.
    ///
    /// ```
    /// use cotangent::Params;
    /// use cotangent::ndarray::array;
    /// use cotangent::Step;
    ///
    /// let mut params = Params::seeded(0);
    /// let w = params.root().parameter("w", array![2.0].into_dyn());
    /// let mut step = Step::reporting(|g, [x, y]| {
    ///     let answer = x * g.param(&w);
    ///     ((answer - y).square().mean(), vec![(answer - y).abs().mean().named("error")])
    /// });
    /// step.run(&mut params, (&array![1.0_f32, 2.0], &array![2.5_f32, 3.5]))?;
    /// assert_eq!(step.report("error")[[]], 0.5);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    #[track_caller]
    pub fn reporting(
        record: impl for<'g> Fn(&'g Graph, [Var<'g>; N]) -> (Var<'g>, Vec<Var<'g>>) + Send + 'm,
    ) -> Self {
        let recipe =
            StepRecipe::new(Box::new(move |graph, inputs| record(graph, inputs_of(inputs))));
        Self { work: T::step_work(recipe.terms.limit), recipe }
    }

    /// Answers zero gradients for trainable parameters that the loss does not depend on, instead of
    /// an error.
    pub fn zeros_for_unused(mut self) -> Self {
        self.recipe.asked.zeros_for_unused = true;
        self
    }

    /// Answers gradients with respect to a part of the model alone: the trainable parameters whose
    /// paths the pattern matches, or one of several patterns. What only the other gradients would
    /// need is not computed.
    ///
    /// So two steps take turns with two optimizers, each of which moves what its gradients are of:
    ///
    /// ```
    /// use cotangent::Params;
    /// use cotangent::ndarray::array;
    /// use cotangent::Step;
    ///
    /// let mut params = Params::seeded(0);
    /// let mut root = params.root();
    /// let generator = root.child("generator").parameter("w", array![1.0].into_dyn());
    /// let critic = root.child("critic").parameter("w", array![2.0].into_dyn());
    ///
    /// let mut deceive = Step::new(|g, [x]| -(x * g.param(&generator) * g.param(&critic)).mean())
    ///     .with_respect_to("generator.*");
    /// let mut judge = Step::new(|g, [x]| (x * (g.param(&generator) - 1.5) * g.param(&critic)).mean())
    ///     .with_respect_to("critic.*");
    /// let x = array![1.0_f32];
    /// deceive.run(&mut params, (&x,))?;
    /// assert_eq!(deceive.gradients().values(), [-2.0]);
    /// judge.run(&mut params, (&x,))?;
    /// assert_eq!(judge.gradients().values(), [-0.5]);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// A pattern that matches no trainable parameter, or frozen ones only, is an error of the run.
    #[must_use]
    pub fn with_respect_to(mut self, pattern: impl Into<Pattern>) -> Self {
        self.recipe.asked.with_respect_to.push(pattern.into());
        self
    }

    /// Also reports the value of this [name](Var::named), wherever it is recorded, to be read with
    /// [`report`](Self::report). One value must have the name.
    ///
    /// ```
    /// use cotangent::Params;
    /// use cotangent::ndarray::array;
    /// use cotangent::Step;
    ///
    /// let mut params = Params::seeded(0);
    /// let w = params.root().parameter("w", array![[1.0, -1.0, 0.5]].into_dyn());
    /// let mut step = Step::new(|g, [x]| {
    ///     x.matmul(g.param(&w)).sigmoid().named("hidden").square().mean()
    /// })
    /// .watch("hidden");
    /// step.run(&mut params, (&array![[1.0_f32], [-3.0]],))?;
    ///
    /// // A histogram of the activations, in four bins from 0 to 1.
    /// let mut bins = [0; 4];
    /// step.report("hidden").for_each(|&h| bins[(4.0 * h) as usize] += 1);
    /// assert_eq!(bins, [2, 1, 2, 1]);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    pub fn watch(mut self, name: &str) -> Self {
        self.recipe.terms.watched.push(name.to_owned());
        self
    }

    /// Answers a loss and gradients that are infinite or NaN, instead of an error, for who wants to
    /// see them, or leaves such a step out by `SkipNonFinite`. Running statistics are not written by
    /// a run that they would be a result of.
    ///
    /// ```
    /// use cotangent::Params;
    /// use cotangent::ndarray::array;
    /// use cotangent::Step;
    ///
    /// let mut params = Params::seeded(0);
    /// let w = params.root().parameter("w", array![0.0].into_dyn());
    /// let mut step = Step::new(|g, [x]| (x * g.param(&w)).sqrt().sum()).allow_non_finite();
    /// assert_eq!(step.run(&mut params, (&array![1.0_f32],))?, 0.0);
    /// assert_eq!(step.gradients().values(), [f32::INFINITY]);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    pub fn allow_non_finite(mut self) -> Self {
        self.recipe.asked.non_finite = true;
        self
    }

    /// Whether products and sums may be taken in another order than they were recorded in; by default
    /// they may.
    pub fn arithmetic(mut self, arithmetic: Arithmetic) -> Self {
        self.recipe.terms.arithmetic = arithmetic;
        Self { work: T::step_work(self.recipe.terms.limit), ..self }
    }

    /// Keeps the programs for at most so many combinations of shapes, 128 by default and at least one:
    /// beyond, what was not used for longest is forgotten, and compiled again when it is needed.
    pub fn program_limit(mut self, programs: usize) -> Self {
        self.recipe.terms.limit = programs;
        Self { work: T::step_work(programs), ..self }
    }

    /// Computes the loss and its gradients, and writes the new running statistics into `params`.
    ///
    /// Trainable parameters are not changed: that is the optimizer's part. Counts the step in the
    /// seed of `params`, so that random operations draw anew in the next.
    ///
    /// A loss, gradient or statistic that is infinite or NaN is an error: the run is repeated by the
    /// plain evaluation, to name the operation and the line in which that began. Values on the way
    /// may be infinite. While all is well, it costs one look at the results.
    ///
    /// # Errors
    /// If an input is not finite, an index is out of range, the parameters are of another store
    /// than the model's, a trainable parameter that is not frozen has no path to the loss, or a
    /// result is not finite ([`RunError::Arose`]) and that is not [allowed](Self::allow_non_finite).
    /// Then nothing is written.
    ///
    /// # Panics
    /// If the recording does: the inputs' shapes do not fit the model.
    pub fn run<'a>(
        &mut self,
        params: &mut Params<T>,
        inputs: impl Feeds<'a, T, N>,
    ) -> Result<T, RunError>
    where
        T: 'a,
    {
        self.work.run(&self.recipe, params, &inputs.feeds(), Run::OnData, &mut |_, _| true)
    }

    /// As [`run`](Self::run), with what is to be done by the gradients: a whole training step, done or refused as one. The
    /// gradients are handed to `update` when all results are there and were looked at, and before anything is written; if
    /// that fails, nothing is. An optimizer's `train` calls it.
    ///
    /// ```
    /// use cotangent::{Params, RunError, Step};
    /// use cotangent::ndarray::array;
    ///
    /// let mut params = Params::seeded(0);
    /// let w = params.root().parameter("w", array![1.0, 2.0].into_dyn());
    /// let mut step = Step::new(|g, []| g.param(&w).square().sum());
    /// let loss = step.run_and(&mut params, (), |params, gradients| {
    ///     let weights = params.trainable_mut().iter_mut().zip(gradients.values());
    ///     weights.for_each(|(w, dw)| *w -= 0.25 * dw);
    ///     Ok::<(), RunError>(())
    /// })?;
    /// assert_eq!((loss, params.trainable()), (5.0, &[0.5_f32, 1.0][..]));
    /// # Ok::<(), RunError>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run), and what `update` answers. Then nothing is written.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    pub fn run_and<'a, E: From<RunError>>(
        &mut self,
        params: &mut Params<T>,
        inputs: impl Feeds<'a, T, N>,
        update: impl FnOnce(&mut Params<T>, Gradients<'_, T>) -> Result<(), E>,
    ) -> Result<T, E>
    where
        T: 'a,
    {
        let (mut update, mut refused) = (Some(update), None);
        let mut updated = |params: &mut Params<T>, gradients: Gradients<'_, T>| {
            refused = update.take().and_then(|update| update(params, gradients).err());
            refused.is_none()
        };
        let (recipe, inputs) = (&self.recipe, &inputs.feeds());
        let loss = self.work.run(recipe, params, inputs, Run::OnData, &mut updated)?;
        refused.map_or(Ok(loss), Err)
    }

    /// As [`run`](Self::run), with somebody who looks on: `watch` is called after each instruction with all gradients as they
    /// lie, and with the ranges of them that are final since it was called last. So a gradient can be on its way to other
    /// machines while the rest of the backward pass runs. In the end each was final once.
    ///
    /// ```
    /// use cotangent::{Params, Step};
    /// use cotangent::ndarray::array;
    ///
    /// let mut params = Params::seeded(0);
    /// let mut root = params.root();
    /// let [a, b] = ["a", "b"].map(|name| root.parameter(name, array![[0.5, 1.0], [0.0, 1.0]].into_dyn()));
    /// let mut step = Step::new(|g, [x]| x.matmul(g.param(&a)).tanh().matmul(g.param(&b)).sum());
    /// let mut last = Vec::new();
    /// let mut watch = |gradients: &[f32], ranges: &[std::ops::Range<usize>]| {
    ///     for range in ranges {
    ///         last.push((range.start, gradients[range.clone()].to_vec()));
    ///     }
    /// };
    /// step.run_watched(&mut params, (&array![[1.0_f32, 2.0]],), &mut watch)?;
    /// last.sort_by_key(|of_range| of_range.0);
    /// let all: Vec<f32> = last.into_iter().flat_map(|of_range| of_range.1).collect();
    /// assert_eq!(all, step.gradients().values());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run).
    ///
    /// # Panics
    /// As [`run`](Self::run).
    pub fn run_watched<'a>(
        &mut self,
        params: &mut Params<T>,
        inputs: impl Feeds<'a, T, N>,
        watch: &mut dyn FnMut(&[T], &[Range<usize>]),
    ) -> Result<T, RunError>
    where
        T: 'a,
    {
        self.work.run_watched(&self.recipe, params, &inputs.feeds(), watch)
    }

    /// The program that a run on such inputs runs, recorded and compiled if it is not known, without running it. What the last
    /// run computed is gone then.
    ///
    /// ```
    /// use cotangent::{Params, Step};
    /// use cotangent::ndarray::array;
    ///
    /// let mut step = Step::new(|_, [x]| x.tanh().sum());
    /// let program = step.compile(&Params::seeded(0), (&array![1.0_f32, 2.0],))?;
    /// assert!(program.explain().to_string().contains("tanh"));
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Errors
    /// If the parameters are of another store than the model's, or a trainable one has no path to the loss.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    pub fn compile<'a>(
        &mut self,
        params: &Params<T>,
        inputs: impl Feeds<'a, T, N>,
    ) -> Result<&Program<T>, RunError>
    where
        T: 'a,
    {
        self.work.compile(&self.recipe, params, &inputs.feeds())
    }

    /// As [`run`](Self::run), but looks at every value on the way, and stops at the first that is
    /// infinite or NaN, forward or backward. [`run`](Self::run) pays nothing for it.
    ///
    /// ```
    /// use cotangent::Params;
    /// use cotangent::Step;
    /// use cotangent::ndarray::array;
    ///
    /// let mut params = Params::seeded(0);
    /// let w = params.root().parameter("w", array![0.0].into_dyn());
    /// let mut step = Step::new(|g, [x]| (x * g.param(&w)).sqrt().sum());
    /// let error = step.run_checked(&mut params, (&array![1.0_f32],)).unwrap_err();
    /// assert!(error.to_string().contains("in the backward pass"));
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run), and [`RunError::Arose`] with the operations, their line, and the ranges
    /// of what they read. Then nothing is written.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    pub fn run_checked<'a>(
        &mut self,
        params: &mut Params<T>,
        inputs: impl Feeds<'a, T, N>,
    ) -> Result<T, RunError>
    where
        T: 'a,
    {
        self.work.run(&self.recipe, params, &inputs.feeds(), Run::CheckedOnData, &mut |_, _| true)
    }

    /// The gradients of the last run.
    ///
    /// # Panics
    /// If there was no run, or the last failed.
    #[track_caller]
    pub fn gradients(&self) -> Gradients<'_, T> {
        let Compiled { program, contents } = self.last();
        contents.gradients(program)
    }

    /// A value reported by the last run: by its position in what the step records to be
    /// [reported](Self::reporting), or by its name there or among those [watched](Self::watch).
    ///
    /// # Panics
    /// If there was no run, the last failed, or nothing is reported at this position or by this name.
    #[track_caller]
    pub fn report<'r>(&self, report: impl Into<Reported<'r>>) -> ArrayViewD<'_, T> {
        let Compiled { program, contents } = self.last();
        program.output(contents.reports.position(report.into()))
    }

    /// The program of the last run, to be explained or profiled.
    ///
    /// # Panics
    /// If there was no run, or the last failed.
    #[track_caller]
    pub fn program(&self) -> &Program<T> {
        &self.last().program
    }

    /// Runs the step's program `runs` times on these inputs and measures every instruction. Changes
    /// nothing: running statistics are not written back and the seed stays.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn profile<'a>(
        &mut self,
        params: &Params<T>,
        inputs: impl Feeds<'a, T, N>,
        runs: usize,
    ) -> Result<Profile, RunError>
    where
        T: 'a,
    {
        self.work.profile(&self.recipe, params, &inputs.feeds(), runs)
    }

    #[track_caller]
    fn last(&self) -> &Compiled<T, Contents> {
        self.work.last().expect("the step has not run yet, or its last run failed")
    }
}

impl<T, const N: usize> fmt::Debug for Step<'_, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Step of {N} inputs, compiled for {} shapes", self.work.programs())
    }
}
