//! Batch sizes that are powers of two, and their neighbours.

use std::time::Instant;

use lab::{Axis, Classifier, Digits, Hue, Lab, Plot, Result, Table};

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let mut model = Classifier::of_digits(0.0);
    let powers = [32usize, 64, 128, 256];
    let mut table = Table::new(
        "µs per sample, forward and backward: the fastest of many runs",
        ["power of two", "1 less", "it", "1 more", "a quarter more"],
    );
    let mut plot = Plot::new(
        "powers",
        "Time per sample by batch size: powers of two and their neighbours",
        Axis::log("batch size"),
        Axis::new("µs per sample"),
    );
    let (mut own, mut others, mut gains) = (Vec::new(), Vec::new(), Vec::new());
    for power in powers {
        let mut times = Vec::new();
        for batch in [power - 1, power, power + 1, power + power / 4] {
            let rows: Vec<usize> = (0..batch).collect();
            let samples = digits.train.select(&rows)?;
            let mut fastest = f64::INFINITY;
            for _ in 0..lab.pick(400, 2) {
                let start = Instant::now();
                model.forward_backward(samples.features(), samples.labels())?;
                fastest = fastest.min(start.elapsed().as_secs_f64());
            }
            times.push(1e6 * fastest / batch as f64);
            let points = if batch == power { &mut own } else { &mut others };
            points.push((batch as f64, 1e6 * fastest / batch as f64));
        }
        let time = |i: usize| format!("{:.3}", times[i]);
        table.row([format!("{power}"), time(0), time(1), time(2), time(3)]);
        gains.push(times[0].min(times[2]).min(times[3]) / times[1]);
    }
    plot.points(Hue::Vermillion, "powers of two", own);
    plot.points(Hue::Blue, "others", others);
    lab.show(plot);
    lab.table(table);
    let least = gains.iter().copied().fold(f64::INFINITY, f64::min);
    lab.contradicted(
        "Batch sizes are powers of two for speed",
        least > 1.1,
        format!(
            "in the time per sample the best of three neighbours is {:.2}, {:.2}, {:.2} and {:.2} times \
             that of 32, 64, 128 and 256: a tenth more for each would be a reason",
            gains[0], gains[1], gains[2], gains[3]
        ),
    );
    Ok(())
}
