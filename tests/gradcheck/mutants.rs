//! Planted wrong rules: the checker must catch every one, and name it.

mod arrays;
mod linalg;

use cotangent::check::{Check, Report};
use cotangent::ops::Sample;
use cotangent::{Graph, Shape, Var};

use crate::examine::{in_parallel, values};

type Forward = for<'g> fn(&'g Graph, &[Var<'g>]) -> Var<'g>;
type Rule = for<'g> fn(&[Var<'g>], Var<'g>, Var<'g>) -> Vec<Var<'g>>;

/// A function with a rule that is wrong in one respect.
struct Mutant {
    name: &'static str,
    shapes: Vec<Shape>,
    forward: Forward,
    rule: Rule,
}

fn mutant<const N: usize>(
    name: &'static str,
    shapes: [&[usize]; N],
    forward: Forward,
    rule: Rule,
) -> Mutant {
    Mutant { name, shapes: shapes.map(Shape::from).into(), forward, rule }
}

impl Mutant {
    fn check(&self, planted: bool) -> Report {
        let samples: Vec<Sample> =
            self.shapes.iter().map(|shape| Sample::real(shape, 0.4..1.9)).collect();
        let (forward, rule) = (self.forward, self.rule);
        let check = Check::new().order(2);
        let report = check.run(
            |graph, x| {
                let y = forward(graph, x);
                let y = if planted { y.with_vjp(x, rule) } else { y };
                // On its way through a model, a wrong rule is one of many.
                (0.3 * y).sin() + 0.1 * x[0].sum()
            },
            &values(&samples),
        );
        report.unwrap()
    }

    /// Whether the rule is found wrong, and named, where the function without it is right.
    fn is_caught(&self) -> bool {
        let (right, wrong) = (self.check(false), self.check(true));
        assert!(right.is_right(), "{} without the mutation\n{right}", self.name);
        let named = wrong.suspects().first().is_some_and(|s| s.operation == "custom_vjp");
        let caught = wrong.is_wrong() && named;
        if !caught {
            println!("not caught: {}\n{wrong}", self.name);
        }
        caught
    }
}

/// How many mutants are caught, of how many.
pub fn caught() -> (usize, usize) {
    let groups = [
        maps(),
        zips(),
        arrays::reductions(),
        arrays::matrices(),
        arrays::parts(),
        linalg::factorisations(),
        linalg::arrangements(),
        linalg::windows(),
    ];
    let mutants: Vec<Mutant> = groups.into_iter().flatten().collect();
    let caught = in_parallel(&mutants, Mutant::is_caught);
    (caught.iter().filter(|&&caught| caught).count(), mutants.len())
}

fn maps() -> Vec<Mutant> {
    let x = || [&[3][..]];
    vec![
        mutant("sign of sin", x(), |_, x| x[0].sin(), |x, _, v| vec![-v * x[0].cos()]),
        mutant("factor of square", x(), |_, x| x[0].square(), |x, _, v| vec![v * x[0]]),
        mutant("argument for value in exp", x(), |_, x| x[0].exp(), |x, _, v| vec![v * x[0]]),
        mutant("power of ln", x(), |_, x| x[0].ln(), |x, _, v| vec![v / x[0].square()]),
        mutant("power of tanh", x(), |_, x| x[0].tanh(), |_, y, v| vec![v * (1.0 - y)]),
        mutant("dropped factor of sigmoid", x(), |_, x| x[0].sigmoid(), |_, y, v| vec![v * y]),
        mutant("factor of sqrt", x(), |_, x| x[0].sqrt(), |_, y, v| vec![v / y]),
        mutant("sign of recip", x(), |_, x| x[0].recip(), |_, y, v| vec![v * y.square()]),
        mutant(
            "side of relu",
            x(),
            |_, x| x[0].relu(),
            |x, _, v| vec![x[0].lt(0.0).select(v, 0.0)],
        ),
        mutant(
            "tanh for sigmoid in softplus",
            x(),
            |_, x| x[0].softplus(),
            |x, _, v| vec![v * x[0].tanh()],
        ),
        mutant("exponent of powf", x(), |_, x| x[0].powf(3.0), |x, _, v| vec![3.0 * v * x[0]]),
        mutant("dropped 1 of expm1", x(), |_, x| x[0].expm1(), |_, y, v| vec![v * y]),
        mutant(
            "constant of erf",
            x(),
            |_, x| x[0].erf(),
            |x, _, v| vec![v * (-x[0].square()).exp()],
        ),
        mutant("dropped term of silu", x(), |_, x| x[0].silu(), |x, _, v| vec![v * x[0].sigmoid()]),
        mutant(
            "constant cotangent",
            x(),
            |_, x| x[0].cos(),
            |x, _, v| vec![-v.stop_gradient() * x[0].sin()],
        ),
        mutant(
            "constant factor at second order",
            x(),
            |_, x| x[0].square(),
            |x, _, v| vec![2.0 * v * x[0].stop_gradient()],
        ),
    ]
}

fn zips() -> Vec<Mutant> {
    let ab = || [&[3][..], &[3]];
    vec![
        mutant("sign of sub", ab(), |_, x| x[0] - x[1], |_, _, v| vec![v, v]),
        mutant("swapped factors", ab(), |_, x| x[0] * x[1], |x, _, v| vec![v * x[0], v * x[1]]),
        mutant("sign of div", ab(), |_, x| x[0] / x[1], |x, y, v| vec![v / x[1], v * y / x[1]]),
        mutant(
            "power of div",
            ab(),
            |_, x| x[0] / x[1],
            |x, _, v| vec![v / x[1], -v * x[0] / x[1]],
        ),
        mutant(
            "swapped atan2",
            ab(),
            |_, x| x[0].atan2(x[1]),
            |x, _, v| {
                let v = v / (x[0].square() + x[1].square());
                vec![v * x[0], -v * x[1]]
            },
        ),
        mutant(
            "dropped ln of pow",
            ab(),
            |_, x| x[0].pow(x[1]),
            |x, y, v| vec![v * x[1] * y / x[0], v * y],
        ),
        mutant("both sides of maximum", ab(), |_, x| x[0].maximum(x[1]), |_, _, v| vec![v, v]),
        mutant(
            "both branches of select",
            ab(),
            |_, x| x[0].gt(x[1]).select(x[0], x[1]),
            |_, _, v| vec![v, v],
        ),
        mutant(
            "missing broadcast sum",
            [&[2, 3], &[3]],
            |_, x| x[0] * x[1],
            |x, _, v| vec![v * x[1], (v * x[0]).slice_axis(0, 0..1).reshape([3])],
        ),
        mutant(
            "mean for broadcast sum",
            [&[2, 3], &[3]],
            |_, x| x[0] + x[1],
            |_, _, v| vec![v, v.mean_over(0)],
        ),
        mutant(
            "overwritten cotangent of x·x",
            [&[3]],
            |_, x| x[0] * x[0],
            |x, _, v| vec![v * x[0]],
        ),
        mutant("overwritten cotangent of a fan-out", [&[3]], |_, x| x[0].sin() + x[0].square(), {
            |x, _, v| vec![2.0 * v * x[0]]
        }),
    ]
}
