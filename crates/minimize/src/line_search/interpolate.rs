//! The safeguarded step of Moré and Thuente: their `dcstep`.

/// A step with the value and the slope there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub step: f64,
    pub value: f64,
    pub slope: f64,
}

/// What is known of where the minimum is: between the best point and the other end, if bracketed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interval {
    pub best: Point,
    pub other: Point,
    pub bracketed: bool,
}

impl Interval {
    /// Takes up a trial, and answers the next, between `low` and `high`.
    pub fn narrow(&mut self, trial: Point, low: f64, high: f64) -> f64 {
        let opposite = trial.slope * self.best.slope.signum() < 0.0;
        let next = if trial.value > self.best.value {
            self.higher(trial)
        } else if opposite {
            self.passed(trial)
        } else if trial.slope.abs() < self.best.slope.abs() {
            self.flatter(trial, low, high)
        } else if self.bracketed {
            cubic_from(trial, self.other)
        } else if trial.step > self.best.step {
            high
        } else {
            low
        };
        if trial.value > self.best.value {
            self.other = trial;
        } else {
            if opposite {
                self.other = self.best;
            }
            self.best = trial;
        }
        next
    }

    /// A higher value: the minimum is bracketed. The cubic step if it is nearer to the best point
    /// than the quadratic, and their mean otherwise.
    fn higher(&mut self, trial: Point) -> f64 {
        self.bracketed = true;
        let Point { step, value, slope } = self.best;
        let cubic = cubic_from(self.best, trial);
        let secant = (value - trial.value) / (trial.step - step) + slope;
        let quadratic = step + slope / secant / 2.0 * (trial.step - step);
        if (cubic - step).abs() < (quadratic - step).abs() {
            cubic
        } else {
            cubic + (quadratic - cubic) / 2.0
        }
    }

    /// A lower value and a slope of the other sign: bracketed. The cubic or the secant step,
    /// whichever is farther from the trial.
    fn passed(&mut self, trial: Point) -> f64 {
        self.bracketed = true;
        let (cubic, secant) = (cubic_from(trial, self.best), secant(trial, self.best));
        farther(trial.step, cubic, secant)
    }

    /// A lower value and a slope of the same sign that has decreased: the cubic step only if the
    /// cubic tends to infinity that way, or its minimum is beyond the trial.
    fn flatter(&self, trial: Point, low: f64, high: f64) -> f64 {
        let away = trial.step > self.best.step;
        let (theta, gamma) = theta_gamma(trial, self.best);
        let r = (gamma - trial.slope + theta) / (gamma + (self.best.slope - trial.slope) + gamma);
        let cubic = if r < 0.0 && gamma != 0.0 {
            trial.step + r * (self.best.step - trial.step)
        } else if away {
            high
        } else {
            low
        };
        let secant = secant(trial, self.best);
        if !self.bracketed {
            return farther(trial.step, cubic, secant).clamp(low, high);
        }
        let nearer =
            if (cubic - trial.step).abs() < (secant - trial.step).abs() { cubic } else { secant };
        let most = trial.step + 0.66 * (self.other.step - trial.step);
        if away { nearer.min(most) } else { nearer.max(most) }
    }
}

/// θ and γ of the cubic that interpolates two points; γ has the sign that leads from `a` to the
/// minimum.
fn theta_gamma(a: Point, b: Point) -> (f64, f64) {
    let theta = 3.0 * (b.value - a.value) / (a.step - b.step) + a.slope + b.slope;
    let scale = theta.abs().max(a.slope.abs()).max(b.slope.abs());
    let root = ((theta / scale).powi(2) - (a.slope / scale) * (b.slope / scale)).max(0.0).sqrt();
    (theta, if a.step > b.step { -scale * root } else { scale * root })
}

/// The minimum of the cubic that interpolates two points.
fn cubic_from(a: Point, b: Point) -> f64 {
    let (theta, gamma) = theta_gamma(a, b);
    let r = (gamma - a.slope + theta) / (gamma - a.slope + gamma + b.slope);
    a.step + r * (b.step - a.step)
}

/// Where the slope, were it linear, is 0.
fn secant(a: Point, b: Point) -> f64 {
    a.step + a.slope / (a.slope - b.slope) * (b.step - a.step)
}

fn farther(from: f64, a: f64, b: f64) -> f64 {
    if (a - from).abs() > (b - from).abs() { a } else { b }
}
