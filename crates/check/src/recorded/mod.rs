//! The check of a recorded function: a graph, whose reverse rules make the claim.

mod adjoint;
mod alone;
mod levels;
mod locate;
mod meant;
mod problem;

use graph::{Graph, Params, RunError, Scalar, Value, Var, reading};

use crate::claim::Manner;
use crate::draws::Draws;
use crate::report::Report;
use crate::verdict::Verdict;
use levels::Examination;
use meant::Meant;
use problem::{Input, Problem};

/// Checks the gradient of what `f` records with respect to every real input, at these values.
///
/// If `f` answers an array, a random projection of it is differentiated, which depends on every
/// element of the Jacobian. See [`Check`] for options.
///
/// # Errors
/// If the function cannot be evaluated at the inputs: an index is out of range, or it has inputs or
/// parameters of its own ([`Check::params`] gives it some).
pub fn check(
    f: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g>,
    inputs: &[Value<f64>],
) -> Result<Report, RunError> {
    Check::new().run(f, inputs)
}

/// A check of a recorded function, with options.
///
/// ```
/// use cotangent::check::Check;
/// use cotangent::ndarray::array;
///
/// let report = Check::new().order(3).run(|_, x| x[0].tanh(), &[array![0.5, -1.0].into()])?;
/// assert!(report.is_right());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Check {
    orders: usize,
    manner: Manner,
    params: Option<Params<f64>>,
    kinks: Vec<String>,
    meant: Meant,
}

impl Default for Check {
    fn default() -> Self {
        Self::new()
    }
}

impl Check {
    /// Every element, to first order, without parameters.
    pub fn new() -> Self {
        let (kinks, meant) = (Vec::new(), Meant::default());
        Self { orders: 1, manner: Manner::default(), params: None, kinks, meant }
    }

    /// Checks derivatives up to this order. From the second on, each order differentiates a random
    /// projection of the derivatives of the one before, which depends on all of them.
    pub fn order(self, orders: usize) -> Self {
        Self { orders, ..self }
    }

    /// Checks the derivatives along this many random directions, in which all inputs move together,
    /// instead of every element: a wrong rule shows in a single one almost surely, and the cost does
    /// not grow with the inputs.
    pub fn directions(mut self, count: usize) -> Self {
        self.manner.directions = Some(count);
        self
    }

    /// The seed of projections and directions, and of random operations. Without it, 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.manner.seed = seed;
        self
    }

    /// Checks the derivatives with respect to the trainable parameters, too, at the values they have
    /// in this store.
    pub fn params<T: Scalar>(self, params: &Params<T>) -> Self {
        Self { params: Some(params.cast()), ..self }
    }

    /// Allows the kinks and jumps of these operations: of all of a name, such as `"relu"`, or of one
    /// variable, by the name it was given ([`Var::named`]).
    ///
    /// At a kink no derivative exists, and the check refuses to call one right. Where these operations
    /// alone have kinks at the point, the derivatives that cannot be judged because of them are allowed.
    /// A value that lies outside of the derivatives to the left and to the right is wrong all the same.
    ///
    /// ```
    /// use cotangent::check::Check;
    /// use cotangent::ndarray::array;
    ///
    /// let at_kink = [array![0.0, 1.0].into()];
    /// let report = Check::new().run(|_, x| x[0].relu(), &at_kink)?;
    /// assert!(!report.is_right() && !report.is_wrong());
    /// assert_eq!(report.kinks()[0].operation, "relu");
    /// let report = Check::new().kinks(["relu"]).run(|_, x| x[0].relu(), &at_kink)?;
    /// assert!(report.is_right());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    pub fn kinks(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.kinks.extend(names.into_iter().map(Into::into));
        self
    }

    /// Declares rules that differ from the derivative as meant: those of all operations of a name, such
    /// as `"stop_gradient"`, or of one variable, by the name it was given ([`Var::named`]).
    ///
    /// The check takes such a rule at its word, and everything else is checked as ever: away from the
    /// point, the operation's value counts as y₀ + J·(x − x₀), with y₀ its value at the point and J the
    /// Jacobian that the rule claims. For `stop_gradient` that is a constant; for a straight-through
    /// rule, whose cotangent passes unchanged, it moves as its input does.
    ///
    /// ```
    /// use cotangent::check::Check;
    /// use cotangent::Var;
    /// use cotangent::ndarray::array;
    ///
    /// /// The sign of x, trained as if it were x (Bengio, Léonard and Courville, 2013).
    /// fn binary(x: Var<'_>) -> Var<'_> {
    ///     x.sign().with_vjp(&[x], |_, _, v| vec![v]).named("binary")
    /// }
    ///
    /// fn loss(x: Var<'_>) -> Var<'_> {
    ///     (binary(x) * x.sin()).sum()
    /// }
    ///
    /// let x = [array![0.3, -0.7].into()];
    /// assert!(Check::new().run(|_, x| loss(x[0]), &x)?.is_wrong());
    /// assert!(Check::new().meant(["binary"]).run(|_, x| loss(x[0]), &x)?.is_right());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    pub fn meant(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.meant.extend(names.into_iter().map(Into::into));
        self
    }

    /// Checks what `f` records, at these values. Indices among the inputs stay as they are.
    ///
    /// # Errors
    /// If the function cannot be evaluated at the inputs.
    pub fn run(
        &self,
        f: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g>,
        inputs: &[Value<f64>],
    ) -> Result<Report, RunError> {
        let graph = Graph::new();
        let input = |(value, i): (&Value<f64>, usize)| {
            Input::new(&graph, format!("x{i}"), value.view().ty(), value.clone())
        };
        let inputs: Vec<Input<'_>> = inputs.iter().zip(0..).map(input).collect();
        let vars: Vec<Var<'_>> = inputs.iter().map(|input| input.var).collect();
        let output = f(&graph, &vars);
        let unmet = self.meant.unmet(&reading::sources(&[output]));
        let problem = self.problem(&graph, inputs);
        let (rows, properties) = Examination { check: self, problem: &problem }.run(output)?;
        let mut report = Report { rows, properties, unmet, ..Report::default() };
        self.explain(&problem, output, &mut report)?;
        Ok(report)
    }

    /// Adds which operations are behind what is wrong and what cannot be judged.
    fn explain<'g>(
        &self,
        problem: &Problem<'g>,
        output: Var<'g>,
        report: &mut Report,
    ) -> Result<(), RunError> {
        let lowest = |of: &dyn Fn(&Verdict) -> bool| {
            report.rows.iter().filter(|row| of(&row.verdict)).map(|row| row.order).min()
        };
        let wrong = lowest(&|verdict| *verdict == Verdict::Wrong);
        let rough = lowest(&Verdict::is_rough);
        // The properties compare derivatives of derivatives.
        if let Some(order) = wrong.or(report.is_wrong().then_some(2)) {
            report.suspects = locate::suspects(self, problem, output, order)?;
        }
        if let Some(order) = rough {
            report.kinks = locate::kinks(self, problem, output, order)?;
            let is_allowed = |name: &str| self.kinks.iter().any(|allowed| allowed == name);
            let allowed = report.kinks.iter().all(|kink| {
                is_allowed(&kink.operation) || kink.name.as_deref().is_some_and(is_allowed)
            });
            if allowed && !report.kinks.is_empty() {
                for row in &mut report.rows {
                    row.verdict = row.verdict.allowing_kinks();
                }
            }
        }
        Ok(())
    }

    fn draws(&self, order: usize) -> Draws {
        self.manner.draws(order)
    }
}
