//! The residuals of the test problems of Moré, Garbow and Hillstrom, *Testing Unconstrained
//! Optimization Software*, ACM TOMS 7, 1981, by their numbers there.

use std::f64::consts::{E, PI};

use cotangent::{Graph, Var};

/// A problem as the file has it.
pub struct Problem<'p> {
    pub number: u64,
    /// The number of residuals, which some problems leave open.
    pub m: usize,
    /// Observations by name.
    pub data: &'p dyn Fn(&str) -> Vec<f64>,
}

/// Records the residuals of a problem; `None` if its number is not known.
pub fn residuals<'g>(problem: &Problem<'_>, g: &'g Graph, all: Var<'g>) -> Option<Var<'g>> {
    let n = all.shape().size();
    let x = all.split(&vec![1; n], 0);
    let x = &x[..];
    let (m, y) = (problem.m, || problem.data_of(g, "y"));
    let at =
        |f: fn(f64) -> f64| g.constant(ndarray::Array::from_iter((1..=m).map(|i| f(i as f64))));
    let parts: Vec<Var<'g>> = match problem.number {
        1 | 21 => pairs(x, |a, b| vec![10.0 * (b - a.square()), 1.0 - a]),
        2 => vec![
            -13.0 + x[0] + ((5.0 - x[1]) * x[1] - 2.0) * x[1],
            -29.0 + x[0] + ((x[1] + 1.0) * x[1] - 14.0) * x[1],
        ],
        3 => vec![1e4 * x[0] * x[1] - 1.0, (-x[0]).exp() + (-x[1]).exp() - 1.0001],
        4 => vec![x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2.0],
        5 => (1..=3)
            .map(|i| [1.5, 2.25, 2.625][i - 1] - x[0] * (1.0 - x[1].powf(i as f64)))
            .collect(),
        6 => vec![2.0 + 2.0 * at(|i| i) - ((at(|i| i) * x[0]).exp() + (at(|i| i) * x[1]).exp())],
        7 => {
            // atan(x₂/x₁), with ½ a turn more for x₁ < 0: the angle, which ±π cuts elsewhere.
            let turned = (-x[1]).atan2(-x[0]) / (2.0 * PI) + 0.5;
            let straight = x[1].atan2(x[0]) / (2.0 * PI);
            let theta = x[0].lt(0.0).select(turned, straight);
            let radius = (x[0].square() + x[1].square()).sqrt();
            vec![10.0 * (x[2] - 10.0 * theta), 10.0 * (radius - 1.0), x[2]]
        }
        8 => {
            let (u, v) = (at(|i| i), at(|i| 16.0 - i));
            vec![y() - (x[0] + u / (v * x[1] + at(|i| i.min(16.0 - i)) * x[2]))]
        }
        9 => vec![x[0] * (-x[1] * (at(|i| (8.0 - i) / 2.0) - x[2]).square() / 2.0).exp() - y()],
        10 => vec![x[0] * (x[1] / (at(|i| 45.0 + 5.0 * i) + x[2])).exp() - y()],
        11 => {
            let y = at(|i| 25.0 + (-50.0 * (i / 100.0).ln()).powf(2.0 / 3.0));
            vec![(-(y - x[1]).abs().pow(x[2]) / x[0]).exp() - at(|i| i / 100.0)]
        }
        12 => {
            let t = at(|i| i / 10.0);
            let target = at(|i| (-i / 10.0).exp() - (-i).exp());
            vec![(-t * x[0]).exp() - (-t * x[1]).exp() - x[2] * target]
        }
        13 | 22 => fours(x),
        14 => vec![
            10.0 * (x[1] - x[0].square()),
            1.0 - x[0],
            90_f64.sqrt() * (x[3] - x[2].square()),
            1.0 - x[2],
            10_f64.sqrt() * (x[1] + x[3] - 2.0),
            (x[1] - x[3]) / 10_f64.sqrt(),
        ],
        15 => {
            let u = problem.data_of(g, "u");
            vec![y() - x[0] * (u.square() + u * x[1]) / (u.square() + u * x[2] + x[3])]
        }
        16 => {
            let t = at(|i| i / 5.0);
            let first = (x[0] + t * x[1] - at(|i| (i / 5.0).exp())).square();
            vec![first + (x[2] + x[3] * at(|i| (i / 5.0).sin()) - at(|i| (i / 5.0).cos())).square()]
        }
        17 => {
            let t = at(|i| 10.0 * (i - 1.0));
            vec![y() - (x[0] + x[1] * (-t * x[3]).exp() + x[2] * (-t * x[4]).exp())]
        }
        18 => {
            let t = at(|i| i / 10.0);
            let y = at(|i| (-i / 10.0).exp() - 5.0 * (-i).exp() + 3.0 * (-4.0 * i / 10.0).exp());
            let [a, b, c] = [x[0], x[1], x[4]].map(|x| (-t * x).exp());
            vec![x[2] * a - x[3] * b + x[5] * c - y]
        }
        19 => {
            let t = at(|i| (i - 1.0) / 10.0);
            let peak = |k: usize| x[k] * (-(t - x[k + 7]).square() * x[k + 4]).exp();
            vec![y() - (x[0] * (-t * x[4]).exp() + peak(1) + peak(2) + peak(3))]
        }
        20 => watson(g, x),
        23 => {
            let mut parts: Vec<_> = x.iter().map(|&x| 1e-5_f64.sqrt() * (x - 1.0)).collect();
            parts.push(sum(x, |_, x| x.square()) - 0.25);
            parts
        }
        24 => penalty_two(x),
        25 => {
            let s = sum(x, |j, x| j * (x - 1.0));
            x.iter().map(|&x| x - 1.0).chain([s, s.square()]).collect()
        }
        26 => {
            let cosines = sum(x, |_, x| x.cos());
            let term = |(i, x): (usize, &Var<'g>)| {
                n as f64 - cosines + (i + 1) as f64 * (1.0 - x.cos()) - x.sin()
            };
            x.iter().enumerate().map(term).collect()
        }
        27 => {
            let total = sum(x, |_, x| x) - (n as f64 + 1.0);
            let product = x.iter().copied().reduce(|a, b| a * b).expect("there are variables");
            x[..n - 1].iter().map(|&x| x + total).chain([product - 1.0]).collect()
        }
        28 => neighbours(g, x, |t, h, before, x, after| {
            2.0 * x - before - after + h * h * (x + (t + 1.0)).powf(3.0) / 2.0
        }),
        29 => integral(x),
        30 => neighbours(g, x, |_, _, before, x, after| {
            (3.0 - 2.0 * x) * x - before - 2.0 * after + 1.0
        }),
        31 => banded(x),
        32 => {
            let total = 2.0 / m as f64 * sum(x, |_, x| x);
            (0..m).map(|i| if i < n { x[i] - total - 1.0 } else { -total - 1.0 }).collect()
        }
        33 => vec![at(|i| i) * sum(x, |j, x| j * x) - 1.0],
        34 => {
            let inner = x.iter().enumerate().skip(1).take(n - 2);
            let inner = inner.map(|(j, &x)| (j + 1) as f64 * x).reduce(|a, b| a + b)?;
            (0..m)
                .map(
                    |i| {
                        if i == 0 || i == m - 1 {
                            0.0 * inner - 1.0
                        } else {
                            i as f64 * inner - 1.0
                        }
                    },
                )
                .collect()
        }
        35 => chebyquad(all, m),
        _ => return None,
    };
    Some(g.concat(&parts, 0))
}

