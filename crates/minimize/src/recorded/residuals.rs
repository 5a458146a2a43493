//! Residuals that are recorded as a graph.

use std::fmt;

use graph::ndarray::{Array, IxDyn};
use graph::{Gradient, Graph, Params, Shape, Value, Var};
use program::Precision;
use program::Program;

use super::variables::{Variables, compiled, copy_outputs};
use crate::{MinimizeError, Residuals};

/// Recorded residuals of a flat vector, an array of any shape, with their Jacobian from the graph: by
/// columns in forward mode or by rows in reverse mode, whichever are fewer.
///
/// ```
/// use cotangent::ndarray::array;
/// use cotangent::minimize::RecordedResiduals;
/// use cotangent::minimize::{LevenbergMarquardt, Minimizer};
///
/// let (t, y) = (array![0.0, 1.0, 2.0], array![3.0, 1.5, 0.75]);
/// let mut decay = RecordedResiduals::new(2, |g, b| {
///     let [size, rate] = b.split(&[1, 1], 0)[..] else { unreachable!() };
///     size * (-rate * g.constant(&t)).exp() - g.constant(&y)
/// });
/// let fit = LevenbergMarquardt::new().minimize(&mut decay, &[1.0, 0.0])?;
/// assert!((fit.x[1] - 2_f64.ln()).abs() < 1e-14);
/// # Ok::<(), cotangent::minimize::MinimizeError>(())
/// ```
pub struct RecordedResiduals<'m> {
    variables: Variables<'m>,
    shape: Shape,
    residuals: Option<Program<f64>>,
    jacobian: Option<Program<f64>>,
}

impl<'m> RecordedResiduals<'m> {
    /// Residuals of `n` variables, given to the closure as one vector.
    #[track_caller]
    pub fn new(n: usize, record: impl for<'g> Fn(&'g Graph, Var<'g>) -> Var<'g> + 'm) -> Self {
        Self::of(Variables::flat(n, record))
    }

    /// A model's residuals as a function of its trainable parameters: see
    /// [`Recorded::of_model`](crate::Recorded::of_model).
    #[track_caller]
    pub fn of_model<T: Precision, const N: usize>(
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
        self.variables.count() <= self.shape.size()
    }
}

impl Residuals for RecordedResiduals<'_> {
    fn dimension(&self) -> Option<usize> {
        Some(self.variables.count())
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
            variables.go_to(x);
            program.run(&variables.params, &[(&unit).into()], variables.params.seed())?;
            unit.as_slice_mut().expect("it was just made")[i] = 0.0;
            copy_outputs(program, 0, row);
        }
        Ok(())
    }
}

impl fmt::Debug for RecordedResiduals<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables = self.variables.count();
        write!(f, "{} recorded residuals of {variables} variables", self.shape.size())
    }
}
