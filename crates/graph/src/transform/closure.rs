//! Transforms of closures that record functions.

use std::panic::Location;

use super::CustomVjp;
use crate::{Gradient, GradientError, Graph, Var};

/// A transform of a closure, and the line that asked for it, which its panics name: the closure it
/// answers cannot know who calls it.
#[derive(Clone, Copy)]
pub(super) struct Transform {
    name: &'static str,
    location: &'static Location<'static>,
}

impl Transform {
    #[track_caller]
    pub fn new(name: &'static str) -> Self {
        Self { name, location: Location::caller() }
    }

    /// A mistake in what the transform is asked for.
    pub fn refuse(self, rule: &str) -> ! {
        panic!("{}: {rule}\n  at {}", self.name, self.location)
    }

    /// What is recorded; a mistake in the function is a mistake in the program.
    pub fn recorded<R>(self, result: Result<R, GradientError>) -> R {
        match result {
            Ok(recorded) => recorded,
            Err(error) => panic!("{}: {}", self.name, error.at(self.location)),
        }
    }

    /// The input at a position that the transform was given.
    pub fn input<'g>(self, inputs: &[Var<'g>], position: usize) -> Var<'g> {
        match inputs.get(position) {
            Some(&input) => input,
            None => self.refuse(&format!("there is no input {position} among {}", inputs.len())),
        }
    }

    /// The inputs but the last, and the last, which is the vector of a product.
    fn with_vector<'a, 'g>(self, inputs: &'a [Var<'g>]) -> (&'a [Var<'g>], Var<'g>) {
        match inputs.split_last() {
            Some((&vector, inputs)) => (inputs, vector),
            None => self.refuse("the last input is the vector, and there is none"),
        }
    }
}

