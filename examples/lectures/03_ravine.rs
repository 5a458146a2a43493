//! Poor conditioning: gradient descent in a ravine, f(x, y) = ½(x² + κy²).
//!
//! `cargo run --release --example gallery -- ravine`

use cotangent::optim::Sgd;
use cotangent::prelude::Var;
use lab::{Axis, Deck, Experiment, Hue, Lab, Plot, Result, Surface, Symmetric, Table, xy};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Poor conditioning: the ravine",
    deck: Deck::Optimization,
    slides: "Problems with gradient descent; Poor conditioning; Convergence speed of gradient descent",
    quotes: &[
        "Very slow progress along shallow dimension, jitter along steep direction.",
        "Loss function has high condition number: ratio of largest to smallest singular value of \
         the Hessian matrix is large.",
        "If the learning rate is big, the weights slosh to and fro across the ravine. If the \
         learning rate is too big, this oscillation diverges.",
    ],
    formulas: &[
        r"f(x, y) = \tfrac{1}{2}\left(x^2 + \kappa y^2\right)",
        r"x_t = (1 - \alpha)^t x_0 \qquad y_t = (1 - \alpha\kappa)^t y_0",
        r"\text{converges} \iff \alpha < \frac{2}{\kappa}",
    ],
    run,
};

const START: [f64; 2] = [-4.0, 1.0];

fn ravine(kappa: f64, w: Var<'_>) -> Var<'_> {
    let [x, y] = xy(w);
    0.5 * (x.square() + kappa * y.square())
}

fn run(lab: &mut Lab) -> Result {
    zigzag(lab)?;
    iterations(lab)
}

/// Three learning rates in the ravine of condition number 25.
fn zigzag(lab: &mut Lab) -> Result {
    let kappa = 25.0;
    let surface = Surface::new(move |w| ravine(kappa, w));
    let condition = Symmetric::new(&surface.hessian(&START)?).condition();
    lab.claim(
        "The Hessian’s largest singular value over its smallest is κ",
        (condition - kappa).abs() < 1e-9,
        format!("{condition} from the graph’s Hessian, κ = {kappa}"),
    );

    let rates = [1.0, 1.9, 2.03].map(|share| share / kappa);
    let descend = |rate: f64| surface.descend(&START, 60, &mut Sgd::new(rate));
    let [small, big, too_big] = [descend(rates[0])?, descend(rates[1])?, descend(rates[2])?];

    let grid = surface.grid(-4.5..4.5, -2.5..2.5, 81)?;
    let mut plot = Plot::new(
        "paths",
        "Descent in the ravine, first steps: the loss is steep across (y) and shallow along (x), κ = 25",
        Axis::new("shallow direction x").range(-4.5..4.5),
        Axis::new("steep direction y").range(-2.5..2.5),
    );
    plot.contours(&grid, grid.levels(14));
    let first = |path: &lab::Path, steps| path.pairs().into_iter().take(steps).collect::<Vec<_>>();
    plot.steps(Hue::Vermillion, "α = 2.03/κ diverges", first(&too_big, 26));
    plot.steps(Hue::Blue, "α = 1.9/κ sloshes", first(&big, 40));
    plot.steps(Hue::Green, "α = 1/κ crawls", first(&small, 40));
    lab.show(plot);

    let mut plot = Plot::new(
        "loss",
        "The same three: the loss falls or grows by a constant factor a step",
        Axis::new("step"),
        Axis::log("loss f"),
    );
    plot.line(Hue::Vermillion, "α = 2.03/κ", too_big.curve());
    plot.line(Hue::Blue, "α = 1.9/κ", big.curve());
    plot.line(Hue::Green, "α = 1/κ", small.curve());
    lab.show(plot);

    let crosses = |pair: &[(f64, f64)]| pair[0].1 * pair[1].1 < 0.0;
    let crossings = big.pairs().windows(2).take(30).filter(|pair| crosses(pair)).count();
    let kept = big.points[30][0] / START[0];
    lab.claim(
        "A big learning rate jitters along the steep direction",
        crossings == 30,
        format!("α = 1.9/κ crosses the ravine in {crossings} of the first 30 steps"),
    );
    lab.claim(
        "Progress along the shallow direction is very slow all the same",
        (0.08..0.12).contains(&kept),
        format!("after those 30 steps {:.1} % of the way along it are left", 100.0 * kept),
    );
    let [below, above] = [descend(1.99 / kappa)?, descend(2.01 / kappa)?];
    let change = |path: &lab::Path| path.values[60] / path.values[50];
    lab.claim(
        "A learning rate that is too big diverges, and the bound is 2/κ",
        change(&below) < 0.9 && change(&above) > 1.1,
        format!(
            "over ten steps the loss shrinks by {:.2} at α = 1.99/κ and grows by {:.2} at 2.01/κ",
            change(&below),
            change(&above)
        ),
    );
    Ok(())
}

/// The steps that descent needs at its best learning rate, for growing condition numbers.
fn iterations(lab: &mut Lab) -> Result {
    let kappas = [2.0, 5.0, 10.0, 30.0, 100.0, 300.0, 1000.0];
    let mut table = Table::new(
        "Steps until f is a millionth of its start, at the best learning rate 2/(1 + κ)",
        ["κ", "α", "steps", "steps/κ"],
    );
    let mut needed = Vec::new();
    for kappa in kappas {
        let surface = Surface::new(move |w| ravine(kappa, w));
        let rate = 2.0 / (1.0 + kappa);
        // From (κ, 1) both directions contribute alike.
        let path = surface.descend(&[kappa, 1.0], 8000, &mut Sgd::new(rate))?;
        let steps = path.steps_to(1e-6 * path.values[0]).ok_or("too few steps")?;
        needed.push((kappa, steps as f64));
        table.row([
            format!("{kappa}"),
            format!("{rate:.4}"),
            format!("{steps}"),
            format!("{:.2}", steps as f64 / kappa),
        ]);
    }
    lab.table(table);

    let mut plot = Plot::new(
        "iterations",
        "The number of steps grows in proportion to the condition number",
        Axis::log("condition number κ"),
        Axis::log("steps to a millionth"),
    );
    let predicted = |kappa: f64| 0.5 * 1e-6f64.ln() / ((kappa - 1.0) / (kappa + 1.0)).ln();
    plot.line(Hue::Grey, "ln 10⁻³ / ln((κ−1)/(κ+1))", kappas.map(|k| (k, predicted(k))));
    plot.points(Hue::Blue, "measured", needed.clone());
    lab.show(plot);

    let worst = needed.iter().map(|&(k, n)| (n - predicted(k)).abs()).fold(0.0, f64::max);
    let [(_, from), (_, to)] = [needed[4], needed[6]];
    lab.claim(
        "Ten times the condition number takes ten times the steps",
        (to / from - 10.0).abs() < 0.3 && worst <= 1.0,
        format!("κ = 100: {from}, κ = 1000: {to}; at most {worst:.1} steps off the prediction"),
    );
    Ok(())
}
