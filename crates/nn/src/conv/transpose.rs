//! The transpose of a convolution as a layer.

use graph::ops::{Conv, Sizes};
use graph::{Param, Scope, Shape, Var};

use super::{Options, Parameters, biased, of_samples, options};
use crate::init::Init;
use crate::module::{forward_at, layer};
use crate::parametrize::{Parametrizable, built};
use crate::{HyperparameterError, Mode, Module};

/// The transpose of a convolution over `N` axes, plus a bias: [`ConvTranspose1d`], [`ConvTranspose2d`] and
/// [`ConvTranspose3d`]. It is the adjoint of [`ConvNd`](super::ConvNd) with the same options, from
/// `outputs` channels to `inputs`, and so makes larger what that makes smaller.
///
/// The weight has shape `[inputs, outputs / groups, kernel..]` and the bias `[outputs]`, as in PyTorch.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::ConvTranspose2d;
///
/// let mut params = Params::seeded(0);
/// let up = ConvTranspose2d::new(16, 3, 4).stride(2).padding(1).build(&mut params.root(), "up");
/// assert_eq!(up.weight.shape(), &[16, 3, 4, 4].into());
///
/// let g = Graph::new();
/// assert_eq!(up.forward(g.input("x", [8, 16, 16, 16])).shape(), [8, 3, 32, 32].into());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ConvTransposeNd<const N: usize> {
    /// w, of shape `[inputs, outputs / groups, kernel..]`.
    pub weight: Param,
    /// b, of shape `[outputs]`, unless built without.
    pub bias: Option<Param>,
    moves: Conv<N>,
    output_padding: [usize; N],
    path: String,
}

layer!([const N: usize] ConvTransposeNd<N>, Self::NAME, |layer| {
    let (shape, moves) = (layer.weight.shape(), &layer.moves);
    format!("{} → {}, {}", shape[0], shape[1] * moves.group_count(), super::kernel(&shape[2..], moves))
}; weight = layer.weight, bias = layer.bias);

/// The transpose of a convolution over sequences, `[N, inputs, L]`: see [`ConvTransposeNd`].
pub type ConvTranspose1d = ConvTransposeNd<1>;

/// The transpose of a convolution over images, `[N, inputs, H, W]`: see [`ConvTransposeNd`].
pub type ConvTranspose2d = ConvTransposeNd<2>;

/// The transpose of a convolution over volumes, `[N, inputs, D, H, W]`: see [`ConvTransposeNd`].
pub type ConvTranspose3d = ConvTransposeNd<3>;

/// The options of a [`ConvTransposeNd`] layer to be built.
#[derive(Clone, Debug)]
pub struct ConvTransposeNdBuilder<const N: usize> {
    options: Options<N>,
    padding: [usize; N],
    output_padding: [usize; N],
}

impl<const N: usize> ConvTransposeNd<N> {
    const NAME: &'static str = match N {
        1 => "ConvTranspose1d",
        2 => "ConvTranspose2d",
        3 => "ConvTranspose3d",
        _ => "ConvTransposeNd",
    };

    /// A layer from `inputs` channels to `outputs`, with a kernel of this size and a bias.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(
        inputs: usize,
        outputs: usize,
        kernel: impl Into<Sizes<N>>,
    ) -> ConvTransposeNdBuilder<N> {
        let options = Options::new(inputs, outputs, kernel.into());
        ConvTransposeNdBuilder { options, padding: [0; N], output_padding: [0; N] }
    }

    /// For x of shape `[N, inputs, M..]` of shape `[N, outputs, L..]`, with L as in the
    /// [table](crate::conv). One sample may be without its axis: `[inputs, M..]` becomes `[outputs, L..]`.
    ///
    /// # Panics
    /// If x has other axes or channels, or nothing is left but for the padding.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        of_samples([Self::NAME, &self.path], x, [self.weight.shape()[0], N], |x| {
            let weight = x.graph().param(&self.weight);
            let y = x.conv_transpose(weight, self.moves.clone(), self.output_padding);
            biased(y, self.bias.as_ref())
        })
    }
}

impl<const N: usize> Module for ConvTransposeNd<N> {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        self.forward(x)
    }

    forward_at!();
}

impl<const N: usize> ConvTransposeNdBuilder<N> {
    /// The padding of the convolution of which this is the transpose: so many positions are left out at both
    /// ends.
    pub fn padding(self, padding: impl Into<Sizes<N>>) -> Self {
        Self { padding: padding.into().0, ..self }
    }

    /// How many positions are added at the end: several extents have as many windows, and this says which
    /// is meant.
    pub fn output_padding(self, output_padding: impl Into<Sizes<N>>) -> Self {
        Self { output_padding: output_padding.into().0, ..self }
    }

    options!();

    /// Builds the parameters `name.weight` and `name.bias`.
    ///
    /// # Panics
    /// If an extent, the stride, the dilation or the number of groups is 0, the groups do not divide inputs
    /// and outputs, an output padding is not smaller than stride or dilation, an initialiser is not defined,
    /// or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> ConvTransposeNd<N> {
        built(self, scope, name)
    }

    /// [`build`](Self::build), for options that come from data.
    ///
    /// # Errors
    /// If an extent, the stride, the dilation or the number of groups is 0, the groups do not divide inputs
    /// and outputs, an output padding is not smaller than stride or dilation, or an initialiser is not
    /// defined; nothing is built then.
    #[track_caller]
    pub fn try_build(
        self,
        scope: &mut Scope<'_>,
        name: &str,
    ) -> Result<ConvTransposeNd<N>, HyperparameterError> {
        self.check()?;
        Ok(self.build(scope, name))
    }

    fn parameters(&self) -> Parameters {
        let Options { inputs, outputs, groups, .. } = self.options;
        self.options.parameters(inputs, outputs / groups)
    }
}

impl<const N: usize> Parametrizable for ConvTransposeNdBuilder<N> {
    type Layer = ConvTransposeNd<N>;

    const OUTPUTS: usize = 1;

    fn check(&self) -> Result<(), HyperparameterError> {
        let (owner, options) = (ConvTransposeNd::<N>::NAME, &self.options);
        options.check(owner)?;
        for axis in 0..N {
            let extra = self.output_padding[axis];
            let holds = extra < options.stride[axis].max(options.dilation[axis]);
            let rule = "smaller than the stride or the dilation";
            HyperparameterError::unless(holds, owner, "the output padding", rule, extra as f64)?;
        }
        self.parameters().check()
    }

    fn weight(&self) -> (Init, Shape) {
        let parameters = self.parameters();
        (parameters.inits()[0], parameters.weight)
    }

    #[track_caller]
    fn build_around(self, scope: &mut Scope<'_>, weight: Param) -> ConvTransposeNd<N> {
        let bias = self.parameters().build_bias(scope);
        let (moves, output_padding) = (self.options.moves(self.padding), self.output_padding);
        ConvTransposeNd { weight, bias, moves, output_padding, path: scope.path().to_owned() }
    }
}
