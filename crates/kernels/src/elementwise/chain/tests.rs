use super::*;
use crate::elementwise::{maximum, minimum};
use crate::testing::{Precise, Rng, levels};

/// A link as a function of its operands.
fn expected<T: Scalar>(link: Link, x: T, a: T, b: T) -> T {
    let truth = |is: bool| if is { T::one() } else { T::zero() };
    let choice = |asked: T, yes: T, no: T| if asked.is_zero() { no } else { yes };
    match link {
        Link::Same => x,
        Link::Add => x + a,
        Link::Sub => x - a,
        Link::SubFrom => a - x,
        Link::Mul => x * a,
        Link::Div => x / a,
        Link::DivInto => a / x,
        Link::Neg => -x,
        Link::Recip => T::one() / x,
        Link::Sqrt => x.sqrt(),
        Link::Square => x * x,
        Link::Abs => x.abs(),
        Link::Sign if x.is_nan() => x,
        Link::Sign => truth(x > T::zero()) - truth(x < T::zero()),
        Link::Relu => {
            if x <= T::zero() {
                T::zero()
            } else {
                x
            }
        }
        Link::Max => maximum(x, a),
        Link::MaxOf => maximum(a, x),
        Link::Min => minimum(x, a),
        Link::MinOf => minimum(a, x),
        Link::Eq => truth(x == a),
        Link::Ne => truth(x != a),
        Link::Lt => truth(x < a),
        Link::Le => truth(x <= a),
        Link::Gt => truth(x > a),
        Link::Ge => truth(x >= a),
        Link::MulNoNan => {
            if x.is_zero() {
                T::zero()
            } else {
                x * a
            }
        }
        Link::MulNoNanOf => {
            if a.is_zero() {
                T::zero()
            } else {
                a * x
            }
        }
        Link::Select => choice(x, a, b),
        Link::SelectThis => choice(a, x, b),
        Link::SelectElse => choice(a, b, x),
        Link::AddProduct => x + a * b,
        Link::MulAdd => a + x * b,
    }
}

fn same<T: Scalar>(a: T, b: T) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

#[test]
fn every_link_computes_takes_and_keeps() {
    every_link::<f32>();
    every_link::<f64>();
}

fn every_link<T: Precise>() {
    let [one, two, half, three] = [1.0, 2.0, 0.5, 3.0].map(T::from_f64);
    let mut rng = Rng::new(7);
    for isa in levels() {
        for &link in Link::ALL {
            for len in [UNIT, 5 * UNIT] {
                let [mut x, mut a, mut b, mut y] = [(); 4].map(|()| rng.wild::<T>(len));
                let (mut kept, mut last) = (vec![T::zero(); len], vec![T::zero(); len]);
                let [x_at, a_at, b_at, y_at, kept_at, last_at] =
                    [&mut x, &mut a, &mut b, &mut y, &mut kept, &mut last]
                        .map(|x| Rows { first: x.as_mut_ptr(), apart: 0 });
                let mut links = [
                    Bound { take: x_at, number: one, ..Bound::new(Link::Mul) },
                    Bound { place: a_at, third: b_at, keep: kept_at, ..Bound::new(link) },
                    Bound { take: y_at, number: half, third_number: three, ..Bound::new(link) },
                    Bound { place: kept_at, ..Bound::new(Link::Add) },
                    Bound { number: two, keep: last_at, ..Bound::new(Link::Mul) },
                    Bound::new(Link::Neg),
                ];
                // SAFETY: all are of this length.
                unsafe { chain(isa, &mut links, Span::Dense(len)) }
                for i in 0..len {
                    let first = expected(link, x[i], a[i], b[i]);
                    let second = (expected(link, y[i], half, three) + first) * two;
                    assert!(same(kept[i], first) && same(last[i], second), "{isa:?} {link:?}");
                }
            }
        }
    }
}

#[test]
fn rows_lie_apart_and_what_is_between_them_stays() {
    let mut rng = Rng::new(8);
    for isa in levels() {
        for (rows, columns) in [(ABREAST, LINE), (2 * ABREAST, LINE), (ABREAST, 3 * LINE)] {
            let wide = columns + 3;
            let [mut x, mut a] = [rows * wide, columns].map(|len| rng.wild::<f64>(len));
            // The last row of what is written comes first.
            let (mut kept, apart) = (vec![0.5; rows * wide], wide as isize);
            let last = kept.as_mut_ptr().wrapping_add((rows - 1) * wide);
            let mut links = [
                Bound {
                    take: Rows { first: x.as_mut_ptr(), apart },
                    place: Rows { first: a.as_mut_ptr(), apart: 0 },
                    ..Bound::new(Link::Sub)
                },
                Bound { keep: Rows { first: last, apart: -apart }, ..Bound::new(Link::Same) },
                Bound::new(Link::Neg),
            ];
            // SAFETY: there are so many rows of so many numbers.
            unsafe { chain(isa, &mut links, Span::Rows(rows, columns)) }
            for (i, row) in kept.chunks(wide).rev().enumerate() {
                let expected = |j| if j < columns { x[i * wide + j] - a[j] } else { 0.5 };
                assert!((0..wide).all(|j| same(row[j], expected(j))), "{isa:?} {rows} {columns}");
            }
        }
    }
}
