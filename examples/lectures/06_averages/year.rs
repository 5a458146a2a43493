//! A year of temperatures, averaged.

use cotangent::optim::Sgd;
use lab::{Axis, Hue, Lab, Plot, Result, Table, numbered, scientific};

use crate::averages::{averages, temperatures};

const BETAS: [(f64, Hue); 3] = [(0.5, Hue::Green), (0.9, Hue::Vermillion), (0.98, Hue::Blue)];

pub fn run(lab: &mut Lab) -> Result {
    let theta = temperatures();
    let day = || Axis::new("day of the year").range(0.0..366.0);
    let mut plot = Plot::new(
        "year",
        "A year of made-up daily temperatures, and their averages without bias correction",
        day(),
        Axis::new("temperature in °F").range(0.0..95.0),
    );
    plot.points(Hue::Grey, "one day", numbered(1, &theta));
    let mut table = Table::new(
        "What β does: roughness is the mean change from day to day, delay that of a steady rise; left is \
         what one day still counts after 1/(1−β) days",
        ["β", "days 1/(1−β)", "left", "roughness in °F", "delay in days"],
    );
    let (mut roughnesses, mut worst_delay, mut worst_sum, mut worst_e) = (vec![], 0f64, 0f64, 0f64);
    for (beta, hue) in BETAS {
        let v = averages(&theta, Sgd::new(1.0).averaged_momentum(beta))?;
        plot.line(hue, &format!("β = {beta}"), numbered(1, &v));
        let unrolled = |t: usize| -> f64 {
            (1.0 - beta) * (0..=t).map(|k| beta.powi(k as i32) * theta[t - k]).sum::<f64>()
        };
        worst_sum = (0..365).map(|t| (v[t] - unrolled(t)).abs()).fold(worst_sum, f64::max);
        let changes = v[100..].windows(2).map(|pair| (pair[1] - pair[0]).abs());
        let roughness = changes.sum::<f64>() / 264.0;
        let rise: Vec<f64> = (1..=3000).map(f64::from).collect();
        let delay = 3000.0 - averages(&rise, Sgd::new(1.0).averaged_momentum(beta))?[2999];
        worst_delay = worst_delay.max((delay - beta / (1.0 - beta)).abs());
        let memory = (1.0 / (1.0 - beta)).round();
        let one_day: Vec<f64> = (0..=memory as usize).map(|t| f64::from(t == 0)).collect();
        let weights = averages(&one_day, Sgd::new(1.0).averaged_momentum(beta))?;
        let left = weights[memory as usize] / weights[0];
        if beta >= 0.9 {
            worst_e = worst_e.max((left * std::f64::consts::E - 1.0).abs());
        }
        roughnesses.push(roughness);
        table.row([
            format!("{beta}"),
            format!("{memory:.0}"),
            format!("{left:.4}"),
            format!("{roughness:.2}"),
            format!("{delay:.2}"),
        ]);
    }
    lab.show(plot);
    lab.table(table);
    lab.claim(
        "The velocity of momentum is a moving average with exponentially decaying weights",
        worst_sum < 1e-10,
        format!(
            "at most {worst_sum} °F from the sum written out, over a year and three β",
            worst_sum = scientific(worst_sum, 1)
        ),
    );
    lab.claim(
        "A greater β averages over more days: a smoother curve",
        roughnesses[0] > 2.0 * roughnesses[1] && roughnesses[1] > 2.0 * roughnesses[2],
        format!(
            "{:.2}, {:.2} and {:.2} °F from day to day",
            roughnesses[0], roughnesses[1], roughnesses[2]
        ),
    );
    lab.claim(
        "A smoother average comes later: it lags behind by β/(1−β) days",
        worst_delay < 1e-6,
        format!(
            "on a steady rise 1, 9 and 49 days, to {worst_delay}",
            worst_delay = scientific(worst_delay, 1)
        ),
    );
    lab.claim(
        "After 1/(1−β) days the weight has fallen to 1/e",
        worst_e < 0.06,
        format!(
            "the velocity that one day leaves falls by 1/e to {:.1} % in 10 days with β = 0.9, in 50 with 0.98",
            100.0 * worst_e
        ),
    );
    Ok(())
}
