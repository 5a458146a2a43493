//! Objectives that are recorded as graphs.

use std::fmt;

use graph::ndarray::{Array, ArrayViewD, IxDyn};
use graph::{Gradient, Graph, Param, Params, Program, RunError, Scalar, Shape, Value, Var, View};

use super::{Hessian, HessianProduct, MinimizeError, Objective, Residuals};

type Record<'m> = dyn for<'g> Fn(&'g Graph) -> Var<'g> + 'm;

/// A recorded scalar function of a flat vector, with every derivative from its graph.
///
/// Each derivative is recorded and compiled when it is first asked for, and evaluated in double
/// precision ever after. A Hessian is as many products as there are variables, by one program.
///
/// ```
/// use optim::minimize::Recorded;
/// use optim::{Minimizer, Newton};
///
/// let mut rosenbrock = Recorded::new(2, |_, x| {
///     let [x, y] = x.split(&[1, 1], 0)[..] else { unreachable!() };
///     (100.0 * (y - x.square()).square() + (1.0 - x).square()).sum()
/// });
/// let minimum = Newton::new().minimize(&mut rosenbrock, &[-1.2, 1.0])?;
/// assert!((minimum.x[0] - 1.0).abs() < 1e-9);
/// # Ok::<(), optim::MinimizeError>(())
/// ```
pub struct Recorded<'m> {
    variables: Variables<'m>,
    gradient: Option<Program<f64>>,
    product: Option<Program<f64>>,
}

impl<'m> Recorded<'m> {
    /// A function of `n` variables, given to the closure as one vector.
    pub fn new(n: usize, record: impl for<'g> Fn(&'g Graph, Var<'g>) -> Var<'g> + 'm) -> Self {
        Self { variables: Variables::flat(n, record), gradient: None, product: None }
    }

    /// A model's loss as a function of its trainable parameters, in the order of
    /// [`Params::trainable`]; recorded as for a [`Step`](graph::Step), whose inputs are constants
    /// here.
    ///
    /// The store is copied, in double precision. Buffers keep their values, running statistics among
    /// them, and random operations draw the same numbers at every evaluation. The start is
    /// [`trainable`], and [`assign`] writes the minimum back.
    ///
    /// ```
    /// use graph::Params;
    /// use graph::ndarray::array;
    /// use optim::minimize::{Recorded, assign, trainable};
    /// use optim::{Lbfgs, Minimizer};
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
    /// # Ok::<(), optim::MinimizeError>(())
    /// ```
    pub fn of_model<T: Scalar, const N: usize>(
        params: &Params<T>,
        inputs: [Value<f64>; N],
        loss: impl for<'g> Fn(&'g Graph, [Var<'g>; N]) -> Var<'g> + 'm,
    ) -> Self {
        let variables = Variables::of_model(params, inputs, loss);
        Self { variables, gradient: None, product: None }
    }
}

/// The trainable values of a store in double precision: a start.
pub fn trainable<T: Scalar>(params: &Params<T>) -> Vec<f64> {
    params.cast::<f64>().trainable().to_vec()
}

/// Writes a minimum into the trainable parameters of a store.
///
/// # Panics
/// If it is not as long as they are.
#[track_caller]
pub fn assign<T: Scalar>(params: &mut Params<T>, x: &[f64]) {
    let trainable = params.trainable_mut();
    let (have, given) = (trainable.len(), x.len());
    assert!(have == given, "assign: the store has {have} trainable numbers, and {given} are given");
    trainable.iter_mut().zip(x).for_each(|(to, &x)| *to = T::from_f64(x));
}

impl Objective for Recorded<'_> {
    fn dimension(&self) -> Option<usize> {
        Some(self.variables.params.trainable_count())
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

/// Recorded residuals of a flat vector, an array of any shape, with their Jacobian from the graph: by
/// columns in forward mode or by rows in reverse mode, whichever are fewer.
///
/// ```
/// use graph::ndarray::array;
/// use optim::minimize::RecordedResiduals;
/// use optim::{LevenbergMarquardt, Minimizer};
///
/// let (t, y) = (array![0.0, 1.0, 2.0], array![3.0, 1.5, 0.75]);
/// let mut decay = RecordedResiduals::new(2, |g, b| {
///     let [size, rate] = b.split(&[1, 1], 0)[..] else { unreachable!() };
///     size * (-rate * g.constant(&t)).exp() - g.constant(&y)
/// });
/// let fit = LevenbergMarquardt::new().minimize(&mut decay, &[1.0, 0.0])?;
/// assert!((fit.x[1] - 2_f64.ln()).abs() < 1e-14);
/// # Ok::<(), optim::MinimizeError>(())
/// ```
pub struct RecordedResiduals<'m> {
    variables: Variables<'m>,
    shape: Shape,
    residuals: Option<Program<f64>>,
    jacobian: Option<Program<f64>>,
}

impl<'m> RecordedResiduals<'m> {
    /// Residuals of `n` variables, given to the closure as one vector.
    pub fn new(n: usize, record: impl for<'g> Fn(&'g Graph, Var<'g>) -> Var<'g> + 'm) -> Self {
        Self::of(Variables::flat(n, record))
    }

