use super::*;
use crate::elementwise::{maximum, minimum};
use crate::isa::{Kernel, Simd};
use crate::scalar::Scalar;
use crate::testing::{Rng, levels};

/// Checks every operation of the vector of a level against the same in each lane.
struct Check<'a, T> {
    a: &'a [T],
    b: &'a [T],
    square: &'a [T],
}

impl<T: Scalar> Kernel for Check<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        // SAFETY: this is the copy for level `S`; both slices have MAX_LANES numbers.
        unsafe {
            let lanes = T::Vector::<S>::LANES;
            let (a, b) =
                (T::Vector::<S>::load(self.a.as_ptr()), T::Vector::<S>::load(self.b.as_ptr()));
            let expect = |vector: T::Vector<S>, expected: &dyn Fn(T, T) -> T| {
                let mut out = [T::zero(); MAX_LANES];
                vector.store(out.as_mut_ptr());
                for (i, &x) in out.iter().enumerate().take(lanes) {
                    let expected = expected(self.a[i], self.b[i]);
                    assert!(x == expected || (x.is_nan() && expected.is_nan()));
                }
            };
            expect(a.add(b), &|a, b| a + b);
            expect(a.mul(b), &|a, b| a * b);
            expect(a.sub(b), &|a, b| a - b);
            expect(a.div(b), &|a, b| a / b);
            expect(a.sqrt(), &|a, _| a.sqrt());
            let yes_or_no = |holds: bool| if holds { T::one() } else { T::zero() };
            let (one, zero) = (T::Vector::<S>::splat(T::one()), T::Vector::<S>::splat(T::zero()));
            expect(a.choose::<EQ>(a, one, zero), &|a, _| yes_or_no(!a.is_nan()));
            expect(a.choose::<NE>(a, one, zero), &|a, _| yes_or_no(a.is_nan()));
            expect(a.choose::<EQ>(b, one, zero), &|a, b| yes_or_no(a == b));
            expect(a.choose::<LT>(b, one, zero), &|a, b| yes_or_no(a < b));
            expect(a.choose::<LE>(b, one, zero), &|a, b| yes_or_no(a <= b));
            expect(a.max(b), &|a, b| maximum(a, b));
            expect(a.min(b), &|a, b| minimum(a, b));
            let rows: Vec<*const T> = (0..lanes).map(|j| self.square[j * 3..].as_ptr()).collect();
            for (i, column) in T::Vector::<S>::columns_of(&rows).as_ref().iter().enumerate() {
                let mut out = [T::zero(); MAX_LANES];
                column.store(out.as_mut_ptr());
                assert!((0..lanes).all(|j| out[j] == self.square[j * 3 + i]), "{i}");
            }
            for count in 0..=lanes {
                let mut out = [T::one(); MAX_LANES];
                let first = T::Vector::<S>::load_first(self.a.as_ptr(), count);
                first.store_first(out.as_mut_ptr(), count);
                let same = |(i, &x): (usize, &T)| {
                    x == if i < count { self.a[i] } else { T::one() } || x.is_nan()
                };
                assert!(out.iter().enumerate().all(same));
                first.store(out.as_mut_ptr());
                assert!(out[count..lanes].iter().all(|x| x.is_zero()));
            }
        }
    }
}

#[test]
fn every_operation_is_right_in_every_lane() {
    let mut rng = Rng::new(4);
    for isa in levels() {
        for _ in 0..200 {
            let (a, b) = (rng.wild::<f32>(MAX_LANES), rng.wild::<f32>(MAX_LANES));
            isa.run(Check { a: &a, b: &b, square: &rng.uniform(4 * MAX_LANES) });
            let (a, b) = (rng.wild::<f64>(MAX_LANES), rng.wild::<f64>(MAX_LANES));
            isa.run(Check { a: &a, b: &b, square: &rng.uniform(4 * MAX_LANES) });
        }
    }
}
