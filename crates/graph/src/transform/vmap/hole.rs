//! What a body is recorded on.

use crate::{Args, Cotangents, Fault, Graph, Operation, Out, RunResult, Scalar, Type, Var};

/// A value that the body of a transform is recorded on, and that something else stands for once the body ends. Each is its
/// own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hole {
    token: usize,
    ty: Type,
}

impl Operation for Hole {
    fn name(&self) -> &'static str {
        "hole"
    }
    fn infer(&self, _: &[Type]) -> Result<Type, String> {
        Ok(self.ty.clone())
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, _: &Args<'_, T>, _: &mut Out<'_, T>) -> RunResult {
        Err(Fault::Refused {
            operation: "the value of a body".to_owned(),
            rule: "what is recorded in the body of a vmap or of a loop has no value outside: let the body answer it, and \
                   read what comes out of the vmap or the loop"
                .to_owned(),
            inputs: self.ty.to_string(),
        })
    }
}

impl Graph {
    /// Records a hole.
    #[track_caller]
    pub(crate) fn hole(&self, ty: Type) -> Var<'_> {
        self.apply(Hole { token: self.len(), ty }, &[])
    }
}
