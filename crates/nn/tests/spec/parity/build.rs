//! The layers that the cases describe.

use cotangent::nn::batch_norm::Running;
use cotangent::nn::conv::Padding;
use cotangent::nn::parametrize::Parametrizable;
use cotangent::nn::pool::{AdaptiveAvgPoolNd, AdaptiveMaxPoolNd, AvgPoolNd, MaxPoolNd};
use cotangent::nn::{
    Activation, BatchNorm, Bilinear, Glu, GroupNorm, InstanceNorm, LayerNorm, Linear,
    LocalResponseNorm, Mode, Module, PRelu, PadNd, PixelShuffle, PixelUnshuffle, RmsNorm,
    ScaleFactor, SpectralNorm, Upsample, WeightNorm, conv,
};
use cotangent::ops::{Interpolation, PaddingMode};
use cotangent::{Scope, Var};
use serde_json::Value as Json;

/// The options of a case.
pub struct Options<'a>(pub &'a Json);

/// A layer, of one input or two.
pub enum Layer {
    Module(Box<dyn Module>),
    Bilinear(Bilinear),
    Interpolate(Vec<usize>, Interpolation),
}

impl Options<'_> {
    fn number(&self, name: &str) -> usize {
        self.0[name].as_u64().unwrap_or_else(|| panic!("{name} in {}", self.0)) as usize
    }

    fn flag(&self, name: &str) -> bool {
        self.0[name].as_bool().unwrap()
    }

    fn list(&self, name: &str) -> Option<Vec<usize>> {
        let list = self.0[name].as_array()?;
        Some(list.iter().map(|number| number.as_u64().unwrap() as usize).collect())
    }

    fn sizes<const N: usize>(&self, name: &str) -> Option<[usize; N]> {
        self.list(name).map(|list| list.try_into().expect("a number for each axis"))
    }

    fn padding<const N: usize>(&self) -> Padding<N> {
        match self.0["padding"].as_str() {
            Some("same") => Padding::Same,
            Some("valid") => Padding::Valid,
            _ => self.sizes("padding").unwrap_or([0; N]).into(),
        }
    }

    fn padding_mode(&self) -> PaddingMode {
        match self.0["padding_mode"].as_str() {
            Some("reflect") => PaddingMode::Reflect,
            Some("replicate") => PaddingMode::Replicate,
            Some("circular") => PaddingMode::Circular,
            _ => PaddingMode::Zeros,
        }
    }

    fn interpolation(&self) -> Interpolation {
        match self.0["mode"].as_str().unwrap() {
            "nearest" => Interpolation::Nearest,
            "linear" => Interpolation::Linear,
            _ => Interpolation::LinearAlignedCorners,
        }
    }

    fn upsample(&self) -> Upsample {
        match (self.list("size"), self.0["factors"].as_array()) {
            (Some(size), _) => Upsample::size(size),
            (None, Some(factors)) => {
                let factors = factors.iter().map(|factor| factor.as_f64().unwrap()).collect();
                Upsample::new(ScaleFactor::Each(factors))
            }
            (None, None) => Upsample::new(self.number("scale")),
        }
    }

    fn conv<const N: usize>(&self, p: &mut Scope<'_>) -> Box<dyn Module> {
        let (inputs, outputs) = (self.number("inputs"), self.number("outputs"));
        let conv = conv::ConvNd::<N>::new(inputs, outputs, self.sizes("kernel").unwrap());
        let conv = conv.stride(self.sizes("stride").unwrap_or([1; N]));
        let conv = conv.dilation(self.sizes("dilation").unwrap_or([1; N]));
        let conv = conv.groups(self.0["groups"].as_u64().unwrap_or(1) as usize);
        let conv = conv.bias(self.0["bias"].as_bool().unwrap_or(true));
        Box::new(conv.padding(self.padding()).padding_mode(self.padding_mode()).build(p, "layer"))
    }

    fn transpose<const N: usize>(&self, p: &mut Scope<'_>) -> Box<dyn Module> {
        let (inputs, outputs) = (self.number("inputs"), self.number("outputs"));
        let conv = conv::ConvTransposeNd::<N>::new(inputs, outputs, self.sizes("kernel").unwrap());
        let conv = conv.stride(self.sizes("stride").unwrap_or([1; N]));
        let conv = conv.dilation(self.sizes("dilation").unwrap_or([1; N]));
        let conv = conv.groups(self.0["groups"].as_u64().unwrap_or(1) as usize);
        let conv = conv.bias(self.0["bias"].as_bool().unwrap_or(true));
        let conv = conv.padding(self.sizes("padding").unwrap_or([0; N]));
        let extra = self.sizes("output_padding").unwrap_or([0; N]);
        Box::new(conv.output_padding(extra).build(p, "layer"))
    }

    fn max_pool<const N: usize>(&self) -> Box<dyn Module> {
        let kernel = self.sizes("kernel").unwrap();
        let pool = MaxPoolNd::<N>::new(kernel).stride(self.sizes("stride").unwrap_or(kernel));
        let pool = pool.padding(self.sizes("padding").unwrap_or([0; N]));
        let pool = pool.ceil_mode(self.0["ceil"] == true);
        Box::new(pool.dilation(self.sizes("dilation").unwrap_or([1; N])))
    }

    fn avg_pool<const N: usize>(&self) -> Box<dyn Module> {
        let kernel = self.sizes("kernel").unwrap();
        let pool = AvgPoolNd::<N>::new(kernel).stride(self.sizes("stride").unwrap_or(kernel));
        let pool = pool.padding(self.sizes("padding").unwrap_or([0; N]));
        let pool = pool.ceil_mode(self.0["ceil"] == true);
        Box::new(pool.count_include_pad(self.flag("counts")))
    }

    fn adaptive<const N: usize>(&self, largest: bool) -> Box<dyn Module> {
        let windows: [usize; N] = self.sizes("windows").unwrap();
        if largest {
            Box::new(AdaptiveMaxPoolNd::new(windows))
        } else {
            Box::new(AdaptiveAvgPoolNd::new(windows))
        }
    }

    fn pad<const N: usize>(&self) -> Box<dyn Module> {
        let ends: Vec<(usize, usize)> = serde_json::from_value(self.0["ends"].clone()).unwrap();
        let pad = PadNd::<N>::ends(ends.try_into().expect("two for each axis"));
        Box::new(match self.0["value"].as_f64() {
            Some(value) => pad.value(value),
            None => pad.mode(self.padding_mode()),
        })
    }

    fn activation(&self) -> Activation {
        match self.0["function"].as_str().unwrap() {
            "ReLU" => Activation::Relu,
            "LeakyReLU" => Activation::LeakyRelu(0.1),
            "ELU" => Activation::Elu(0.7),
            "GELU" => Activation::Gelu,
            "GELUTanh" => Activation::GeluTanh,
            "SiLU" => Activation::Silu,
            "Softplus" => Activation::Softplus,
            "Tanh" => Activation::Tanh,
            "Sigmoid" => Activation::Sigmoid,
            "LogSigmoid" => Activation::LogSigmoid,
            "Mish" => Activation::Mish,
            "Softsign" => Activation::Softsign,
            "Hardsigmoid" => Activation::HardSigmoid,
            "Hardswish" => Activation::HardSwish,
            "Hardtanh" => Activation::HardTanh,
            "ReLU6" => Activation::Relu6,
            "SELU" => Activation::Selu,
            "CELU" => Activation::Celu(0.5),
            "Hardshrink" => Activation::HardShrink(0.4),
            "Softshrink" => Activation::SoftShrink(0.4),
            "Tanhshrink" => Activation::TanhShrink,
            "Threshold" => Activation::Threshold { threshold: 0.1, value: 2.0 },
            other => panic!("{other} is no activation"),
        }
    }

    fn instance_norm(&self, p: &mut Scope<'_>) -> InstanceNorm {
        let norm = InstanceNorm::new(self.number("channels")).affine(self.flag("tracked"));
        let norm = if self.flag("tracked") { norm.running(Running::torch()) } else { norm };
        norm.build(p, "layer")
    }

    fn rms_norm(&self, p: &mut Scope<'_>) -> RmsNorm {
        let shape = self.list("normalized").unwrap();
        let norm = RmsNorm::new(shape).weight(self.flag("affine"));
        let norm = if self.0["default_eps"] == true { norm } else { norm.eps(1e-6) };
        norm.build(p, "layer")
    }

    fn bilinear(&self, p: &mut Scope<'_>) -> Bilinear {
        let [first, other, outputs] = ["first", "other", "outputs"].map(|name| self.number(name));
        Bilinear::new(first, other, outputs).bias(self.flag("bias")).build(p, "layer")
    }

    /// A layer with its weight made of others, by way of each builder.
    fn parametrized(&self, spectral: bool, p: &mut Scope<'_>) -> Box<dyn Module> {
        fn wrapped<B>(spectral: bool, builder: B, p: &mut Scope<'_>) -> Box<dyn Module>
        where
            B: Parametrizable,
        {
            if spectral {
                Box::new(SpectralNorm::new(builder).iterations(2).build(p, "layer"))
            } else {
                Box::new(WeightNorm::new(builder).build(p, "layer"))
            }
        }
        match self.0["inner"].as_str().unwrap() {
            "linear" => wrapped(spectral, Linear::new(3, 4), p),
            "conv" => wrapped(spectral, conv::Conv2d::new(2, 3, 2), p),
            _ => wrapped(spectral, conv::ConvTranspose1d::new(2, 3, 2), p),
        }
    }

    /// The layer of this name.
    pub fn build(&self, of: &str, p: &mut Scope<'_>) -> Layer {
        Layer::Module(match of {
            "Conv1d" => self.conv::<1>(p),
            "Conv2d" => self.conv::<2>(p),
            "Conv3d" => self.conv::<3>(p),
            "ConvTranspose1d" => self.transpose::<1>(p),
            "ConvTranspose2d" => self.transpose::<2>(p),
            "ConvTranspose3d" => self.transpose::<3>(p),
            "MaxPool1d" => self.max_pool::<1>(),
            "MaxPool2d" => self.max_pool::<2>(),
            "MaxPool3d" => self.max_pool::<3>(),
            "AvgPool1d" => self.avg_pool::<1>(),
            "AvgPool2d" => self.avg_pool::<2>(),
            "AvgPool3d" => self.avg_pool::<3>(),
            "AdaptiveAvgPool1d" => self.adaptive::<1>(false),
            "AdaptiveAvgPool2d" => self.adaptive::<2>(false),
            "AdaptiveAvgPool3d" => self.adaptive::<3>(false),
            "AdaptiveMaxPool1d" => self.adaptive::<1>(true),
            "AdaptiveMaxPool2d" => self.adaptive::<2>(true),
            "AdaptiveMaxPool3d" => self.adaptive::<3>(true),
            "Upsample" => Box::new(self.upsample().by(self.interpolation())),
            "PixelShuffle" => Box::new(PixelShuffle(self.number("factor"))),
            "PixelUnshuffle" => Box::new(PixelUnshuffle(self.number("factor"))),
            "GroupNorm" => {
                let norm = GroupNorm::new(self.number("groups"), self.number("channels"));
                Box::new(norm.affine(self.flag("affine")).build(p, "layer"))
            }
            "InstanceNorm" => Box::new(self.instance_norm(p)),
            "BatchNorm" => Box::new(BatchNorm::new(self.number("channels")).build(p, "layer")),
            "LayerNorm" => {
                let shape = self.list("normalized").unwrap();
                Box::new(LayerNorm::new(shape).build(p, "layer"))
            }
            "Linear" => {
                let linear = Linear::new(self.number("inputs"), self.number("outputs"));
                Box::new(linear.bias(self.flag("bias")).build(p, "layer"))
            }
            "RmsNorm" => Box::new(self.rms_norm(p)),
            "LocalResponseNorm" => {
                Box::new(LocalResponseNorm::new(self.number("size")).alpha(0.3).beta(0.6).k(1.5))
            }
            "WeightNorm" => self.parametrized(false, p),
            "SpectralNorm" => self.parametrized(true, p),
            "PRelu" => Box::new(PRelu::channels(self.number("channels")).build(p, "layer")),
            "Glu" => Box::new(Glu::new(self.0["axis"].as_i64().unwrap() as isize)),
            "Pad1d" => self.pad::<1>(),
            "Pad2d" => self.pad::<2>(),
            "Pad3d" => self.pad::<3>(),
            "Activation" => Box::new(self.activation()),
            "Bilinear" => return Layer::Bilinear(self.bilinear(p)),
            "interpolate" => {
                return Layer::Interpolate(self.list("size").unwrap(), self.interpolation());
            }
            other => panic!("{other} is no layer"),
        })
    }
}

impl Layer {
    pub fn forward<'g>(&self, x: &[Var<'g>], mode: Mode) -> Var<'g> {
        match self {
            Layer::Module(module) => module.forward(x[0], mode),
            Layer::Bilinear(bilinear) => bilinear.forward(x[0], x[1]),
            Layer::Interpolate(size, by) => x[0].interpolate(size, *by),
        }
    }
}
