//! Convolutional layers: kernels that move over one, two or three axes, and their transposes.
//!
//! | layer | from | to |
//! |---|---|---|
//! | [`Conv1d`], [`Conv2d`], [`Conv3d`] | `[N, inputs, L..]` | `[N, outputs, M..]`, M = ⌊(L + 2p − d·(k − 1) − 1)/s⌋ + 1 |
//! | [`ConvTranspose1d`], [`ConvTranspose2d`], [`ConvTranspose3d`] | `[N, inputs, M..]` | `[N, outputs, L..]`, L = (M − 1)·s − 2p + d·(k − 1) + 1 + e |
//!
//! along each axis, for kernel size k, stride s, padding p, dilation d and output padding e. One sample may be without
//! its axis, and so is then what comes out. Options are given as a number for all axes, or as a list with one for each.
//! Names, layout and initialisation of the parameters are PyTorch's: weight and bias start uniform on ±1/√f, for a fan f of the inputs of a group
//! times the elements of a kernel (for transposes the outputs, as there).

mod layer;
mod padding;
mod transpose;

pub use layer::{Conv1d, Conv2d, Conv3d, ConvNd, ConvNdBuilder};
pub use padding::Padding;
pub use transpose::{
    ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, ConvTransposeNd, ConvTransposeNdBuilder,
};

use std::panic::Location;

use graph::ops::Sizes;
use graph::{Param, Scope, Shape, Var, misfit};

use crate::error::{multiple, positive};
use crate::init::Init;
use crate::{HyperparameterError, channels};

/// What both kinds of layer are built of.
#[derive(Clone, Debug)]
struct Options<const N: usize> {
    inputs: usize,
    outputs: usize,
    kernel: [usize; N],
    stride: [usize; N],
    dilation: [usize; N],
    groups: usize,
    bias: bool,
    init: Option<Init>,
    bias_init: Option<Init>,
}

impl<const N: usize> Options<N> {
    fn new(inputs: usize, outputs: usize, kernel: Sizes<N>) -> Self {
        Self {
            inputs,
            outputs,
            kernel: kernel.0,
            stride: [1; N],
            dilation: [1; N],
            groups: 1,
            bias: true,
            init: None,
            bias_init: None,
        }
    }

    /// The options of the operation, for this padding.
    fn moves(&self, padding: [usize; N]) -> graph::ops::Conv<N> {
        let moves = graph::ops::Conv::new().stride(self.stride).dilation(self.dilation);
        moves.padding(padding).groups(self.groups)
    }

    fn parameters(&self, first: usize, of_group: usize) -> Parameters {
        let weight = Shape::from([&[first, of_group], &self.kernel[..]].concat());
        Parameters {
            weight,
            outputs: self.outputs,
            bias: self.bias,
            inits: [self.init, self.bias_init],
        }
    }

    fn check(&self, owner: &'static str) -> Result<(), HyperparameterError> {
        positive(owner, "the number of inputs", self.inputs)?;
        positive(owner, "the number of outputs", self.outputs)?;
        positive(owner, "the number of groups", self.groups)?;
        for (name, sizes) in [
            ("the size of the kernel", self.kernel),
            ("the stride", self.stride),
            ("the dilation", self.dilation),
        ] {
            positive(owner, name, sizes.into_iter().min().unwrap_or(0))?;
        }
        let groups = ("the number of groups", self.groups);
        multiple(owner, ("the number of inputs", self.inputs), groups)?;
        multiple(owner, ("the number of outputs", self.outputs), groups)
    }
}

/// The parameters of a layer to be built.
struct Parameters {
    weight: Shape,
    outputs: usize,
    bias: bool,
    inits: [Option<Init>; 2],
}

impl Parameters {
    /// How weight and bias start: unless told, uniform on ±1/√fan.
    fn inits(&self) -> [Init; 2] {
        let bound = 1.0 / (self.weight[1..].iter().product::<usize>() as f64).sqrt();
        self.inits.map(|init| init.unwrap_or(Init::uniform(-bound, bound)))
    }