    /// A model's residuals as a function of its trainable parameters, as [`Recorded::of_model`].
    pub fn of_model<T: Scalar, const N: usize>(
        params: &Params<T>,
        inputs: [Value<f64>; N],
        residuals: impl for<'g> Fn(&'g Graph, [Var<'g>; N]) -> Var<'g> + 'm,
    ) -> Self {
        Self::of(Variables::of_model(params, inputs, residuals))
    }

    fn of(variables: Variables<'m>) -> Self {
        let shape = (variables.record)(&Graph::new()).shape();
        Self { variables, shape, residuals: None, jacobian: None }
    }

    fn by_columns(&self) -> bool {
        self.variables.params.trainable_count() <= self.shape.size()
    }
}

impl Residuals for RecordedResiduals<'_> {
    fn dimension(&self) -> Option<usize> {
        Some(self.variables.params.trainable_count())
    }

    fn count(&self) -> usize {
        self.shape.size()
    }

    fn residuals(&mut self, x: &[f64], residuals: &mut [f64]) -> Result<(), MinimizeError> {
        let variables = &mut self.variables;
        let program = compiled(&mut self.residuals, || {
            variables.compile(|residuals, _, _| Ok(vec![residuals]))
        })?;
        variables.run(program, x, None)?;
        copy_outputs(program, 0, residuals);
        Ok(())
    }

    fn jacobian(&mut self, x: &[f64], jacobian: &mut [f64]) -> Result<(), MinimizeError> {
        if self.by_columns() { self.columns(x, jacobian) } else { self.rows(x, jacobian) }
    }
}

impl RecordedResiduals<'_> {
    fn columns(&mut self, x: &[f64], jacobian: &mut [f64]) -> Result<(), MinimizeError> {
        let variables = &mut self.variables;
        let program = compiled(&mut self.jacobian, || {
            variables.compile(|residuals, variables, tangents| {
                Ok(vec![Gradient::of(residuals).jvp(variables, tangents)?])
            })
        })?;
        let mut unit = vec![0.0; x.len()];
        for j in 0..x.len() {
            unit[j] = 1.0;
            variables.run(program, x, Some(&unit))?;
            unit[j] = 0.0;
            let column = program.output(0);
            jacobian.chunks_mut(x.len()).zip(column).for_each(|(row, &d)| row[j] = d);
        }
        Ok(())
    }

    fn rows(&mut self, x: &[f64], jacobian: &mut [f64]) -> Result<(), MinimizeError> {
        let (variables, shape) = (&mut self.variables, &self.shape);
        let program = compiled(&mut self.jacobian, || {
            let graph = Graph::new();
            let residuals = (variables.record)(&graph);
            let cotangent = graph.input("v", shape.clone());
            let parameters = variables.parameters(&graph);
            let rows = Gradient::of(residuals).cotangent(cotangent).with_respect_to(&parameters)?;
            Ok(Program::compile(&rows, &variables.params))
        })?;
        let mut unit = Array::zeros(IxDyn(shape));
        for (i, row) in jacobian.chunks_mut(x.len().max(1)).enumerate() {
            unit.as_slice_mut().expect("it was just made")[i] = 1.0;
            variables.params.trainable_mut().copy_from_slice(x);
            program.run(&variables.params, &[(&unit).into()], variables.params.seed())?;
            unit.as_slice_mut().expect("it was just made")[i] = 0.0;
            copy_outputs(program, 0, row);
        }
        Ok(())
    }
}

