//! A value that does not exist if what computed it has not come to its end.

use smallvec::smallvec;

use crate::error::{exactly, expect_kind};
use crate::{Args, Batch, Cotangents, Fault, Kind, Operation, Out, RunResult, Scalar, Type, Var};

/// Its first input, if no number of the second is other than 0, which stands for what is not done; else an error of the run.
/// Cotangents: v, under the same rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ended {
    /// What was asked for.
    pub operation: &'static str,
    /// What is told if it is not done.
    pub rule: String,
    /// What the number is that stands for what is not done, if it is worth telling.
    pub running: Option<&'static str>,
}

impl Operation for Ended {
    fn name(&self) -> &'static str {
        "ended"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x, running] = exactly(inputs)?;
        expect_kind("what is checked", running.kind, Kind::Real)?;
        expect_kind("the value", x.kind, Kind::Real)?;
        Ok(x.clone())
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        smallvec![Some(v.graph().apply(self.clone(), &[v, inputs[1]])), None]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let running = args.real(1);
        let mut on = running.iter().filter(|&&running| running != T::zero());
        if let Some(first) = on.next() {
            let count = 1 + on.count();
            let mut rule = self.rule.clone();
            if let Some(running) = self.running {
                rule = format!("{rule}; {running} {first:e}");
            }
            if running.ndim() > 0 {
                rule = format!("{rule} (of {count} of {} samples)", running.len());
            }
            let operation = self.operation.to_owned();
            return Err(Fault::Refused { operation, rule, inputs: "its carries".to_owned() });
        }
        out.real().assign(&args.real(0));
        Ok(())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}