impl Problem<'_> {
    fn data_of<'g>(&self, g: &'g Graph, name: &str) -> Var<'g> {
        g.constant(ndarray::Array::from((self.data)(name)))
    }
}

fn sum<'g>(x: &[Var<'g>], term: impl Fn(f64, Var<'g>) -> Var<'g>) -> Var<'g> {
    let terms = x.iter().zip(1..).map(|(&x, j)| term(f64::from(j), x));
    terms.reduce(|a, b| a + b).expect("there are variables")
}

fn pairs<'g>(x: &[Var<'g>], of: impl Fn(Var<'g>, Var<'g>) -> Vec<Var<'g>>) -> Vec<Var<'g>> {
    x.chunks(2).flat_map(|pair| of(pair[0], pair[1])).collect()
}

fn fours<'g>(x: &[Var<'g>]) -> Vec<Var<'g>> {
    let four = |x: &[Var<'g>]| {
        [
            x[0] + 10.0 * x[1],
            5_f64.sqrt() * (x[2] - x[3]),
            (x[1] - 2.0 * x[2]).square(),
            10_f64.sqrt() * (x[0] - x[3]).square(),
        ]
    };
    x.chunks(4).flat_map(four).collect()
}

fn watson<'g>(g: &'g Graph, x: &[Var<'g>]) -> Vec<Var<'g>> {
    let t = g.constant(ndarray::Array::from_iter((1..=29).map(|i| f64::from(i) / 29.0)));
    let value = sum(x, |j, x| x * t.powf(j - 1.0));
    let slope = sum(&x[1..], |j, x| j * x * t.powf(j - 1.0));
    vec![slope - value.square() - 1.0, x[0], x[1] - x[0].square() - 1.0]
}

fn penalty_two<'g>(x: &[Var<'g>]) -> Vec<Var<'g>> {
    let (n, root) = (x.len(), 1e-5_f64.sqrt());
    let mut parts = vec![x[0] - 0.2];
    for i in 1..n {
        let target = ((i + 1) as f64 / 10.0).exp() + (i as f64 / 10.0).exp();
        parts.push(root * ((x[i] / 10.0).exp() + (x[i - 1] / 10.0).exp() - target));
    }
    parts.extend(x[1..].iter().map(|&x| root * ((x / 10.0).exp() - E.powf(-0.1))));
    parts.push(sum(x, |j, x| (n as f64 - j + 1.0) * x.square()) - 1.0);
    parts
}