    fn check(&self) -> Result<(), HyperparameterError> {
        let [weight, bias] = self.inits();
        weight.check(&self.weight)?;
        if self.bias { bias.check(&Shape::from([self.outputs])) } else { Ok(()) }
    }

    #[track_caller]
    fn build_bias(&self, scope: &mut Scope<'_>) -> Option<Param> {
        let [_, bias] = self.inits();
        // Not `then`: a closure would be the line that panics.
        if self.bias { Some(bias.build(scope, "bias", [self.outputs])) } else { None }
    }
}

/// What a layer makes of x, `[N, channels, ..]` with so many axes behind, or of one sample without the axis of samples, as
/// of a batch of one.
///
/// # Panics
/// If x is neither.
#[track_caller]
fn of_samples<'g>(
    [owner, path]: [&str; 2],
    x: Var<'g>,
    [channels, axes]: [usize; 2],
    forward: impl FnOnce(Var<'g>) -> Var<'g>,
) -> Var<'g> {
    let (g, line, shape) = (x.graph(), Location::caller(), x.shape());
    if shape.len() == axes + 2 && shape[1] == channels {
        return g.at(line, || forward(x));
    }
    if shape.len() == axes + 1 && shape[0] == channels {
        return g.at(line, || forward(x.unsqueeze(0)).squeeze(0));
    }
    let rule = format!(
        "the input must have axes of samples, of {channels} channels, and {axes} over which the kernel moves: {}",
        remedy(&shape, channels, axes)
    );
    misfit(&format!("{owner} {path:?}"), rule, &[x]);
}

/// What may be done about an input of this shape.
fn remedy(shape: &[usize], channels: usize, axes: usize) -> String {
    match shape {
        _ if shape.len() == axes + 2 => channels::remedy(shape, channels),
        _ if shape.len() == axes + 1 && channels == 1 => {
            "the only channel gets its axis by `x.unsqueeze(1)`".to_owned()
        }
        [_, row] => {
            format!("rows of {row} values become images by `x.reshape([-1, {channels}, …])`")
        }
        [first, ..] if shape.len() == axes + 1 => {
            format!("of one sample, axis 0 is that of channels, and there are {first}")
        }
        _ => format!("{} axes are wanted, and there are {}", axes + 2, shape.len()),
    }
}

/// x with a bias for each channel, if there is one.
#[track_caller]
fn biased<'g>(x: Var<'g>, bias: Option<&Param>) -> Var<'g> {
    match bias {
        None => x,
        Some(bias) => x + crate::normalize::along(x.graph().param(bias), 1, x),
    }
}

/// The size of a kernel, and how it moves, to be printed.
#[cfg(feature = "derive")]
fn kernel<const N: usize>(sizes: &[usize], moves: &graph::ops::Conv<N>) -> String {
    let sizes = sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("×");
    match moves.to_string() {
        moves if moves.is_empty() => sizes,
        moves => format!("{sizes}, {moves}"),
    }
}

/// The methods of a builder that has `options`.
macro_rules! options {
    () => {
        /// How far the kernel moves at a time.
        pub fn stride(mut self, stride: impl Into<graph::ops::Sizes<N>>) -> Self {
            self.options.stride = stride.into().0;
            self
        }

        /// How far the elements of the kernel are apart.
        pub fn dilation(mut self, dilation: impl Into<graph::ops::Sizes<N>>) -> Self {
            self.options.dilation = dilation.into().0;
            self
        }

        /// Into how many parts inputs and outputs are divided; each part of the outputs sees its own part
        /// of the inputs. As many as there are inputs make a depthwise convolution.
        pub fn groups(mut self, groups: usize) -> Self {
            self.options.groups = groups;
            self
        }

        /// With or without a bias; a layer followed by batch normalisation needs none.
        pub fn bias(mut self, bias: bool) -> Self {
            self.options.bias = bias;
            self
        }

        /// How the weight starts.
        pub fn init(mut self, init: impl Into<$crate::init::Init>) -> Self {
            self.options.init = Some(init.into());
            self
        }

        /// How the bias starts.
        pub fn bias_init(mut self, init: impl Into<$crate::init::Init>) -> Self {
            self.options.bias_init = Some(init.into());
            self
        }
    };
}
use options;
