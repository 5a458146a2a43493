//! Values at which naive rules fail: kinks, ties, zeros, infinities nearby, saturation.

use check::check;
use graph::Var;
use graph::ndarray::{Array1, array};

type Function = for<'g> fn(Var<'g>) -> Var<'g>;

/// No derivative is called wrong at any of them; answers how many there are.
pub fn all() -> usize {
    let cases: [(&str, Array1<f64>, Function); 20] = [
        ("relu at its kink", array![0.0, 1.0], |x| x.relu()),
        ("leaky relu at its kink", array![0.0, 1.0], |x| x.leaky_relu(0.1)),
        ("abs at its kink", array![0.0, -1.0], |x| x.abs()),
        ("elu at its kink", array![0.0, -1.0], |x| x.elu(0.5)),
        ("clamp at its bounds", array![-1.0, 1.0, 0.0], |x| x.clamp(-1.0, 1.0)),
        ("maximum of equal numbers", array![0.5, 1.0], |x| x.maximum(0.5)),
        ("max with a tie", array![2.0, 1.0, 2.0], |x| x.max()),
        ("min of equal numbers", array![2.0, 2.0], |x| x.min()),
        ("prod with a zero", array![0.0, 2.0, 3.0], |x| x.prod()),
        ("prod with two zeros", array![0.0, 2.0, 0.0], |x| x.prod()),
        ("norm at zero", array![0.0, 0.0], |x| x.norm()),
        ("norm of tiny numbers", array![3e-160, 4e-160], |x| x.norm()),
        ("variance of equal numbers", array![5.0, 5.0, 5.0], |x| x.variance_over(0, 0)),
        ("softplus far out", array![-800.0, 800.0], |x| x.softplus()),
        ("sigmoid far out", array![-30.0, 30.0], |x| x.sigmoid()),
        ("logsumexp of large numbers", array![1e4, 1e4 - 1.0, -1e4], |x| x.logsumexp()),
        ("softmax of large numbers", array![1e3, 999.0, -1e3], |x| x.softmax(0)),
        ("where beside a pole", array![0.0, 4.0], |x| x.gt(0.0).select(x.ln(), 0.0)),
        ("power at zero", array![0.0, 2.0], |x| x.powf(2.0)),
        ("division by tiny numbers", array![1e-150, 2e-150], |x| 1e-150 / x),
    ];
    for (name, x, f) in &cases {
        let report = check(|_, x| f(x[0]), &[x.into()]).unwrap();
        assert!(report.is_right(), "{name}\n{report}");
    }
    cases.len()
}
