//! Truth values: and, or, not, and their use as numbers.

use smallvec::smallvec;

use super::registry::{Example, binary};
use super::zip::Binary;
use crate::Lowering;
use crate::error::{exactly, expect_kind};
use crate::{Args, Cotangents, Kind, Operation, Out, RunResult, Scalar, Type, Var, ZipWord};

/// A function of two truth values, which are stored as 0 and 1.
macro_rules! connective {
    ($name:ident, $method:ident, $kernel:ident, $of_stored:ident, $meaning:literal) => {
        #[doc = $meaning]
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name;

        impl Binary for $name {
            const NAME: &'static str = stringify!($method);
            fn kind(&self, a: Kind, b: Kind) -> Result<Kind, String> {
                expect_kind("the first argument", a, Kind::Boolean)?;
                expect_kind("the second argument", b, Kind::Boolean)?;
                Ok(Kind::Boolean)
            }
            fn eval<T: Scalar>(&self, a: T, b: T) -> T {
                a.$of_stored(b)
            }
            fn vjp<'g>(
                &self,
                _: Var<'g>,
                _: Var<'g>,
                _: Var<'g>,
                _: Var<'g>,
            ) -> Option<(Var<'g>, Var<'g>)> {
                None
            }
            fn word(&self) -> ZipWord {
                ZipWord::$kernel
            }
        }

        impl<'g> Var<'g> {
            #[doc = concat!($meaning, " Elementwise.")]
            #[track_caller]
            pub fn $method(self, other: Var<'g>) -> Var<'g> {
                self.zip(other, $name)
            }
        }
    };
}

connective!(And, and, Min, min, "Whether both are true.");
connective!(Or, or, Max, max, "Whether one of them is true.");

/// A truth value or an index as a real number: 0 for false, 1 for true. No derivative.
#[derive(Clone, Debug, PartialEq)]
pub struct ToReal;

impl Operation for ToReal {
    fn name(&self) -> &'static str {
        "to_real"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        Ok(Type::real(&x.shape))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        match inputs[0].kind() {
            Kind::Real => smallvec![Some(v)],
            Kind::Index | Kind::Boolean => crate::no_derivative(),
        }
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        match args.view(0) {
            crate::View::Real(x) => out.real().assign(x),
            crate::View::Index(x) => {
                out.real().zip_mut_with(x, |y, &index| *y = T::from_f64(index as f64));
            }
        }
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::Reinterpret
    }
}

/// Whether it is false, elementwise.
impl<'g> std::ops::Not for Var<'g> {
    type Output = Var<'g>;
    #[track_caller]
    fn not(self) -> Var<'g> {
        self.to_real().eq(0.0)
    }
}

impl<'g> Var<'g> {
    /// The truth value or index as a real number, elementwise: 0 for false, 1 for true.
    #[track_caller]
    pub fn to_real(self) -> Var<'g> {
        self.graph().apply(ToReal, &[self])
    }
}

pub(super) fn examples() -> Vec<Example> {
    let (low, high) = (-2.0..-0.5, -0.4..2.0);
    vec![
        binary("and", low.clone(), high.clone(), |a, b| a.lt(b).and(b.gt(a)).select(a * b, a)),
        binary("or", low.clone(), high.clone(), |a, b| a.gt(b).or(b.gt(a)).select(a * b, a)),
        binary("to_real", low, high, |a, b| (!a.lt(b)).to_real() * a + a.lt(b).to_real() * b * a),
    ]
}
