//! Networks of linear layers.

use cotangent::nn::batch_norm::Running;
use cotangent::nn::init::Init;
use cotangent::prelude::*;

/// Linear layers `fc0`, `fc1`, … with an activation between them, and if wanted batch normalization
/// `bn0`, `bn1`, … before each activation and dropout after it.
///
/// The linear layers of a seed start the same with and without the rest.
#[derive(Clone, Copy, Debug)]
pub struct Network<'w> {
    widths: &'w [usize],
    activation: Activation,
    init: Option<Init>,
    norm: Option<Running>,
    dropout: f64,
}

impl<'w> Network<'w> {
    /// Of these widths, from the inputs to the outputs.
    pub fn new(widths: &'w [usize], activation: Activation) -> Self {
        Self { widths, activation, init: None, norm: None, dropout: 0.0 }
    }

    /// How the weights start; the biases then start at 0. The default is PyTorch's.
    pub fn init(self, init: impl Into<Init>) -> Self {
        Self { init: Some(init.into()), ..self }
    }

    /// With or without batch normalization, its running statistics by PyTorch's convention.
    pub fn batch_norm(self, with: bool) -> Self {
        Self { norm: with.then(Running::torch), ..self }
    }

    /// With batch normalization, its running statistics by this convention.
    pub fn running(self, running: Running) -> Self {
        Self { norm: Some(running), ..self }
    }

    /// Drops hidden units with this probability.
    pub fn dropout(self, dropout: f64) -> Self {
        Self { dropout, ..self }
    }

    /// Builds the network.
    pub fn build(self, scope: &mut Scope<'_>) -> Sequential {
        let pairs = self.widths.windows(2).enumerate();
        // All linear layers first: where a parameter lies in the store decides how it starts.
        let linear: Vec<Linear> = pairs
            .map(|(i, pair)| {
                let mut layer = Linear::new(pair[0], pair[1]);
                if let Some(init) = self.init {
                    layer = layer.init(init).bias_init(Init::zeros());
                }
                layer.build(scope, &format!("fc{i}"))
            })
            .collect();
        let mut model = Sequential::new();
        for (i, layer) in linear.into_iter().enumerate() {
            if i > 0 {
                if let Some(running) = self.norm {
                    let norm = BatchNorm::new(self.widths[i]).running(running);
                    model = model.then(norm.build(scope, &format!("bn{}", i - 1)));
                }
                model = model.then(self.activation);
                if self.dropout > 0.0 {
                    model = model.then(Dropout::new(self.dropout));
                }
            }
            model = model.then(layer);
        }
        model
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batch_normalization_does_not_change_how_weights_start() {
        let network = Network::new(&[4, 3, 2], Activation::Relu).init(Init::normal(0.0, 1.0));
        let [mut plain, mut normed] = [Params::seeded(7), Params::seeded(7)];
        assert_eq!(network.build(&mut plain.root()).layers().len(), 3);
        let full = network.batch_norm(true).dropout(0.5);
        assert_eq!(full.build(&mut normed.root()).layers().len(), 5);
        for entry in plain.entries() {
            let id = normed.id(entry.path()).unwrap();
            assert_eq!(plain.get(entry.id()), normed.get(id), "{}", entry.path());
        }
        assert_eq!(
            plain.get(plain.id("fc1.bias").unwrap()),
            Some(Array::zeros(2).view().into_dyn())
        );
        assert!(normed.id("bn0.weight").is_some() && normed.id("bn1.weight").is_none());
    }
}
