//! Values at which naive rules fail: kinks, ties, zeros, infinities nearby, saturation.

use cotangent::Var;
use cotangent::check::Check;
use cotangent::ndarray::{Array1, array};

/// A function at such values.
struct Case {
    name: &'static str,
    x: Array1<f64>,
    function: for<'g> fn(Var<'g>) -> Var<'g>,
    /// The operations that have kinks there.
    kinks: &'static [&'static str],
}

fn case(name: &'static str, x: Array1<f64>, function: for<'g> fn(Var<'g>) -> Var<'g>) -> Case {
    Case { name, x, function, kinks: &[] }
}

impl Case {
    /// The report, if a derivative is wrong or left open.
    fn open(&self) -> Option<String> {
        let Self { name, x, function, kinks } = self;
        let check = Check::new().kinks(kinks.iter().copied());
        let report = check.run(|_, x| function(x[0]), &[x.into()]).unwrap();
        let is_open = report.is_wrong() || report.inconclusive() > 0;
        is_open.then(|| format!("{name}\n{report}"))
    }

    fn kinks(self, kinks: &'static [&'static str]) -> Self {
        Self { kinks, ..self }
    }
}

/// No derivative is called wrong at any of them, and none but at the kinks is left open; answers how
/// many there are.
pub fn all() -> usize {
    let cases = [
        case("relu at its kink", array![0.0, 1.0], |x| x.relu()).kinks(&["relu"]),
        case("leaky relu at its kink", array![0.0, 1.0], |x| x.leaky_relu(0.1))
            .kinks(&["leaky_relu"]),
        case("abs at its kink", array![0.0, -1.0], |x| x.abs()).kinks(&["abs"]),
        case("elu at its kink", array![0.0, -1.0], |x| x.elu(0.5)).kinks(&["elu"]),
        case("clamp at its bounds", array![-1.0, 1.0, 0.0], |x| x.clamp(-1.0, 1.0))
            .kinks(&["clamp"]),
        case("maximum of equal numbers", array![0.5, 1.0], |x| x.maximum(0.5)).kinks(&["maximum"]),
        case("max with a tie", array![2.0, 1.0, 2.0], |x| x.max()).kinks(&["max"]),
        case("min of equal numbers", array![2.0, 2.0], |x| x.min()).kinks(&["min"]),
        case("prod with a zero", array![0.0, 2.0, 3.0], |x| x.prod()),
        case("prod with two zeros", array![0.0, 2.0, 0.0], |x| x.prod()),
        case("norm at zero", array![0.0, 0.0], |x| x.norm()).kinks(&["norm"]),
        case("norm of tiny numbers", array![3e-160, 4e-160], |x| x.norm()),
        case("variance of equal numbers", array![5.0, 5.0, 5.0], |x| x.variance_over(0, 0)),
        case("softplus far out", array![-800.0, 800.0], |x| x.softplus()),
        case("sigmoid far to the left", array![-30.0, -25.0], |x| x.sigmoid()),
        // Farther out the derivative drowns in the rounding of 1.
        case("sigmoid far to the right", array![12.0, 15.0], |x| x.sigmoid()),
        case("logsumexp of large numbers", array![1e4, 1e4 - 1.0, -1e4], |x| x.logsumexp()),
        case("softmax of large numbers", array![1e3, 999.0, -1e3], |x| x.softmax(0)),
        case("where beside a pole", array![0.0, 4.0], |x| x.gt(0.0).select(x.ln(), 0.0))
            .kinks(&["gt"]),
        case("power at zero", array![0.0, 2.0], |x| x.powf(2.0)),
        case("division by tiny numbers", array![1e-150, 2e-150], |x| 1e-150 / x),
    ];
    let open: Vec<String> = cases.iter().filter_map(Case::open).collect();
    assert!(open.is_empty(), "{}", open.join("\n\n"));
    cases.len()
}