/// The gradient of a function, where arguments that it does not depend on have derivative 0.
fn gradient(output: Var<'_>) -> Gradient<'_> {
    Gradient::of(output).zeros_without_path()
}

/// The gradient of the scalar function `f` with respect to its input at `position`.
///
/// ```
/// use cotangent::{Graph, transform::grad};
///
/// let second = grad(grad(|_, x| x[0] * x[0] * x[0], 0), 0);
/// let g = Graph::new();
/// assert_eq!(second(&g, &[g.constant(2.0)]).eval()?[[]], 12.0);
/// # Ok::<(), cotangent::RunError>(())
/// ```
///
/// # Panics
/// When called: if `f` does not answer a real scalar. So do the other transforms of scalars.
#[track_caller]
pub fn grad(
    f: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g>,
    position: usize,
) -> impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g> {
    let transform = Transform::new("grad");
    move |graph, inputs| {
        transform.recorded(
            gradient(f(graph, inputs)).with_respect_to(&[transform.input(inputs, position)]),
        )[0]
    }
}

/// The value of the scalar function `f` together with its gradient with respect to its input at
/// `position`.
///
/// ```
/// use cotangent::{Graph, transform::value_and_grad};
///
/// let g = Graph::new();
/// let (value, slope) = value_and_grad(|_, x| x[0] * x[0] * x[1], 0)(&g, &[g.constant(3.0), g.constant(2.0)]);
/// assert_eq!((value.eval()?[[]], slope.eval()?[[]]), (18.0, 12.0));
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[track_caller]
pub fn value_and_grad(
    f: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g>,
    position: usize,
) -> impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> (Var<'g>, Var<'g>) {
    let transform = Transform::new("value_and_grad");
    move |graph, inputs| {
        let value = f(graph, inputs);
        let gradients = gradient(value).with_respect_to(&[transform.input(inputs, position)]);
        (value, transform.recorded(gradients)[0])
    }
}

/// The vector-Jacobian product vᵀJ of `f` with respect to its input at `position`, as a function of
/// the inputs of `f` followed by v.
///
/// ```
/// use cotangent::{Graph, transform::vjp};
/// use cotangent::ndarray::array;
///
/// let g = Graph::new();
/// let (x, v) = (g.constant(array![1.0, 2.0]), g.constant(array![1.0, 10.0]));
/// let pulled = vjp(|_, x| x[0].square(), 0)(&g, &[x, v]);
/// assert_eq!(pulled.eval()?, array![2.0, 40.0].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[track_caller]
pub fn vjp(
    f: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g>,
    position: usize,
) -> impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g> {
    let transform = Transform::new("vjp");
    move |graph, inputs| {
        let (inputs, v) = transform.with_vector(inputs);
        let product = gradient(f(graph, inputs)).cotangent(v);
        transform.recorded(product.with_respect_to(&[transform.input(inputs, position)]))[0]
    }
}

/// The Jacobian-vector product J·t of `f` with respect to its input at `position`, as a function of
/// the inputs of `f` followed by t.
///
/// ```
/// use cotangent::{Graph, transform::jvp};
/// use cotangent::ndarray::array;
///
/// let g = Graph::new();
/// let (x, t) = (g.constant(array![1.0, 2.0]), g.constant(array![0.0, 1.0]));
/// let moved = jvp(|_, x| x[0].square(), 0);
/// assert_eq!(moved(&g, &[x, t]).eval()?, array![0.0, 4.0].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[track_caller]
pub fn jvp(
    f: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g>,
    position: usize,
) -> impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g> {
    let transform = Transform::new("jvp");
    move |graph, inputs| {
        let (inputs, t) = transform.with_vector(inputs);
        transform
            .recorded(gradient(f(graph, inputs)).jvp(&[transform.input(inputs, position)], &[t]))
    }
}

/// The Jacobian of `f` with respect to its input at `position`: [`Var::jacobian`].
#[track_caller]
pub fn jacobian(
    f: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g>,
    position: usize,
) -> impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g> {
    let transform = Transform::new("jacobian");
    move |graph, inputs| {
        transform.recorded(gradient(f(graph, inputs)).jacobian(transform.input(inputs, position)))
    }
}

/// The Hessian of the scalar function `f` with respect to its input at `position`:
/// [`Var::hessian`].
#[track_caller]
pub fn hessian(
    f: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g>,
    position: usize,
) -> impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g> {
    let transform = Transform::new("hessian");
    move |graph, inputs| {
        transform.recorded(gradient(f(graph, inputs)).hessian(transform.input(inputs, position)))
    }
}

/// The Hessian-vector product H·v of the scalar function `f` with respect to its input at
/// `position`, as a function of the inputs of `f` followed by v: [`Var::hvp`].
#[track_caller]
pub fn hvp(
    f: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g>,
    position: usize,
) -> impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g> {
    let transform = Transform::new("hvp");
    move |graph, inputs| {
        let (inputs, v) = transform.with_vector(inputs);
        transform
            .recorded(gradient(f(graph, inputs)).hvp(&[transform.input(inputs, position)], &[v]))[0]
    }
}

/// The Gauss–Newton product of the loss ℓ(f(x)) with respect to the input of `f` at `position`, as a
/// function of the inputs of `f` followed by v: [`Gradient::gauss_newton_product`]. The loss is
/// recorded from the prediction alone; what else it needs are constants.
#[track_caller]
pub fn gauss_newton_product(
    f: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g>,
    loss: impl for<'g> Fn(&'g Graph, Var<'g>) -> Var<'g>,
    position: usize,
) -> impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g> {
    let transform = Transform::new("gauss_newton_product");
    move |graph, inputs| {
        let (inputs, v) = transform.with_vector(inputs);
        let prediction = f(graph, inputs);
        let product = gradient(loss(graph, prediction));
        let products =
            product.gauss_newton_product(prediction, &[transform.input(inputs, position)], &[v]);
        transform.recorded(products)[0]
    }
}

/// The function `f` under a reverse rule of one's own: given the inputs, the output and its cotangent
/// v, `rule` records the cotangent of each input. See [`Var::with_vjp`], which puts any recorded
/// value under a rule.
#[track_caller]
pub fn custom_vjp(
    f: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g>,
    rule: impl for<'g> Fn(&[Var<'g>], Var<'g>, Var<'g>) -> Vec<Var<'g>> + Send + Sync + 'static,
) -> impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g> {
    let custom = CustomVjp::new("custom_vjp", move |inputs, output, v| {
        rule(inputs, output, v).into_iter().map(Some).collect()
    });
    let line = (Location::caller(), false);
    move |graph, inputs| {
        let output = f(graph, inputs);
        graph.on_behalf(line, || custom.clone().around(output, inputs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn transforms_nest_to_any_order() {
        let g = Graph::new();
        let (x, one) = (g.constant(0.4), g.constant(1.0));
        let fourth = grad(grad(grad(grad(|_, x| x[0].sin(), 0), 0), 0), 0);
        let mixed = jvp(grad(jvp(grad(|_, x| x[0].sin(), 0), 0), 0), 0);
        approx::assert_relative_eq!(
            fourth(&g, &[x]).eval().unwrap()[[]],
            0.4f64.sin(),
            max_relative = 1e-14
        );
        // Forward over reverse over forward over reverse.
        approx::assert_relative_eq!(
            mixed(&g, &[x, one, one]).eval().unwrap()[[]],
            0.4f64.sin(),
            max_relative = 1e-14
        );
        let third = grad(grad(grad(|_, x| x[0] * x[0], 0), 0), 0);
        assert_eq!(third(&g, &[x]).eval().unwrap()[[]], 0.0);
    }

    #[test]
    fn the_hessian_times_a_vector_is_the_product() {
        let g = Graph::new();
        let (x, v) = (g.constant(array![0.2, 0.5, -0.7]), g.constant(array![1.0, -2.0, 0.5]));
        let full = hessian(|_, x| x[0].logsumexp() * x[0].prod(), 0)(&g, &[x]);
        let product = hvp(|_, x| x[0].logsumexp() * x[0].prod(), 0)(&g, &[x, v]);
        approx::assert_relative_eq!(
            full.matmul(v).eval().unwrap(),
            product.eval().unwrap(),
            epsilon = 1e-15
        );
        let columns = jacobian(grad(|_, x| x[0].logsumexp() * x[0].prod(), 0), 0)(&g, &[x]);
        assert_eq!(columns.eval().unwrap(), full.eval().unwrap());
    }

    #[test]
    fn a_custom_rule_is_a_function_like_any_other() {
        let g = Graph::new();
        let x = g.constant(array![3.0, -4.0]);
        let clipped = custom_vjp(|_, x| x[0] * 1.0, |_, _, v| vec![v.clamp(-1.0, 1.0)]);
        let (value, dx) = value_and_grad(move |g, x| clipped(g, x).square().sum(), 0)(&g, &[x]);
        assert_eq!(value.eval().unwrap()[[]], 25.0);
        assert_eq!(dx.eval().unwrap(), array![1.0, -1.0].into_dyn());
    }

    #[test]
    fn the_gauss_newton_product_of_a_linear_model_is_that_of_its_hessian() {
        let g = Graph::new();
        let (w, x) = (g.constant(array![0.5, -0.2]), g.constant(array![[1.0, 2.0], [3.0, -1.0]]));
        let v = g.constant(array![1.0, 1.0]);
        let product = gauss_newton_product(|_, x| x[1].matmul(x[0]), |_, y| y.exp().sum(), 0);
        let direct = x.matmul(w).exp().sum().hvp(w, v);
        approx::assert_relative_eq!(
            product(&g, &[w, x, v]).eval().unwrap(),
            direct.eval().unwrap(),
            max_relative = 1e-14
        );
    }

    #[test]
    #[should_panic(expected = "grad: gradient: only a real scalar has a gradient")]
    fn the_gradient_of_a_vector_is_refused() {
        let g = Graph::new();
        grad(|_, x| x[0].exp(), 0)(&g, &[g.full([2], 0.0)]);
    }

    #[test]
    fn a_mistake_names_the_line_of_the_transform() {
        let message = |call: fn()| {
            let panic = std::panic::catch_unwind(call).unwrap_err();
            panic.downcast_ref::<String>().unwrap().clone()
        };
        let here = |line: u32| format!("\n  at {}:{line}:", file!());
        let line = line!() + 2;
        let of_vector = message(|| {
            let first = grad(|_, x| x[0].exp(), 0);
            let g = Graph::new();
            first(&g, &[g.full([2], 0.0)]);
        });
        assert!(of_vector.contains(&here(line)), "{of_vector}");
        let line = line!() + 2;
        let without_input = message(|| {
            let third = jacobian(|_, x| x[0].exp(), 2);
            let g = Graph::new();
            third(&g, &[g.full([2], 0.0)]);
        });
        assert!(without_input.contains(&here(line)), "{without_input}");
        assert!(without_input.starts_with("jacobian: there is no input 2 among 1"));
        let line = line!() + 1;
        let without_vector = message(|| _ = hvp(|_, x| x[0], 0)(&Graph::new(), &[]));
        assert!(without_vector.contains(&here(line)), "{without_vector}");
    }
}
