//! The convolution as a layer.

use graph::ops::{Conv, PaddingMode, Sizes};
use graph::{Param, Scope, Shape, Var};

use super::{Options, Padding, Parameters, biased, of_samples, options};
use crate::init::Init;
use crate::module::{forward_at, layer};
use crate::parametrize::{Parametrizable, built};
use crate::{HyperparameterError, Mode, Module};

/// y = w ⋆ x + b over `N` axes behind those of samples and channels: [`Conv1d`], [`Conv2d`] and
/// [`Conv3d`]. The formula is that of [`graph::ops::Convolution`].
///
/// The weight has shape `[outputs, inputs / groups, kernel..]` and the bias `[outputs]`, as in PyTorch. By
/// default the kernel moves by 1, over the input itself.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::Conv2d;
///
/// let mut params = Params::seeded(0);
/// let conv = Conv2d::new(3, 16, 3).stride(2).padding(1).build(&mut params.root(), "conv1");
/// assert_eq!(conv.weight.shape(), &[16, 3, 3, 3].into());
///
/// let g = Graph::new();
/// assert_eq!(conv.forward(g.input("x", [8, 3, 32, 32])).shape(), [8, 16, 16, 16].into());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ConvNd<const N: usize> {
    /// w, of shape `[outputs, inputs / groups, kernel..]`.
    pub weight: Param,
    /// b, of shape `[outputs]`, unless built without.
    pub bias: Option<Param>,
    inputs: usize,
    moves: Conv<N>,
    /// What is added to the input before, where it is more than the same zeros at both ends.
    border: Option<([(usize, usize); N], PaddingMode)>,
    path: String,
}

layer!([const N: usize] ConvNd<N>, Self::NAME, |layer| {
    let shape = layer.weight.shape();
    format!("{} → {}, {}", layer.inputs, shape[0], super::kernel(&shape[2..], &layer.moves))
}; weight = layer.weight, bias = layer.bias);

/// A convolution over sequences, `[N, inputs, L]`: see [`ConvNd`].
pub type Conv1d = ConvNd<1>;

/// A convolution over images, `[N, inputs, H, W]`: see [`ConvNd`].
pub type Conv2d = ConvNd<2>;

/// A convolution over volumes, `[N, inputs, D, H, W]`: see [`ConvNd`].
pub type Conv3d = ConvNd<3>;

/// The options of a [`ConvNd`] layer to be built.
#[derive(Clone, Debug)]
pub struct ConvNdBuilder<const N: usize> {
    options: Options<N>,
    padding: Padding<N>,
    mode: PaddingMode,
}

impl<const N: usize> ConvNd<N> {
    const NAME: &'static str = match N {
        1 => "Conv1d",
        2 => "Conv2d",
        3 => "Conv3d",
        _ => "ConvNd",
    };

    /// A layer from `inputs` channels to `outputs`, with a kernel of this size and a bias.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(inputs: usize, outputs: usize, kernel: impl Into<Sizes<N>>) -> ConvNdBuilder<N> {
        let options = Options::new(inputs, outputs, kernel.into());
        ConvNdBuilder { options, padding: Padding::Valid, mode: PaddingMode::Zeros }
    }

    /// w ⋆ x + b, for x of shape `[N, inputs, L..]`; the result has shape `[N, outputs, M..]`, with M as
    /// in the [table](crate::conv). One sample may be without its axis: `[inputs, L..]` becomes `[outputs, M..]`.
    ///
    /// # Panics
    /// If x has other axes or channels, the kernel is larger than the padded input, or the input does not
    /// suffice for the mode of its padding.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        of_samples([Self::NAME, &self.path], x, [self.inputs, N], |x| {
            let x = match &self.border {
                None => x,
                Some((border, mode)) => x.pad_with([&[(0, 0); 2], &border[..]].concat(), *mode),
            };
            let y = x.conv(x.graph().param(&self.weight), self.moves.clone());
            biased(y, self.bias.as_ref())
        })
    }
}

impl<const N: usize> Module for ConvNd<N> {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        self.forward(x)
    }

    forward_at!();
}

impl<const N: usize> ConvNdBuilder<N> {
    /// How many positions are added at both ends: a number, a list, or [`Padding::Same`].
    pub fn padding(self, padding: impl Into<Padding<N>>) -> Self {
        Self { padding: padding.into(), ..self }
    }

    /// What these positions hold; zeros by default.
    pub fn padding_mode(self, mode: PaddingMode) -> Self {
        Self { mode, ..self }
    }

    options!();

    /// Builds the parameters `name.weight` and `name.bias`.
    ///
    /// # Panics
    /// If an extent, the stride, the dilation or the number of groups is 0, the groups do not divide inputs
    /// and outputs, [`Padding::Same`] meets a stride, an initialiser is not defined, or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> ConvNd<N> {
        built(self, scope, name)
    }

    /// [`build`](Self::build), for options that come from data.
    ///
    /// # Errors
    /// If an extent, the stride, the dilation or the number of groups is 0, the groups do not divide inputs
    /// and outputs, [`Padding::Same`] meets a stride, or an initialiser is not defined; nothing is built
    /// then.
    #[track_caller]
    pub fn try_build(
        self,
        scope: &mut Scope<'_>,
        name: &str,
    ) -> Result<ConvNd<N>, HyperparameterError> {
        self.check()?;
        Ok(self.build(scope, name))
    }

    fn parameters(&self) -> Parameters {
        let Options { inputs, outputs, groups, .. } = self.options;
        self.options.parameters(outputs, inputs / groups)
    }
}

impl<const N: usize> Parametrizable for ConvNdBuilder<N> {
    type Layer = ConvNd<N>;

    const OUTPUTS: usize = 0;

    fn check(&self) -> Result<(), HyperparameterError> {
        let (owner, options) = (ConvNd::<N>::NAME, &self.options);
        options.check(owner)?;
        let stride = options.stride.into_iter().max().unwrap_or(1);
        let holds = stride == 1 || self.padding != Padding::Same;
        let rule = "1 for the padding to leave extents as they are";
        HyperparameterError::unless(holds, owner, "the stride", rule, stride as f64)?;
        self.parameters().check()
    }

    fn weight(&self) -> (Init, Shape) {
        let parameters = self.parameters();
        (parameters.inits()[0], parameters.weight)
    }

    #[track_caller]
    fn build_around(self, scope: &mut Scope<'_>, weight: Param) -> ConvNd<N> {
        let bias = self.parameters().build_bias(scope);
        let Options { inputs, kernel, dilation, .. } = self.options;
        let border = self.padding.border(kernel, dilation);
        let plain = self.mode == PaddingMode::Zeros && border.iter().all(|ends| ends.0 == ends.1);
        let moves = self.options.moves(if plain { border.map(|ends| ends.0) } else { [0; N] });
        let border = (!plain).then_some((border, self.mode));
        ConvNd { weight, bias, inputs, moves, border, path: scope.path().to_owned() }
    }
}
