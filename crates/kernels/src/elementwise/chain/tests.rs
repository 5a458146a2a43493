use super::*;
use crate::elementwise::{maximum, minimum};
use crate::testing::{Rng, levels};

/// A link as a function of its operands.
fn expected(link: Link, x: f64, a: f64) -> f64 {
    match link {
        Link::Same => x,
        Link::Add => x + a,
        Link::Sub => x - a,
        Link::SubFrom => a - x,
        Link::Mul => x * a,
        Link::Div => x / a,
        Link::DivInto => a / x,
        Link::Neg => -x,
        Link::Recip => 1.0 / x,
        Link::Sqrt => x.sqrt(),
        Link::Square => x * x,
        Link::Abs => x.abs(),
        Link::Sign if x.is_nan() => x,
        Link::Sign => f64::from(u8::from(x > 0.0)) - f64::from(u8::from(x < 0.0)),
        Link::Relu => {
            if x <= 0.0 {
                0.0
            } else {
                x
            }
        }
        Link::Max => maximum(x, a),
        Link::MaxOf => maximum(a, x),
        Link::Min => minimum(x, a),
        Link::MinOf => minimum(a, x),
        Link::Eq => f64::from(u8::from(x == a)),
        Link::Ne => f64::from(u8::from(x != a)),
        Link::Lt => f64::from(u8::from(x < a)),
        Link::Le => f64::from(u8::from(x <= a)),
        Link::Gt => f64::from(u8::from(x > a)),
        Link::Ge => f64::from(u8::from(x >= a)),
        Link::MulNoNan => {
            if x == 0.0 {
                0.0
            } else {
                x * a
            }
        }
        Link::MulNoNanOf => {
            if a == 0.0 {
                0.0
            } else {
                a * x
            }
        }
        Link::Where => {
            if a == 0.0 {
                0.0
            } else {
                x
            }
        }
        Link::WhereOf => {
            if x == 0.0 {
                0.0
            } else {
                a
            }
        }
    }
}

fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

#[test]
fn every_link_computes_takes_and_keeps() {
    let mut rng = Rng::new(7);
    for isa in levels() {
        for &link in Link::ALL {
            for len in [UNIT, 5 * UNIT] {
                let [mut x, mut a, mut y] = [(); 3].map(|()| rng.wild::<f64>(len));
                let (mut kept, mut last) = (vec![0.0; len], vec![0.0; len]);
                let [x_at, a_at, y_at, kept_at, last_at] =
                    [&mut x, &mut a, &mut y, &mut kept, &mut last]
                        .map(|x| Rows { first: x.as_mut_ptr(), apart: 0 });
                let mut links = [
                    Bound { take: x_at, number: 1.0, ..Bound::new(Link::Mul) },
                    Bound { place: a_at, keep: kept_at, ..Bound::new(link) },
                    Bound { take: y_at, number: 0.5, ..Bound::new(link) },
                    Bound { place: kept_at, ..Bound::new(Link::Add) },
                    Bound { number: 2.0, keep: last_at, ..Bound::new(Link::Mul) },
                    Bound::new(Link::Neg),
                ];
                // SAFETY: all are of this length.
                unsafe { chain(isa, &mut links, Span::Dense(len)) }
                for i in 0..len {
                    let first = expected(link, x[i], a[i]);
                    let second = (expected(link, y[i], 0.5) + first) * 2.0;
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
