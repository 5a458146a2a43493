//! Reference values for the tests: numbers of 106 bits as unevaluated sums of two `f64`, after T. J. Dekker,
//! "A floating-point technique for extending the available precision", Numerische Mathematik 18 (1971).
//!
//! The functions sum Taylor series after an argument reduction; their relative error is below 2⁻⁹⁰, which is
//! nothing beside the half unit in the last place that any `f64` result must have.

use std::ops::{Add, Div, Mul, Neg, Sub};

#[derive(Clone, Copy, Debug)]
pub(super) struct Dd {
    pub(super) high: f64,
    pub(super) low: f64,
}

const LN2: Dd = Dd { high: std::f64::consts::LN_2, low: 2.319_046_813_846_299_6e-17 };
const LN10: Dd = Dd { high: std::f64::consts::LN_10, low: -2.170_756_223_382_249_4e-16 };
const HALF_PI: [f64; 3] =
    [std::f64::consts::FRAC_PI_2, 6.123_233_995_736_766e-17, -1.497_384_904_859_169_4e-33];
const TWO_OVER_ROOT_PI: Dd =
    Dd { high: std::f64::consts::FRAC_2_SQRT_PI, low: 1.533_545_961_316_588e-17 };

/// a + b exactly.
fn two_sum(a: f64, b: f64) -> Dd {
    let high = a + b;
    let bb = high - a;
    Dd { high, low: (a - (high - bb)) + (b - bb) }
}

impl From<f64> for Dd {
    fn from(high: f64) -> Dd {
        Dd { high, low: 0.0 }
    }
}

impl Neg for Dd {
    type Output = Dd;
    fn neg(self) -> Dd {
        Dd { high: -self.high, low: -self.low }
    }
}

impl Add for Dd {
    type Output = Dd;
    fn add(self, b: Dd) -> Dd {
        let (s, t) = (two_sum(self.high, b.high), two_sum(self.low, b.low));
        let u = two_sum(s.high, s.low + t.high);
        two_sum(u.high, u.low + t.low)
    }
}

impl Sub for Dd {
    type Output = Dd;
    fn sub(self, b: Dd) -> Dd {
        self + -b
    }
}

impl Mul for Dd {
    type Output = Dd;
    fn mul(self, b: Dd) -> Dd {
        let high = self.high * b.high;
        let error = self.high.mul_add(b.high, -high);
        two_sum(high, error + (self.high * b.low + self.low * b.high))
    }
}

impl Div for Dd {
    type Output = Dd;
    fn div(self, b: Dd) -> Dd {
        let first = self.high / b.high;
        let rest = self - b * first.into();
        let second = rest.high / b.high;
        let rest = rest - b * second.into();
        two_sum(first, second) + (rest.high / b.high).into()
    }
}

impl Dd {
    /// x·2^k, exact short of overflow and underflow.
    fn scaled(self, k: i32) -> Dd {
        let (half, rest) = (2f64.powi(k / 2), 2f64.powi(k - k / 2));
        Dd { high: self.high * half * rest, low: self.low * half * rest }
    }

    pub(super) fn exp(self) -> Dd {
        self.expm1_small_or(|p, k| (p + 1.0.into()).scaled(k))
    }

    pub(super) fn exp2(self) -> Dd {
        let k = self.high.round();
        ((self - k.into()) * LN2).exp().scaled(k as i32)
    }

    pub(super) fn log2(self) -> Dd {
        self.ln() / LN2
    }

    pub(super) fn log10(self) -> Dd {
        self.ln() / LN10
    }

    pub(super) fn expm1(self) -> Dd {
        self.expm1_small_or(|p, k| if k == 0 { p } else { (p + 1.0.into()).scaled(k) - 1.0.into() })
    }

    /// `finish(e^r − 1, k)` for x = r + k·ln 2.
    fn expm1_small_or(self, finish: impl Fn(Dd, i32) -> Dd) -> Dd {
        let k = (self.high / LN2.high).round();
        let r = self - LN2 * k.into();
        let (mut sum, mut term) = (Dd::from(0.0), Dd::from(1.0));
        for n in 1..40 {
            term = term * r / f64::from(n).into();
            sum = sum + term;
        }
        finish(sum, k as i32)
    }

    /// ln x by two Newton steps y ← y + x·e^(−y) − 1; near 1, by the series in (x − 1)/(x + 1).
    pub(super) fn ln(self) -> Dd {
        let f = self - 1.0.into();
        if f.high.abs() < 0.1 {
            return f.log1p_small();
        }
        let mut y = Dd::from(self.high.ln());
        for _ in 0..2 {
            y = y + (self * (-y).exp() - 1.0.into());
        }
        y
    }

    pub(super) fn log1p(self) -> Dd {
        if self.high.abs() < 0.1 { self.log1p_small() } else { (self + 1.0.into()).ln() }
    }

    /// ln(1 + f) = 2·artanh(f/(2 + f)).
    fn log1p_small(self) -> Dd {
        let s = self / (self + 2.0.into());
        let z = s * s;
        let (mut sum, mut power) = (s, s);
        for n in 1..25 {
            power = power * z;
            sum = sum + power / f64::from(2 * n + 1).into();
        }
        sum + sum
    }

    pub(super) fn tanh(self) -> Dd {
        let e = (self + self).expm1();
        if self.high > 50.0 { 1.0.into() } else { e / (e + 2.0.into()) }
    }

    pub(super) fn sigmoid(self) -> Dd {
        let e = if self.high > 0.0 { (-self).exp() } else { self.exp() };
        let numerator = if self.high > 0.0 { 1.0.into() } else { e };
        numerator / (e + 1.0.into())
    }

    pub(super) fn sech_squared(self) -> Dd {
        let e = if self.high > 0.0 { -self } else { self };
        let e = (e + e).exp();
        let d = e + 1.0.into();
        (e + e + e + e) / (d * d)
    }

    /// erf x = 2/√π e^(−x²) Σ 2ⁿx^(2n+1)/(1·3·…·(2n+1)): all terms have one sign.
    pub(super) fn erf(self) -> Dd {
        if self.high.abs() > 6.0 {
            return self.high.signum().into();
        }
        let z = self * self;
        let (mut sum, mut term) = (self, self);
        for n in 1..200 {
            term = term * (z + z) / f64::from(2 * n + 1).into();
            sum = sum + term;
        }
        TWO_OVER_ROOT_PI * (-z).exp() * sum
    }

    pub(super) fn sin(self) -> Dd {
        self.turned(0)
    }

    pub(super) fn cos(self) -> Dd {
        self.turned(1)
    }

    /// sin(x + quarters·π/2) for |x| up to a few ten thousand.
    fn turned(self, quarters: i64) -> Dd {
        let k = (self.high / HALF_PI[0]).round();
        let mut r = self;
        for part in HALF_PI {
            let high = k * part;
            r = r - two_sum(high, k.mul_add(part, -high));
        }
        let quadrant = k as i64 + quarters;
        let z = -(r * r);
        let mut term = if quadrant % 2 == 0 { r } else { 1.0.into() };
        let first = if quadrant % 2 == 0 { 2.0 } else { 1.0 };
        let mut sum = term;
        for n in 0..15 {
            let m = f64::from(2 * n) + first;
            term = term * z / (m * (m + 1.0)).into();
            sum = sum + term;
        }
        if quadrant & 2 == 0 { sum } else { -sum }
    }
}
