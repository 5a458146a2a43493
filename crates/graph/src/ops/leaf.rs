//! The leaves of a graph: inputs, parameters and constants.

use ndarray::{ArrayD, IxDyn};
use std::sync::Arc;

use crate::Lowering;
use crate::elementwise::each;
use crate::params::ParamId;
use crate::{
    Args, Batch, Cotangents, Graph, Kind, Operation, Out, RunResult, Scalar, Shape, Type, Value,
    Var, misfit,
};

/// A value given at every run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Input {
    /// Its position among the graph's inputs.
    pub slot: usize,
    pub ty: Type,
}

/// A parameter's or buffer's value before the run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameter {
    pub id: ParamId,
    pub shape: Shape,
}

/// A fixed array.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Constant {
    pub value: Arc<Value<f64>>,
}

/// One number, at every position of an array.
///
/// Recorded by [`Graph::full`](crate::Graph::full).
#[derive(Clone, Debug, PartialEq)]
pub struct Full {
    /// The shape of the array.
    pub shape: Shape,
    /// The number.
    pub value: f64,
}

impl Operation for Input {
    fn name(&self) -> &'static str {
        "input"
    }
    fn infer(&self, _: &[Type]) -> Result<Type, String> {
        Ok(self.ty.clone())
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, _: &Args<'_, T>, _: &mut Out<'_, T>) -> RunResult {
        unreachable!("the evaluators bind inputs")
    }
    fn lower(&self) -> Lowering {
        Lowering::Input(self.slot)
    }
}

impl Operation for Parameter {
    fn name(&self) -> &'static str {
        "parameter"
    }
    fn infer(&self, _: &[Type]) -> Result<Type, String> {
        Ok(Type::real(&self.shape))
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, _: &Args<'_, T>, _: &mut Out<'_, T>) -> RunResult {
        unreachable!("the evaluators bind parameters")
    }
    fn lower(&self) -> Lowering {
        Lowering::Parameter(self.id)
    }
}

impl Operation for Constant {
    fn name(&self) -> &'static str {
        "constant"
    }
    fn infer(&self, _: &[Type]) -> Result<Type, String> {
        Ok(match &*self.value {
            Value::Real(array) => Type::real(array.shape()),
            Value::Index(array) => Type::index(array.shape()),
        })
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, _: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        match (&*self.value, out) {
            (Value::Real(array), Out::Real(out)) => {
                each(out, &array.view(), &|ys, xs| {
                    ys.iter_mut().zip(xs).for_each(|(y, &x)| *y = T::from_f64(x));
                });
            }
            (Value::Index(array), Out::Index(out)) => out.assign(array),
            _ => unreachable!("the type is that of the value"),
        }
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::Constant
    }
}

impl Operation for Full {
    fn name(&self) -> &'static str {
        "full"
    }
    fn infer(&self, _: &[Type]) -> Result<Type, String> {
        Ok(Type::real(&self.shape))
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, _: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        out.real().fill(T::from_f64(self.value));
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::Full(self.value)
    }
}

/// The argument in memory of its own: a compiler's word for outputs that are views. Cotangent: v.
///
/// Compilers record it; users have no need to, as a [`Var`](crate::Var) can be an output itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Copy;

impl Operation for Copy {
    fn name(&self) -> &'static str {
        "copy"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = crate::error::exactly(inputs)?;
        Ok(x.clone())
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        smallvec::smallvec![Some(v)]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        match out {
            Out::Real(out) => out.assign(&args.real(0)),
            Out::Index(out) => out.assign(&args.index(0)),
        }
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::Copy
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

impl Graph {
    /// A fixed array: reals from an array of floats or a number, indices from one of any integer type.
    ///
    /// A constant can be differentiated with respect to, like any real variable.
    #[track_caller]
    pub fn constant(&self, value: impl Into<Value<f64>>) -> Var<'_> {
        self.apply_constant(value.into())
    }

    #[track_caller]
    fn apply_constant(&self, value: Value<f64>) -> Var<'_> {
        self.apply(Constant { value: Arc::new(value) }, &[])
    }

    /// A fixed array of truth values.
    ///
    /// # Panics
    /// If the shape does not hold as many elements as there are truth values.
    #[track_caller]
    pub fn mask(&self, shape: impl Into<Shape>, truths: &[bool]) -> Var<'_> {
        self.apply_mask(shape.into(), truths)
    }

    #[track_caller]
    fn apply_mask(&self, shape: Shape, truths: &[bool]) -> Var<'_> {
        let stored: Vec<f64> = truths.iter().map(|&truth| f64::from(u8::from(truth))).collect();
        match ArrayD::from_shape_vec(IxDyn(&shape), stored) {
            Ok(array) => self.constant(Value::Real(array)).ne(0.0),
            Err(_) => {
                let rule = format!("shape {shape} does not hold {} values", truths.len());
                misfit("mask", rule, &[])
            }
        }
    }

    /// An array with one number at every position.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// assert_eq!(g.full([2], 0.5).eval()?, array![0.5, 0.5].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    #[track_caller]
    pub fn full(&self, shape: impl Into<Shape>, value: f64) -> Var<'_> {
        self.apply_full(shape.into(), value)
    }

    #[track_caller]
    fn apply_full(&self, shape: Shape, value: f64) -> Var<'_> {
        self.apply(Full { shape, value }, &[])
    }

    /// The whole numbers 0, 1, …, `count` − 1, as indices.
    #[track_caller]
    pub fn arange(&self, count: usize) -> Var<'_> {
        self.constant(ndarray::Array1::from_iter(0..count as i64))
    }
}

impl Var<'_> {
    /// Whether it holds real numbers.
    pub fn is_real(self) -> bool {
        self.kind() == Kind::Real
    }
}
