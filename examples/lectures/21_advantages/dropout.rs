//! What dropout gains, with and without batch normalization.

use lab::{Axis, Digits, Lab, Plot, Result};

use crate::advantages::{FEW, NAMES, mislabelled, overfit};

pub fn run(lab: &mut Lab) -> Result {
    let digits = &Digits::load()?;
    let samples = &mislabelled(digits)?;
    let mut plot = Plot::new(
        "dropout",
        &format!(
            "Validation accuracy by dropout, same {FEW} digits: batches of 4 thick, of 16 thin"
        ),
        Axis::new("probability of dropping a unit"),
        Axis::new("validation accuracy"),
    );
    let mut found = Vec::new();
    for (name, hue, norm) in NAMES {
        for batch in [4, 16] {
            let mut curve = Vec::new();
            for p in [0.0, 0.1, 0.25, 0.5] {
                curve.push((p, overfit(lab, (samples, digits), (norm, p), batch)?[1]));
            }
            let best = curve.iter().map(|point| point.1).fold(0.0, f64::max);
            found.push([100.0 * curve[0].1, 100.0 * best]);
            match batch {
                4 => plot.line(hue, name, curve),
                _ => plot.trace(hue, "", curve),
            };
        }
    }
    lab.show(plot);
    let [plain, plain_16, normed, normed_16] = [0, 1, 2, 3].map(|i| found[i]);
    lab.claim(
        "Less need for dropout: in small batches, batch normalization alone does more than dropout alone",
        normed[0] > plain[1] + 4.0,
        format!(
            "in batches of 4 the validation accuracy is {:.1} % with it and no dropout; without it {:.1} %, and with the best dropout {:.1} %",
            normed[0], plain[0], plain[1]
        ),
    );
    lab.say(format!(
        "It does not take dropout’s place: dropout gains another {:.1} points in batches of 4, and in batches \
         of 16, where the statistics are less noisy, {:.1} points with it and {:.1} without.",
        normed[1] - normed[0],
        normed_16[1] - normed_16[0],
        plain_16[1] - plain_16[0]
    ));
    Ok(())
}
