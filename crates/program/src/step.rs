//! Training steps: a loss with its gradients and running statistics, in one program.

use std::fmt;

use ndarray::ArrayViewD;

use crate::per_shape::{PerShape, record_inputs};
use crate::{Feed, Feeds, Profile, Program, Scalar};
use graph::Seed;
use graph::{Gradient, Graph, RunError, Type, Var};
use graph::{GradientLayout, Gradients, ParamId, Params};

type Record<'m, const N: usize> =
    dyn for<'g> Fn(&'g Graph, [Var<'g>; N]) -> (Var<'g>, Vec<Var<'g>>) + Send + 'm;

/// A way to run a program on data.
pub(crate) type Run<T> = fn(&mut Program<T>, &Params<T>, &[Feed<'_, T>]) -> Result<(), RunError>;

/// As [`Program::run_on_data`], looking at every value on the way.
pub(crate) fn checked_on_data<T: Scalar>(
    program: &mut Program<T>,
    params: &Params<T>,
    inputs: &[Feed<'_, T>],
) -> Result<(), RunError> {
    // An input that is not finite is an error of its own, before anything is computed.
    program.feed(inputs, true)?;
    program.run_checked(params, inputs, params.seed())
}

/// A training step: computes a loss, its gradient with respect to every trainable parameter, and
/// the new running statistics, in one compiled program.
///
/// Recorded, differentiated and compiled at the first run, and again only when inputs come in new
/// shapes; any other run allocates nothing.
///
/// ```
/// use graph::Params;
/// use program::Step;
/// use ndarray::{Array, array};
///
/// let mut params = Params::seeded(0);
/// let w = params.root().parameter("w", array![[1.0], [2.0]].into_dyn());
/// let mut step = Step::new(|g, [x, y]| (x.matmul(g.param(&w)) - y).square().mean());
/// let (x, y) = (array![[1.0_f32, 0.0], [0.0, 1.0]], array![[0.0_f32], [0.0]]);
/// let loss = step.run(&mut params, (&x, &y))?;
/// assert_eq!(loss, 2.5);
/// assert_eq!(step.gradients().values(), [1.0, 2.0]);
/// # Ok::<(), graph::RunError>(())
/// ```
pub struct Step<'m, T, const N: usize> {
    record: Box<Record<'m, N>>,
    zeros_for_unused: bool,
    compiled: PerShape<Compiled<T>, N>,
    /// Which of them ran last.
    last: Option<usize>,
}

/// A step for inputs of some shapes. The program's outputs are the gradients, the loss, the reports
/// and the updates, in this order.
#[derive(Debug)]
struct Compiled<T> {
    program: Program<T>,
    /// Of the gradients, which are the first outputs.
    layout: GradientLayout,
    reports: usize,
    updates: Vec<ParamId>,
}

impl<'m, T: Scalar, const N: usize> Step<'m, T, N> {
    /// A step that minimises the scalar that `loss` records.
    pub fn new(loss: impl for<'g> Fn(&'g Graph, [Var<'g>; N]) -> Var<'g> + Send + 'm) -> Self {
        Self::reporting(move |graph, inputs| (loss(graph, inputs), Vec::new()))
    }

    /// A step that also computes other values on the way (logits, an accuracy), to be read with
    /// [`report`](Self::report).
    pub fn reporting(
        record: impl for<'g> Fn(&'g Graph, [Var<'g>; N]) -> (Var<'g>, Vec<Var<'g>>) + Send + 'm,
    ) -> Self {
        Self {
            record: Box::new(record),
            zeros_for_unused: false,
            compiled: PerShape::new(),
            last: None,
        }
    }

    /// Answers zero gradients for trainable parameters that the loss does not depend on, instead of
    /// an error.
    pub fn zeros_for_unused(self) -> Self {
        Self { zeros_for_unused: true, ..self }
    }

    /// Computes the loss and its gradients, and writes the new running statistics into `params`.
    ///
    /// Trainable parameters are not changed: that is the optimizer's part. Counts the step in the
    /// seed of `params`, so that random operations draw anew in the next.
    ///
    /// # Errors
    /// If an input is not finite, an index is out of range, the parameters are of another store
    /// than the model's, or a trainable parameter has no path to the loss. Then nothing is written.
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
        self.run_by(params, inputs.feeds(), Program::run_on_data)
    }

    /// As [`run`](Self::run), but looks at every value on the way, and stops at the first that is
    /// infinite or NaN, forward or backward. [`run`](Self::run) pays nothing for it.
    ///
    /// ```
    /// use graph::Params;
    /// use program::Step;
    /// use ndarray::array;
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
        self.run_by(params, inputs.feeds(), checked_on_data)
    }

    fn run_by(
        &mut self,
        params: &mut Params<T>,
        inputs: [Feed<'_, T>; N],
        run: Run<T>,
    ) -> Result<T, RunError> {
        let position = self.position(params, &inputs)?;
        let step = self.compiled.get_mut(position);
        run(&mut step.program, params, &inputs)?;
        step.write_back(params);
        let Seed { seed, run } = params.seed();
        params.set_seed(Seed { seed, run: run + 1 });
        self.last = Some(position);
        Ok(step.program.output(step.loss())[[]])
    }

    /// The gradients of the last run.
    ///
    /// # Panics
    /// If there was no run.
    #[track_caller]
    pub fn gradients(&self) -> Gradients<'_, T> {
        let step = self.last();
        Gradients::new(&step.layout, step.program.outputs_flat(0..step.loss()))
    }

    /// A value reported by the last run, by its position in what the step records.
    ///
    /// # Panics
    /// If there was no run, or nothing is reported at this position.
    #[track_caller]
    pub fn report(&self, position: usize) -> ArrayViewD<'_, T> {
        let step = self.last();
        assert!(position < step.reports, "the step reports {} values", step.reports);
        step.program.output(step.loss() + 1 + position)
    }

    /// The program of the last run, to be explained or profiled.
    ///
    /// # Panics
    /// If there was no run.
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
        let inputs = inputs.feeds();
        let position = self.position(params, &inputs)?;
        self.compiled.get_mut(position).program.profile(params, &inputs, runs)
    }

    /// The compiled step for inputs of these shapes.
    fn position(
        &mut self,
        params: &Params<T>,
        inputs: &[Feed<'_, T>; N],
    ) -> Result<usize, RunError> {
        let structure = self.compiled.structure();
        let position = self.compiled.position(params, inputs, |types| {
            compile(&*self.record, types, params, self.zeros_for_unused)
        })?;
        if self.compiled.structure() != structure {
            // What ran last was compiled for other parameters, and is gone.
            self.last = None;
        }
        Ok(position)
    }

    #[track_caller]
    fn last(&self) -> &Compiled<T> {
        self.compiled.get(self.last.expect("the step has not run yet"))
    }
}

impl<T: Scalar> Compiled<T> {
    /// The position of the loss among the outputs.
    fn loss(&self) -> usize {
        self.layout.entries().len()
    }

    fn write_back(&self, params: &mut Params<T>) {
        for (i, &id) in self.updates.iter().enumerate() {
            let value = self.program.output(self.loss() + 1 + self.reports + i);
            params.get_mut(id).expect("the program ran with this store").assign(&value);
        }
    }
}

fn compile<T: Scalar, const N: usize>(
    record: &Record<'_, N>,
    types: &[Type; N],
    params: &Params<T>,
    zeros: bool,
) -> Result<Compiled<T>, RunError> {
    let graph = Graph::new();
    let (loss, reports) = record(&graph, record_inputs(&graph, types));
    if let Some(foreign) = graph.params().into_iter().find(|&id| params.entry(id).is_none()) {
        return Err(RunError::ForeignParameter { index: foreign.index() });
    }
    let trainable: Vec<_> = params.trainable_entries().collect();
    let variables: Vec<Var<'_>> = trainable.iter().map(|param| graph.param(param)).collect();
    let gradient = match zeros {
        true => Gradient::of(loss).zeros_without_path(),
        false => Gradient::of(loss),
    };
    let mut outputs = gradient.with_respect_to(&variables)?;
    let updates = graph.updates();
    // The loss may be a scalar of any rank; it is answered as a number.
    outputs.push(loss.reshape_to([]));
    outputs.extend(&reports);
    outputs.extend(updates.iter().map(|update| update.1));
    Ok(Compiled {
        program: Program::compile(&outputs, params),
        layout: GradientLayout::new(trainable),
        reports: reports.len(),
        updates: updates.into_iter().map(|update| update.0).collect(),
    })
}

impl<T, const N: usize> fmt::Debug for Step<'_, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Step of {N} inputs, compiled for {} shapes", self.compiled.len())
    }
}
