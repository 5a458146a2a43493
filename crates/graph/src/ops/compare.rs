//! Comparisons, which answer truth values and have no derivative.

use super::registry::{Example, binary};
use super::zip::{Binary, Operand};
use crate::error::expect_kind;
use crate::{Kind, Scalar, Var, ZipWord};

/// A comparison of two reals or of two indices.
macro_rules! comparison {
    ($name:ident, $method:ident, $operator:tt, $meaning:literal) => {
        #[doc = concat!($meaning, ", as a truth value.")]
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name;

        impl Binary for $name {
            const NAME: &'static str = stringify!($method);
            fn kind(&self, a: Kind, b: Kind) -> Result<Kind, String> {
                expect_kind("the second argument", b, a)?;
                Ok(Kind::Boolean)
            }
            fn eval<T: Scalar>(&self, a: T, b: T) -> T {
                if a $operator b { T::one() } else { T::zero() }
            }
            fn eval_index(&self, a: i64, b: i64) -> bool {
                a $operator b
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
                ZipWord::$name
            }
        }

        impl<'g> Var<'g> {
            #[doc = concat!($meaning, ", elementwise, of two reals or of two indices; a truth value.")]
            #[track_caller]
            pub fn $method(self, other: impl Operand<'g>) -> Var<'g> {
                self.zip(other, $name)
            }
        }
    };
}

comparison!(Eq, eq, ==, "a = b");
comparison!(Ne, ne, !=, "a ≠ b");
comparison!(Lt, lt, <, "a < b");
comparison!(Le, le, <=, "a ≤ b");
comparison!(Gt, gt, >, "a > b");
comparison!(Ge, ge, >=, "a ≥ b");

pub(super) fn examples() -> Vec<Example> {
    let (low, high) = (-2.0..-0.5, -0.4..2.0);
    vec![
        binary("eq", low.clone(), high.clone(), |a, b| a.eq(b).select(a, a * b)),
        binary("ne", low.clone(), high.clone(), |a, b| a.ne(b).select(a, a * b)),
        binary("lt", low.clone(), high.clone(), |a, b| a.lt(b).select(a, a * b)),
        binary("le", low.clone(), high.clone(), |a, b| a.le(b).select(a, a * b)),
        binary("gt", low.clone(), high.clone(), |a, b| a.gt(b).select(a, a * b)),
        binary("ge", low, high, |a, b| a.ge(b).select(a, a * b)),
    ]
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn indices_compare_with_indices() {
        let g = Graph::new();
        let (a, b) = (g.constant(array![0_i64, 1, 2]), g.constant(array![2_i64, 1, 0]));
        assert_eq!(a.le(b).eval().unwrap(), array![1.0, 1.0, 0.0].into_dyn());
    }

    #[test]
    #[should_panic(expected = "the second argument must be index, not real")]
    fn indices_do_not_compare_with_reals() {
        let g = Graph::new();
        g.constant(array![0_i64]).eq(1.0);
    }
}
