//! Layers over one, two and three axes, normalisations and gates.

use cotangent::nn::batch_norm::Running;
use cotangent::nn::conv::{
    Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, Padding,
};
use cotangent::nn::pool::{
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveMaxPool1d, AdaptiveMaxPool2d,
    AdaptiveMaxPool3d, AvgPool1d, AvgPool2d, AvgPool3d, MaxPool1d, MaxPool2d, MaxPool3d,
};
use cotangent::nn::{
    AlphaDropout, Bilinear, Dropout2d, Glu, GroupNorm, Identity, InstanceNorm, Linear,
    LocalResponseNorm, PRelu, Pad1d, Pad2d, Pad3d, PixelShuffle, PixelUnshuffle, RmsNorm,
    SpectralNorm, SwiGlu, Unflatten, Upsample, WeightNorm,
};
use cotangent::ops::{Interpolation, PaddingMode};
use cotangent::{Params, Scope};

use super::{Case, layer, real};

/// Convolutions over one, two and three axes.
pub fn convolutions() -> Vec<Case> {
    let (sequence, image, volume) = (real(&[1, 2, 4]), real(&[1, 2, 3, 3]), real(&[1, 1, 2, 2, 3]));
    let mirrored = |p: &mut Scope<'_>| {
        let conv = Conv1d::new(2, 2, 3).padding(1).padding_mode(PaddingMode::Reflect);
        conv.build(p, "conv")
    };
    let grouped = |p: &mut Scope<'_>| {
        Conv2d::new(2, 2, 2).groups(2).stride([1, 2]).padding(1).build(p, "conv")
    };
    let same = |p: &mut Scope<'_>| Conv3d::new(1, 1, 2).padding(Padding::Same).build(p, "conv");
    let up = |p: &mut Scope<'_>| {
        ConvTranspose2d::new(2, 2, 2).groups(2).stride(2).output_padding([1, 0]).build(p, "up")
    };
    [
        layer("Conv1d", mirrored, std::slice::from_ref(&sequence)),
        layer("Conv2d", grouped, std::slice::from_ref(&image)),
        layer("Conv3d", same, std::slice::from_ref(&volume)),
        layer("ConvTranspose1d", |p| ConvTranspose1d::new(2, 1, 2).build(p, "up"), &[sequence]),
        layer("ConvTranspose2d", up, &[image]),
        layer("ConvTranspose3d", |p| ConvTranspose3d::new(1, 1, 2).build(p, "up"), &[volume]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Pooling, borders, and images of another size.
pub fn pools() -> Vec<Case> {
    let (sequence, image, volume) = (real(&[2, 5]), real(&[1, 3, 4]), real(&[1, 2, 3, 2]));
    let (sequence, image, volume) = (&[sequence], &[image], &[volume]);
    let of_channels = real(&[1, 4, 1, 2]);
    [
        layer("MaxPool1d", |_| MaxPool1d::new(3).stride(2).padding(1), sequence),
        layer("MaxPool2d", |_| MaxPool2d::new(2), image),
        layer("MaxPool3d", |_| MaxPool3d::new(2).stride(1), volume),
        layer("AvgPool1d", |_| AvgPool1d::new(2).padding(1).count_include_pad(false), sequence),
        layer("AvgPool2d", |_| AvgPool2d::new(2), image),
        layer("AvgPool3d", |_| AvgPool3d::new(2).stride(1), volume),
        layer("AdaptiveAvgPool1d", |_| AdaptiveAvgPool1d::new(3), sequence),
        layer("AdaptiveAvgPool2d", |_| AdaptiveAvgPool2d::new([2, 1]), image),
        layer("AdaptiveAvgPool3d", |_| AdaptiveAvgPool3d::new([1, 2, 2]), volume),
        layer("AdaptiveMaxPool1d", |_| AdaptiveMaxPool1d::new(3), sequence),
        layer("AdaptiveMaxPool2d", |_| AdaptiveMaxPool2d::new([2, 1]), image),
        layer("AdaptiveMaxPool3d", |_| AdaptiveMaxPool3d::new([1, 2, 2]), volume),
        layer("Pad1d", |_| Pad1d::new(1).mode(PaddingMode::Reflect), sequence),
        layer("Pad2d", |_| Pad2d::ends([(0, 1), (2, 0)]).mode(PaddingMode::Circular), image),
        layer("Pad3d", |_| Pad3d::new([1, 0, 1]).value(0.5), volume),
        layer("Upsample", |_| Upsample::new(2).by(Interpolation::Linear), image),
        layer("Upsample", |_| Upsample::new(2), image),
        layer("PixelShuffle", |_| PixelShuffle(2), &[of_channels]),
        layer("PixelUnshuffle", |_| PixelUnshuffle(2), &[real(&[1, 1, 2, 4])]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Gates, normalisations beyond those of batches and features, and dropout of another kind.
pub fn gates_and_norms() -> Vec<Case> {
    let mut params = Params::with_seed(0);
    let map = Bilinear::new(2, 3, 2).build(&mut params.root(), "map");
    let bilinear = Case::new("Bilinear", &params, [real(&[2, 2]), real(&[2, 3])], move |_, x| {
        map.forward(x[0], x[1])
    });
    let instance = |p: &mut Scope<'_>| {
        InstanceNorm::new(2).affine(true).running(Running::torch()).build(p, "norm")
    };
    let spectral = |p: &mut Scope<'_>| SpectralNorm::new(Linear::new(2, 2)).build(p, "fc");
    let images = || [real(&[1, 2, 2, 2])];
    [
        layer("GroupNorm", |p| GroupNorm::new(1, 2).build(p, "norm"), &images()),
        layer("InstanceNorm", instance, &images()),
        layer("RmsNorm", |p| RmsNorm::new(3).build(p, "norm"), &[real(&[2, 3])]),
        layer("LocalResponseNorm", |_| LocalResponseNorm::new(2).alpha(0.5), &images()),
        layer("PRelu", |p| PRelu::channels(2).build(p, "act"), &[real(&[2, 2])]),
        layer("Glu", |_| Glu::new(-1), &[real(&[2, 4])]),
        layer("SwiGlu", |p| SwiGlu::build(2, 3, p, "ff"), &[real(&[2, 2])]),
        layer("ChannelDropout", |_| Dropout2d::new(0.4), &images()),
        layer("AlphaDropout", |_| AlphaDropout::new(0.4), &[real(&[3, 3])]),
        layer("Unflatten", |_| Unflatten::new([2, 2]), &[real(&[2, 4])]),
        layer("Identity", |_| Identity, &[real(&[2])]),
        layer(
            "WeightNorm",
            |p| WeightNorm::new(Linear::new(2, 2)).build(p, "fc"),
            &[real(&[2, 2])],
        ),
        // The singular vectors are constants to differentiation, though they follow the weight.
        layer("SpectralNorm", spectral, &[real(&[2, 2])])
            .into_iter()
            .map(|case| Case { meant: &["stop_gradient"], ..case })
            .collect(),
        vec![bilinear],
    ]
    .into_iter()
    .flatten()
    .collect()
}
