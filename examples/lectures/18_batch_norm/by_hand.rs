//! The layer against the formulas, and the γ and β that give the input back.

use cotangent::ndarray::{Array1, Array2, array};
use cotangent::prelude::{BatchNorm, Function, Mode, Params};
use lab::{Lab, Result, Table, moments, scientific};
use rand::RngExt;

use crate::batch_norm::EPS;

pub fn run(lab: &mut Lab) -> Result {
    formulas(lab)?;
    recover(lab)
}

/// What the layer makes of a batch, with these γ and β.
fn layer(
    z: &Array2<f64>,
    gamma: &Array1<f64>,
    beta: &Array1<f64>,
    eps: f64,
) -> Result<Array2<f64>> {
    let mut params = Params::<f64>::with_seed(0);
    let norm = BatchNorm::new(z.ncols()).eps(eps).build(&mut params.root(), "bn");
    let (weight, bias) = (norm.affine.weight.as_ref().ok_or("γ")?, norm.affine.bias.as_ref());
    params.set(weight.id(), gamma.view().into_dyn())?;
    params.set(bias.ok_or("β")?.id(), beta.view().into_dyn())?;
    let mut forward = Function::new(move |_, [z]| norm.forward(z, Mode::Train));
    Ok(forward.run(&params, (z,))?.to_owned().into_dimensionality()?)
}

fn greatest(a: &Array2<f64>) -> f64 {
    a.iter().fold(0.0, |most, x| x.abs().max(most))
}

/// Eight numbers of mean 5 and variance 4.
fn formulas(lab: &mut Lab) -> Result {
    let z = array![[2.0], [4.0], [4.0], [4.0], [5.0], [5.0], [7.0], [9.0]];
    let (mean, variance) = moments(&z);
    let normed = (&z - &mean) / (&variance + EPS).mapv(f64::sqrt);
    let (gamma, beta) = (array![3.0], array![-1.0]);
    let by_hand = &normed * &gamma + &beta;
    let by_layer = layer(&z, &gamma, &beta, EPS)?;
    let caption = format!(
        "A batch of one unit by hand: μ = {}, σ² = {}, ε = 10⁻⁵; then γ = 3, β = −1",
        mean[0], variance[0]
    );
    let mut table =
        Table::new(&caption, ["i", "z", "z − μ", "z_norm", "z̃ by hand", "z̃ by the layer"]);
    for i in 0..z.nrows() {
        let number = |x: f64| format!("{x:.6}").replace('-', "−");
        table.row([
            format!("{}", i + 1),
            format!("{}", z[[i, 0]]),
            format!("{}", z[[i, 0]] - mean[0]).replace('-', "−"),
            number(normed[[i, 0]]),
            number(by_hand[[i, 0]]),
            number(by_layer[[i, 0]]),
        ]);
    }
    lab.table(table);
    let (mean_after, variance_after) = moments(&normed);
    let off = greatest(&(&by_hand - &by_layer));
    lab.claim(
        "The layer computes what the formulas say",
        off < 1e-14,
        format!("by hand and by the layer differ by {} at most", scientific(off, 1)),
    );
    let expected = variance[0] / (variance[0] + EPS);
    lab.claim(
        "Normalised values have mean 0 and variance 1",
        mean_after[0].abs() < 1e-14 && (variance_after[0] - expected).abs() < 1e-14,
        format!(
            "mean {}, variance {:.8}: for ε not 1 but σ²/(σ² + ε)",
            scientific(mean_after[0], 1),
            variance_after[0]
        ),
    );
    let (constant, one, beta) = (Array2::from_elem((8, 1), 7.0), array![1.0], array![0.5]);
    let [with, without] = [EPS, 0.0].map(|eps| layer(&constant, &one, &beta, eps));
    let (with, without) = (with?, without?);
    lab.claim(
        "ε is needed in case the variance turns out to be 0",
        with.iter().all(|&y| y == 0.5) && without.iter().all(|y| y.is_nan()),
        format!(
            "8 equal values become β = {} with ε, and {} without",
            with[[0, 0]],
            without[[0, 0]]
        ),
    );
    Ok(())
}

/// 1000 values for each of 64 units, on scales from 10⁻³ to 10³.
fn recover(lab: &mut Lab) -> Result {
    let mut rng = lab::rng(0);
    let scales = Array1::from_shape_fn(64, |i| 10f64.powf(i as f64 / 63.0 * 6.0 - 3.0));
    let shifts = Array1::from_shape_fn(64, |_| rng.random_range(-2.0..2.0)) * &scales;
    let z = Array2::from_shape_fn((1000, 64), |_| rng.random_range(-1.0..1.0)) * &scales + &shifts;
    let (mean, variance) = moments(&z);
    let gamma = (&variance + EPS).mapv(f64::sqrt);
    let off = greatest(&((layer(&z, &gamma, &mean, EPS)? - &z) / &scales));
    let without = greatest(&((layer(&z, &variance.mapv(f64::sqrt), &mean, EPS)? - &z) / &scales));
    lab.claim(
        "γ = √(σ² + ε) and β = μ give back the input, to rounding",
        off < 1e-13 && without > 0.1,
        format!(
            "64 units on scales from 10⁻³ to 10³ come back to {off} of their scale; with γ = σ they would be off by {without:.1}",
            off = scientific(off, 1)
        ),
    );
    Ok(())
}
