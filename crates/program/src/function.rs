//! Functions of inputs and parameters, recorded and compiled when they are first called.

use std::fmt;

use ndarray::ArrayViewD;

use crate::per_shape::{PerShape, record_inputs};
use crate::step::{Run, checked_on_data};
use crate::{Feed, Feeds, Program, Scalar};
use graph::Params;
use graph::{Graph, RunError, Var};

type Record<'m, const N: usize> = dyn for<'g> Fn(&'g Graph, [Var<'g>; N]) -> Var<'g> + Send + 'm;

/// A function of `N` inputs and the parameters: a model's prediction, for instance.
///
/// Recorded and compiled at the first call, and again only when inputs come in new shapes.
///
/// ```
/// use graph::Params;
/// use program::Function;
/// use ndarray::array;
///
/// let params = Params::seeded(0);
/// let mut softmax = Function::new(|_, [logits]| logits.softmax(-1));
/// let p = softmax.run(&params, (&array![[0.0_f32, 0.0]],))?;
/// assert_eq!(p, array![[0.5, 0.5]].into_dyn());
/// # Ok::<(), graph::RunError>(())
/// ```
pub struct Function<'m, T, const N: usize> {
    record: Box<Record<'m, N>>,
    programs: PerShape<Program<T>, N>,
}

impl<'m, T: Scalar, const N: usize> Function<'m, T, N> {
    /// A function that `record` writes down.
    pub fn new(record: impl for<'g> Fn(&'g Graph, [Var<'g>; N]) -> Var<'g> + Send + 'm) -> Self {
        Self { record: Box::new(record), programs: PerShape::new() }
    }

    /// The value for these inputs and parameters.
    ///
    /// # Errors
    /// If an input is not finite, an index is out of range, or the parameters are of another store
    /// than the model's.
    ///
    /// # Panics
    /// If the recording does: the inputs' shapes do not fit the model.
    pub fn run<'a>(
        &mut self,
        params: &Params<T>,
        inputs: impl Feeds<'a, T, N>,
    ) -> Result<ArrayViewD<'_, T>, RunError>
    where
        T: 'a,
    {
        self.run_by(params, inputs.feeds(), Program::run_on_data)
    }

    /// As [`run`](Self::run), but looks at every value on the way, and stops at the first that is
    /// infinite or NaN. [`run`](Self::run) pays nothing for it.
    ///
    /// # Errors
    /// As [`run`](Self::run), and [`RunError::Arose`] with the operations, their line, and the ranges
    /// of what they read.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    pub fn run_checked<'a>(
        &mut self,
        params: &Params<T>,
        inputs: impl Feeds<'a, T, N>,
    ) -> Result<ArrayViewD<'_, T>, RunError>
    where
        T: 'a,
    {
        self.run_by(params, inputs.feeds(), checked_on_data)
    }

    fn run_by(
        &mut self,
        params: &Params<T>,
        inputs: [Feed<'_, T>; N],
        run: Run<T>,
    ) -> Result<ArrayViewD<'_, T>, RunError> {
        let position = self.programs.position(params, &inputs, |types| {
            let graph = Graph::new();
            let output = (self.record)(&graph, record_inputs(&graph, types));
            Ok::<_, RunError>(Program::compile(&[output], params))
        })?;
        let program = self.programs.get_mut(position);
        run(program, params, &inputs)?;
        Ok(program.output(0))
    }
}

impl<T, const N: usize> fmt::Debug for Function<'_, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function of {N} inputs, compiled for {} shapes", self.programs.len())
    }
}
