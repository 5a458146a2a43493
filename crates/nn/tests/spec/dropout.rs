//! Dropout.

use cotangent::nn::{Dropout, Mode};
use cotangent::{Evaluator, Graph, Seed};
use ndarray::array;

#[test]
fn the_share_zeroed_is_the_probability_and_the_expectation_stays() {
    let g = Graph::new();
    let x = g.full([200, 200], 3.0);
    for probability in [0.1, 0.5, 0.9] {
        let y = Dropout::new(probability).forward(x, Mode::Train).eval().unwrap();
        let zeroed = y.iter().filter(|&&y| y == 0.0).count() as f64 / y.len() as f64;
        assert!((zeroed - probability).abs() < 0.01, "{zeroed}");
        assert!((y.mean().unwrap() / 3.0 - 1.0).abs() < 0.05);
    }
}

#[test]
fn nothing_happens_in_evaluation_or_with_probability_0() {
    let g = Graph::new();
    let x = g.constant(array![1.0, f64::INFINITY]);
    let nodes = g.len();
    Dropout::new(0.7).forward(x, Mode::Eval);
    Dropout::new(0.0).forward(x, Mode::Train);
    assert_eq!(g.len(), nodes);
}

#[test]
fn with_probability_1_everything_is_zero_and_so_is_the_gradient() {
    let g = Graph::new();
    let x = g.constant(array![1.0, f64::INFINITY, f64::NAN]);
    let y = Dropout::new(1.0).forward(x, Mode::Train);
    assert_eq!(y.eval().unwrap(), array![0.0, 0.0, 0.0].into_dyn());
    assert_eq!(y.sum().grad(x).eval().unwrap(), array![0.0, 0.0, 0.0].into_dyn());
}

#[test]
fn the_gradient_has_the_mask_of_the_value() {
    let g = Graph::new();
    let x = g.full([100], 1.0);
    let y = Dropout::new(0.5).forward(x, Mode::Train);
    let (y, dx) = (y.eval().unwrap(), y.sum().grad(x).eval().unwrap());
    assert_eq!(y, dx);
}

#[test]
fn draws_follow_the_seed_and_differ_between_runs_and_layers() {
    let g = Graph::new();
    let x = g.full([64], 1.0);
    let dropout = Dropout::new(0.5);
    let layers = [dropout.forward(x, Mode::Train), dropout.forward(x, Mode::Train)];
    let draw = |run| Evaluator::<f64>::new(&g).seed(Seed { seed: 5, run }).run(&layers).unwrap();
    assert_eq!(draw(0), draw(0));
    assert_ne!(draw(0)[0], draw(1)[0]);
    assert_ne!(draw(0)[0], draw(0)[1]);
}
