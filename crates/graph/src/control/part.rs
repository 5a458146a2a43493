//! One of several results of an operation.

use crate::error::exactly;
use crate::{Args, Cotangents, Lowering, Operation, Out, Place, RunResult, Scalar, Type, Var};

/// One of several results of an operation, which lie one after the other in the array that it computes. Cotangents of
/// parts reach the operation each by itself ([`Operation::vjp_of_parts`]).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    /// Which of the results it is.
    pub number: usize,
    /// Where it lies in the array.
    pub place: Place,
}

impl Operation for Part {
    fn name(&self) -> &'static str {
        "part"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        self.place.check(&x.shape)?;
        Ok(Type { kind: x.kind, shape: self.place.shape.clone() })
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        unreachable!("the sweep hands the cotangent of a part on to the operation")
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let whole = args.real(0);
        let whole = whole.as_slice().expect("results are dense");
        let numbers = self.place.numbers();
        out.real().iter_mut().zip(numbers).for_each(|(y, number)| *y = whole[number]);
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::View(self.place.clone())
    }
}
