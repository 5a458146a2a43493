use super::*;
use crate::elementwise::{maximum, minimum};
use crate::testing::{Rng, levels};

/// A link as a function of its operands.
fn expected(link: Link, x: f64, a: f64) -> f64 {
    match link {
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

#[test]
fn every_link_computes_takes_and_keeps() {
    let mut rng = Rng::new(7);
    for isa in levels() {
        for &link in Link::ALL {
            for len in [UNIT, 5 * UNIT] {
                let [x, a, y] = [(); 3].map(|()| rng.wild::<f64>(len));
                let (mut kept, mut last) = (vec![0.0; len], vec![0.0; len]);
                let mut links = [
                    Bound { take: x.as_ptr(), number: 1.0, ..Bound::new(Link::Mul) },
                    Bound { place: a.as_ptr(), keep: kept.as_mut_ptr(), ..Bound::new(link) },
                    Bound { take: y.as_ptr(), number: 0.5, ..Bound::new(link) },
                    Bound { place: kept.as_ptr(), ..Bound::new(Link::Add) },
                    Bound { number: 2.0, keep: last.as_mut_ptr(), ..Bound::new(Link::Mul) },
                    Bound::new(Link::Neg),
                ];
                // SAFETY: all are of this length.
                unsafe { chain(isa, &mut links, len) }
                for i in 0..len {
                    let first = expected(link, x[i], a[i]);
                    let second = (expected(link, y[i], 0.5) + first) * 2.0;
                    let same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());
                    assert!(same(kept[i], first) && same(last[i], second), "{isa:?} {link:?}");
                }
            }
        }
    }
}
