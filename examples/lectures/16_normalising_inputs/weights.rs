//! The weights of a neuron on features of different scales.

use lab::{Lab, Result, Table, moments, scientific};

use crate::normalising_inputs::neurons;

pub fn run(lab: &mut Lab) -> Result {
    let [raw, normalised] = &neurons()?;
    let mut table = Table::new(
        "The neuron’s minimum, and the steps from 0 to it by the eigenvalues",
        ["features", "w₁", "w₂", "κ", "steps"],
    );
    for (label, neuron) in [("(1, 1000) and (0, 1)", raw), ("normalised", normalised)] {
        table.row([
            label.to_owned(),
            format!("{:.4}", neuron.lowest[0]),
            format!("{:.4}", neuron.lowest[1]),
            scientific(neuron.hessian.condition(), 2),
            scientific(neuron.predicted(), 2),
        ]);
    }
    lab.table(table);
    let [(means, variances), (mean, variance)] = [raw, normalised].map(|neuron| moments(&neuron.x));
    let off =
        (mean.mapv(f64::abs) + (variance - 1.0).mapv(f64::abs)).iter().copied().fold(0.0, f64::max);
    lab.claim(
        "Removing the mean and dividing by the deviation gives mean 0 and variance 1",
        off < 1e-9,
        format!(
            "to {}, from means of {:.0} and {:.2} and variances of {:.0} and {:.2}",
            scientific(off, 1),
            means[0],
            means[1],
            variances[0],
            variances[1]
        ),
    );
    let [unlike, alike] = [raw, normalised].map(|neuron| neuron.lowest[1] / neuron.lowest[0]);
    lab.claim(
        "With features on different scales the weights end up taking different values",
        (800.0..1250.0).contains(&unlike) && (0.8..1.25).contains(&alike),
        format!("w₂/w₁ is {unlike:.0}; with normalised features {alike:.2}"),
    );
    Ok(())
}
