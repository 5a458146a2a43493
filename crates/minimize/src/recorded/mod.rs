//! Objectives that are recorded as graphs.

mod residuals;
mod variables;

use std::fmt;

use graph::{Gradient, Graph, Params, Value, Var};
use program::Precision;
use program::Program;

use super::{Hessian, HessianProduct, MinimizeError, Objective};
pub use residuals::RecordedResiduals;
use variables::{Variables, compiled, copy_outputs, places, scatter};

/// A recorded scalar function of a flat vector, with every derivative from its graph.
///
/// Each derivative is recorded and compiled when it is first asked for, and evaluated in double
/// precision ever after. A Hessian is as many products as there are variables, by one program.
///
/// ```
/// use cotangent::minimize::Recorded;
/// use cotangent::minimize::{Minimizer, Newton};
///
/// let mut rosenbrock = Recorded::new(2, |_, x| {
///     let [x, y] = x.split(&[1, 1], 0)[..] else { unreachable!() };
///     (100.0 * (y - x.square()).square() + (1.0 - x).square()).sum()
/// });
/// let minimum = Newton::new().minimize(&mut rosenbrock, &[-1.2, 1.0])?;
/// assert!((minimum.x[0] - 1.0).abs() < 1e-9);
/// # Ok::<(), cotangent::minimize::MinimizeError>(())
/// ```
pub struct Recorded<'m> {
    variables: Variables<'m>,
    gradient: Option<Program<f64>>,
    product: Option<Program<f64>>,
}

impl<'m> Recorded<'m> {
    /// A function of `n` variables, given to the closure as one vector.
    #[track_caller]
    pub fn new(n: usize, record: impl for<'g> Fn(&'g Graph, Var<'g>) -> Var<'g> + 'm) -> Self {
        Self { variables: Variables::flat(n, record), gradient: None, product: None }
    }

    /// A model's loss as a function of its trainable parameters, but for what is
    /// [frozen](Params::freeze), in the order of their values; recorded as for a
    /// [`Step`](program::Step), whose inputs are constants here.
    ///
    /// The store is copied, in double precision. Buffers keep their values, running statistics among
    /// them, and random operations draw the same numbers at every evaluation. The start is
    /// [`trainable`], and [`assign`] writes the minimum back.
    ///
    /// ```
    /// use cotangent::Params;
    /// use cotangent::ndarray::array;
    /// use cotangent::minimize::{Recorded, assign, trainable};
    /// use cotangent::minimize::{Lbfgs, Minimizer};
    ///
    /// let mut params = Params::seeded(0);
    /// let w = params.root().parameter("w", array![0.0, 0.0].into_dyn());
    /// let (x, y) = (array![[1.0, 0.0], [1.0, 1.0]], array![1.0, 3.0]);
    /// let mut loss = Recorded::of_model(&params, [x.into(), y.into()], |g, [x, y]| {
    ///     (x.matmul(g.param(&w)) - y).square().mean()
    /// });
    /// let minimum = Lbfgs::new().minimize(&mut loss, &trainable(&params))?;
    /// assign(&mut params, &minimum.x);
    /// assert!((params.trainable()[1] - 2.0).abs() < 1e-6);
    /// # Ok::<(), cotangent::minimize::MinimizeError>(())
    /// ```
    #[track_caller]
    pub fn of_model<T: Precision, const N: usize>(
        params: &Params<T>,
        inputs: [Value<f64>; N],
        loss: impl for<'g> Fn(&'g Graph, [Var<'g>; N]) -> Var<'g> + 'm,
    ) -> Self {
        let variables = Variables::of_model(params, inputs, loss);
        Self { variables, gradient: None, product: None }
    }
}

/// The trainable values of a store in double precision, but for those that are frozen: a start.
///
/// Its example is that of [`Recorded::of_model`].
pub fn trainable<T: Precision>(params: &Params<T>) -> Vec<f64> {
    let places = places(params).into_iter();
    places.flat_map(|place| &params.values()[place]).map(|&x| x.to_f64()).collect()
}

/// Writes a minimum into the trainable parameters of a store that are not frozen.
///
/// Its example is that of [`Recorded::of_model`].
///
/// # Panics
/// If it is not as long as they are.
#[track_caller]
pub fn assign<T: Precision>(params: &mut Params<T>, x: &[f64]) {
    let places = places(params);
    let (have, given) = (places.iter().map(|place| place.len()).sum::<usize>(), x.len());
    assert!(have == given, "assign: the store has {have} trainable numbers, and {given} are given");
    scatter(params.values_mut(), &places, x.iter().map(|&x| T::from_f64(x)));
}

impl Objective for Recorded<'_> {
    fn dimension(&self) -> Option<usize> {
        Some(self.variables.count())
    }

    fn value_and_gradient(
        &mut self,
        x: &[f64],
        gradient: &mut [f64],
    ) -> Result<f64, MinimizeError> {
        let variables = &mut self.variables;
        let program = compiled(&mut self.gradient, || {
            variables.compile(|value, variables, _| {
                let mut outputs = vec![value.reshape_to([])];
                outputs.extend(Gradient::of(value).with_respect_to(variables)?);
                Ok(outputs)
            })
        })?;
        variables.run(program, x, None)?;
        copy_outputs(program, 1, gradient);
        Ok(program.output(0)[[]])
    }
}

impl HessianProduct for Recorded<'_> {
    fn product(&mut self, x: &[f64], v: &[f64], product: &mut [f64]) -> Result<(), MinimizeError> {
        let variables = &mut self.variables;
        let program = compiled(&mut self.product, || {
            variables.compile(|value, variables, vectors| {
                Ok(Gradient::of(value).hvp(variables, vectors)?)
            })
        })?;
        variables.run(program, x, Some(v))?;
        copy_outputs(program, 0, product);
        Ok(())
    }
}

impl Hessian for Recorded<'_> {
    fn hessian(&mut self, x: &[f64], hessian: &mut [f64]) -> Result<(), MinimizeError> {
        let mut unit = vec![0.0; x.len()];
        for (i, row) in hessian.chunks_mut(x.len().max(1)).enumerate() {
            unit[i] = 1.0;
            self.product(x, &unit, row)?;
            unit[i] = 0.0;
        }
        Ok(())
    }
}

impl fmt::Debug for Recorded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recorded function of {} variables", self.variables.count())
    }
}
