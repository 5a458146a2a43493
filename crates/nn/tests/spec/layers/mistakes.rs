//! Mistakes name the rule, the shapes and the line; hyperparameters from data are errors.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cotangent::nn::conv::Padding;
use cotangent::nn::{
    AlphaDropout, AvgPool2d, Bilinear, Conv1d, Conv2d, Conv3d, ConvTranspose2d, Dropout2d, Glu,
    GroupNorm, InstanceNorm, Linear, LocalResponseNorm, MaxPool2d, Mode, PRelu, Pad1d, Pad2d,
    RmsNorm, SpectralNorm, SwiGlu, Unflatten, Upsample, WeightNorm,
};
use cotangent::ops::PaddingMode;
use cotangent::{Graph, Params};

/// Fails unless it panics with all of these, and with the line after which this is called.
#[track_caller]
fn assert_panics<R>(parts: &[&str], f: impl FnOnce() -> R) {
    let panic = catch_unwind(AssertUnwindSafe(f)).err().expect("a mistake must panic");
    let message = panic.downcast_ref::<String>().expect("a message");
    for part in parts.iter().copied().chain([file!()]) {
        assert!(message.contains(part), "{message:?} does not say {part:?}");
    }
}

#[test]
fn inputs_of_other_shapes() {
    let mut params = Params::seeded(0);
    let p = &mut params.root();
    let g = Graph::new();
    let x = |shape: &[usize]| g.full(shape, 1.0);

    let conv = Conv2d::new(3, 4, 3).build(&mut p.child("stem"), "conv1");
    let rule = "axes of samples, of 3 channels, and 2 over which the kernel moves";
    assert_panics(&["Conv2d \"stem.conv1\"", rule, "[8, 2, 5, 5]"], || {
        conv.forward(x(&[8, 2, 5, 5]))
    });
    assert_panics(
        &[
            "Conv2d",
            rule,
            "of one sample, axis 0 is that of channels, and there are 4",
            "[4, 5, 5]",
        ],
        || conv.forward(x(&[4, 5, 5])),
    );
    assert_panics(&["spans 3 positions of the width"], || conv.forward(x(&[1, 3, 5, 2])));

    let mirrored = Conv1d::new(1, 1, 3).padding(4).padding_mode(PaddingMode::Reflect);
    let mirrored = mirrored.build(p, "mirrored");
    let rule = "a border of 4 must be smaller than the extent of its axis, which is 4";
    assert_panics(&["pad_with", rule], || mirrored.forward(x(&[1, 1, 4])));
    let up = ConvTranspose2d::new(1, 1, 1).padding(1).build(p, "up");
    assert_panics(&["nothing is left of an axis"], || up.forward(x(&[1, 1, 2, 3])));
    let padding_alone = MaxPool2d::new(1).padding(1);
    let rule = "the padding must be at most half of the window, and along the height they are 1 and 1: pad less";
    assert_panics(&["max_pool", rule], || padding_alone.forward(x(&[1, 1, 2, 2])));
    let mean = AvgPool2d::new([3, 4]).padding([1, 3]).count_include_pad(false);
    assert_panics(&["avg_pool", "along the width they are 3 and 4"], || {
        mean.forward(x(&[1, 1, 8, 8]))
    });

    let group = GroupNorm::new(2, 4).build(p, "gn");
    assert_panics(&["group_norm \"gn\"", "4 channels"], || group.forward(x(&[2, 3, 5])));
    let instance = InstanceNorm::new(4).build(p, "in");
    let rule = "at least 2 positions behind its channels, and has 1";
    assert_panics(&["\"in\"", rule], || instance.forward(x(&[2, 4, 1]), Mode::Train));
    assert_panics(&["\"in\"", rule], || instance.forward(x(&[2, 4, 1]), Mode::Eval));
    assert_panics(&["\"in\"", "`x.unsqueeze(0)`"], || instance.forward(x(&[4, 5, 6]), Mode::Train));
    assert_panics(&["\"in\"", "4 channels"], || instance.forward(x(&[2, 3, 5]), Mode::Train));
    let rms = RmsNorm::new([4, 5]).build(p, "rms");
    assert_panics(&["\"rms\"", "shape [4, 5]"], || rms.forward(x(&[2, 5])));
    let prelu = PRelu::channels(3).build(p, "act");
    assert_panics(&["\"act\"", "3 channels"], || prelu.forward(x(&[2, 4])));
    assert_panics(&["glu", "two halves, and is 3"], || Glu::new(-1).forward(x(&[2, 3])));
    assert_panics(&["glu", "an axis 2"], || Glu::new(2).forward(x(&[2, 3])));
    let bilinear = Bilinear::new(2, 3, 4).build(p, "map");
    assert_panics(&["\"map\"", "2 and 3 features"], || bilinear.forward(x(&[5, 2]), x(&[4, 3])));
    assert_panics(&["[2, 3]"], || Unflatten::new([2, 3]).forward(x(&[5, 7])));
    assert_panics(&["Pad2d", "at least 2 axes", "[5]"], || Pad2d::new(1).forward(x(&[5])));
    let mirrored = Pad1d::new(5).mode(PaddingMode::Reflect);
    assert_panics(&["must be smaller than the extent"], || mirrored.forward(x(&[2, 5])));
    assert_panics(&["upsample", "`x.unsqueeze(0)`"], || Upsample::new(2).forward(x(&[5, 7])));
    assert_panics(&["upsample", "behind them 2 to be resized"], || {
        Upsample::size([3, 4]).forward(x(&[2, 5, 7]))
    });
    assert_panics(&["a factor must be positive and finite, and is NaN"], || {
        Upsample::new([1.5, f64::NAN]).forward(x(&[1, 2, 5, 7]))
    });
    assert_panics(&["there must be a position"], || Upsample::new(0.1).forward(x(&[1, 2, 5])));
    assert_panics(&["axes of samples and channels"], || {
        Dropout2d::new(0.5).forward(x(&[5]), Mode::Train)
    });
    assert_panics(&["local_response_norm"], || LocalResponseNorm::new(2).forward(x(&[5])));
    assert_panics(&["2² must divide the 6 channels"], || x(&[1, 6, 2, 2]).pixel_shuffle(2));
}

