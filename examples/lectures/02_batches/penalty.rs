//! The objective with λR(W) = λ·Σw².

use cotangent::optim::Sgd;
use lab::{Classifier, Course, Digits, Lab, Result, scientific};

/// The objective with λR(W) = λ·Σw².
pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let lambda = 0.01;
    let (mut plain, mut penalised) = (Classifier::of_digits(0.0), Classifier::of_digits(lambda));
    let (x, labels) = (digits.train.features(), digits.train.labels());
    let without = plain.forward_backward(x, labels)?;
    let with = penalised.forward_backward(x, labels)?;
    let (mut worst, mut squares) = (0f64, 0.0);
    for param in plain.params.trainable_entries() {
        let weight = param.path().ends_with("weight");
        let range = plain.params.range(param.id());
        for i in range {
            let w = f64::from(plain.params.trainable()[i]);
            let [g, h] = [&plain, &penalised].map(|m| f64::from(m.gradients().values()[i]));
            let decay = if weight { 2.0 * lambda * w } else { 0.0 };
            worst = worst.max((h - g - decay).abs());
            squares += if weight { w * w } else { 0.0 };
        }
    }
    let norm = |lambda: f64| -> Result<f64> {
        let mut model = Classifier::of_digits(lambda);
        let course = Course { epochs: lab.pick(20, 1), batch: 64, seed: 1 };
        model.train(&digits.train, course, &mut Sgd::new(0.2))?;
        let weights = model.params.trainable().iter().map(|&w| f64::from(w).powi(2));
        Ok(weights.sum::<f64>().sqrt())
    };
    let (free, held) = (norm(0.0)?, norm(lambda)?);
    lab.claim(
        "The objective is the mean loss plus λR(W), and its gradient has 2λW more",
        (with - without - lambda * squares).abs() < 1e-5 && worst < 1e-6 && held < 0.8 * free,
        format!(
            "J is {:.4} larger, λΣw² is {:.4}; gradients agree to {worst}; after 20 epochs the \
             weights’ norm is {held:.2} with λ = {lambda} and {free:.2} without",
            with - without,
            lambda * squares,
            worst = scientific(worst, 1)
        ),
    );
    Ok(())
}