/// Residuals of t = i·h, h, and three neighbours, with 0 beyond both ends.
fn neighbours<'g>(
    g: &'g Graph,
    x: &[Var<'g>],
    of: impl Fn(f64, f64, Var<'g>, Var<'g>, Var<'g>) -> Var<'g>,
) -> Vec<Var<'g>> {
    let (n, zero) = (x.len(), g.full([1], 0.0));
    let h = 1.0 / (n as f64 + 1.0);
    let get = |i: isize| usize::try_from(i).ok().and_then(|i| x.get(i)).copied().unwrap_or(zero);
    let term = |i: isize| of((i + 1) as f64 * h, h, get(i - 1), get(i), get(i + 1));
    (0..n as isize).map(term).collect()
}

fn integral<'g>(x: &[Var<'g>]) -> Vec<Var<'g>> {
    let h = 1.0 / (x.len() as f64 + 1.0);
    let t = |i: usize| (i + 1) as f64 * h;
    let cube = |j: usize| (x[j] + (t(j) + 1.0)).powf(3.0);
    let term = |i: usize| {
        let weight = |j: usize| if j <= i { (1.0 - t(i)) * t(j) } else { t(i) * (1.0 - t(j)) };
        let terms = (0..x.len()).map(|j| weight(j) * cube(j));
        x[i] + h / 2.0 * terms.reduce(|a, b| a + b).expect("there are variables")
    };
    (0..x.len()).map(term).collect()
}

fn banded<'g>(x: &[Var<'g>]) -> Vec<Var<'g>> {
    let n = x.len();
    let term = |i: usize| {
        let band = (i.saturating_sub(5)..(i + 2).min(n)).filter(|&j| j != i);
        let around = band.map(|j| x[j] * (1.0 + x[j])).reduce(|a, b| a + b);
        let own = x[i] * (2.0 + 5.0 * x[i].square()) + 1.0;
        around.map_or(own, |around| own - around)
    };
    (0..n).map(term).collect()
}

fn chebyquad(x: Var<'_>, m: usize) -> Vec<Var<'_>> {
    let shifted = 2.0 * x - 1.0;
    let (mut before, mut current) = (0.0 * x + 1.0, shifted);
    let mut parts = Vec::new();
    for i in 1..=m {
        let integral = if i % 2 == 0 { -1.0 / ((i * i - 1) as f64) } else { 0.0 };
        parts.push(current.mean().reshape([1]) - integral);
        (before, current) = (current, 2.0 * shifted * current - before);
    }
    parts
}