/// A recorded function, and the store that its variables are in.
struct Variables<'m> {
    params: Params<f64>,
    record: Box<Record<'m>>,
}

/// The closure's type, which inference does not find by itself.
fn boxed<'m>(record: impl for<'g> Fn(&'g Graph) -> Var<'g> + 'm) -> Box<Record<'m>> {
    Box::new(record)
}

impl<'m> Variables<'m> {
    fn flat(n: usize, record: impl for<'g> Fn(&'g Graph, Var<'g>) -> Var<'g> + 'm) -> Self {
        let mut params = Params::with_seed(0);
        let x = params.root().parameter("x", Array::zeros(n).into_dyn());
        Self { params, record: boxed(move |graph| record(graph, graph.param(&x))) }
    }

    fn of_model<T: Scalar, const N: usize>(
        params: &Params<T>,
        inputs: [Value<f64>; N],
        record: impl for<'g> Fn(&'g Graph, [Var<'g>; N]) -> Var<'g> + 'm,
    ) -> Self {
        let record = boxed(move |graph| {
            record(graph, inputs.each_ref().map(|input| graph.constant(input.clone())))
        });
        Self { params: params.cast(), record }
    }

    fn parameters<'g>(&self, graph: &'g Graph) -> Vec<Var<'g>> {
        self.params.trainable_entries().map(|param| graph.param(param)).collect()
    }

    /// Compiles what is derived from the function, its variables, and a vector for each.
    fn compile(
        &self,
        derive: impl for<'g> Fn(Var<'g>, &[Var<'g>], &[Var<'g>]) -> Result<Vec<Var<'g>>, RunError>,
    ) -> Result<Program<f64>, RunError> {
        let graph = Graph::new();
        let value = (self.record)(&graph);
        let variables = self.parameters(&graph);
        let vector = |param: &Param| graph.input(param.path(), param.shape().clone());
        let vectors: Vec<Var<'_>> = self.params.trainable_entries().map(vector).collect();
        Ok(Program::compile(&derive(value, &variables, &vectors)?, &self.params))
    }

    /// Runs a program at x, with a vector where it has one.
    fn run(
        &mut self,
        program: &mut Program<f64>,
        x: &[f64],
        vector: Option<&[f64]>,
    ) -> Result<(), RunError> {
        self.params.trainable_mut().copy_from_slice(x);
        let params = &self.params;
        // A program that does not read the vectors is given any.
        let vector = vector.unwrap_or(x);
        let view = |param: &Param| {
            let part = &vector[params.range(param.id())];
            let view = ArrayViewD::from_shape(IxDyn(param.shape()), part);
            View::Real(view.expect("the range has the size of the shape"))
        };
        let vectors: Vec<View<'_, f64>> = params.trainable_entries().map(view).collect();
        program.run(params, &vectors, params.seed())
    }
}

/// The program, compiled if this is the first time.
fn compiled(
    program: &mut Option<Program<f64>>,
    compile: impl FnOnce() -> Result<Program<f64>, RunError>,
) -> Result<&mut Program<f64>, RunError> {
    if program.is_none() {
        *program = Some(compile()?);
    }
    Ok(program.as_mut().expect("it was just compiled"))
}

/// Copies the outputs from a position on, one after the other.
fn copy_outputs(program: &Program<f64>, mut position: usize, to: &mut [f64]) {
    let mut filled = 0;
    while filled < to.len() {
        let output = program.output(position);
        let part = &mut to[filled..filled + output.len()];
        part.iter_mut().zip(&output).for_each(|(to, &from)| *to = from);
        filled += output.len();
        position += 1;
    }
}

impl fmt::Debug for Recorded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recorded function of {} variables", self.variables.params.trainable_count())
    }
}

impl fmt::Debug for RecordedResiduals<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables = self.variables.params.trainable_count();
        write!(f, "{} recorded residuals of {variables} variables", self.shape.size())
    }
}
