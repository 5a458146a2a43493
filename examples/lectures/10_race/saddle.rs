//! Starts beside the ridge of a saddle, all with one learning rate.

use lab::{Lab, Result, Surface, Table, xy};

use crate::race::racers;

pub fn run(lab: &mut Lab) -> Result {
    let surface = Surface::new(|w| {
        let [x, y] = xy(w);
        x.square() - y.square()
    });
    let (rate, beside) = (0.02, -1e-4);
    let caption =
        format!("From the ridge of a saddle, animated: all with α = {rate}, from (−1, −10⁻⁴)");
    let levels = |_: &_| (-10..=7).map(|i| f64::from(i) / 5.0).collect();
    let mut plot = surface.map(["saddle", &caption], ("x", -1.2..1.2), ("y", -1.5..0.5), levels)?;
    let mut table = Table::new(
        &format!("Steps from the ridge of the saddle, y = −10⁻⁴, with α = {rate}"),
        ["optimizer", "to y < −0.1", "to y < −1"],
    );
    let (mut left, mut gone) = (Vec::new(), Vec::new());
    for (name, hue, optimizer) in racers() {
        let path = surface.descend(&[-1.0, beside], 400, &mut optimizer(rate))?;
        let steps = |y: f64| path.points.iter().position(|w| w[1] < y).ok_or("still on the saddle");
        let (off, away) = (steps(-0.1)?, steps(-1.0)?);
        plot.runner(hue, name, path.pairs()[..=away].to_vec());
        table.row([name.into(), format!("{off}"), format!("{away}")]);
        left.push(off);
        gone.push(away);
    }
    lab.show(plot);
    lab.table(table);
    let slowest = left[3..].iter().max().ok_or("nobody")?;
    lab.claim(
        "Methods with adaptive learning rates enlarge the small direction’s steps",
        4 * slowest < left[0] && 2 * left[1] < left[0],
        format!(
            "to y < −0.1 SGD needs {} steps, momentum {}, the slowest adaptive one {slowest}",
            left[0], left[1]
        ),
    );
    lab.contradicted(
        "And so leave the saddle behind sooner",
        gone[3..].iter().all(|&steps| steps < gone[0]),
        format!(
            "to y < −1 Adagrad, whose steps become smaller and smaller, needs {} steps; RMSprop {}, Adam {}, SGD {}",
            gone[3], gone[4], gone[5], gone[0]
        ),
    );
    Ok(())
}