#[test]
fn hyperparameters_from_data_are_errors_and_build_nothing() {
    let mut params = Params::seeded(0);
    let p = &mut params.root();
    let told = [
        Conv2d::new(4, 6, 3).groups(3).try_build(p, "a").unwrap_err(),
        Conv2d::new(4, 6, [3, 0]).try_build(p, "a").unwrap_err(),
        Conv2d::new(4, 6, 3).stride([1, 0]).try_build(p, "a").unwrap_err(),
        Conv3d::new(0, 6, 3).try_build(p, "a").unwrap_err(),
        Conv1d::new(4, 6, 3).stride(2).padding(Padding::Same).try_build(p, "a").unwrap_err(),
        ConvTranspose2d::new(4, 6, 3).output_padding(1).try_build(p, "a").unwrap_err(),
        ConvTranspose2d::new(4, 6, 3).groups(0).try_build(p, "a").unwrap_err(),
        GroupNorm::new(3, 4).try_build(p, "a").unwrap_err(),
        InstanceNorm::new(0).try_build(p, "a").unwrap_err(),
        RmsNorm::new([0]).try_build(p, "a").unwrap_err(),
        PRelu::channels(0).try_build(p, "a").unwrap_err(),
        Bilinear::new(2, 3, 0).try_build(p, "a").unwrap_err(),
        SwiGlu::try_build(2, 0, p, "a").unwrap_err(),
        WeightNorm::new(Linear::new(2, 0)).try_build(p, "a").unwrap_err(),
        SpectralNorm::new(Linear::new(2, 3)).iterations(0).try_build(p, "a").unwrap_err(),
        Dropout2d::try_new(1.5).unwrap_err(),
        AlphaDropout::try_new(1.0).unwrap_err(),
        LocalResponseNorm::try_new(0).unwrap_err(),
    ];
    for error in told {
        assert!(error.to_string().contains(" must be "), "{error}");
    }
    assert!(params.entries().is_empty());
}
