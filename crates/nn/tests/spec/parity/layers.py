"""Writes layers.json beside itself: what PyTorch's layers answer in double precision, and the gradients of a
weighted sum of the answers.

A case has the name of the layer, its options, its parameters by the names of the state_dict, the input, and under
"expected" the answer and the gradients of Σ v·y, where v is the numbers of `weights`, which need not be stored. Given
numbers are short; expected ones have all digits. An array is {"shape", "data"}, in row-major order. "buffers" are what
the layer has of them before and after.
"""

import math

import torch
from torch import nn

from cases import array, short, write

torch.manual_seed(15)


def weights(shape):
    count = math.prod(shape)
    return torch.tensor([math.sin(2.399 * i + 0.7) for i in range(count)]).reshape(shape)


def case(of, module, shape, evaluate=False, second=None, **options):
    trainable = dict(module.named_parameters())
    buffers = dict(module.named_buffers())
    with torch.no_grad():
        for parameter in trainable.values():
            parameter.copy_(short(*parameter.shape))
        for name, buffer in buffers.items():
            if "running" in name:
                buffer.copy_(short(*buffer.shape).abs() + 0.1)
    module.train(not evaluate)
    before = {name: array(buffer) for name, buffer in buffers.items()}
    given = {name: array(parameter) for name, parameter in trainable.items()}
    x = [short(*s).requires_grad_() for s in ([shape] if second is None else [shape, second])]
    y = module(*x)
    (weights(y.shape) * y).sum().backward()
    gradients = {f"x{i}": each.grad for i, each in enumerate(x)}
    gradients.update({name: parameter.grad for name, parameter in trainable.items()})
    return {
        "kind": of,
        "options": options,
        "evaluate": evaluate,
        "parameters": given,
        "buffers": before,
        "x": [array(each) for each in x],
        "expected": {
            "y": array(y),
            "gradients": {name: array(gradient) for name, gradient in gradients.items()},
            "buffers": {name: array(buffer) for name, buffer in buffers.items()},
        },
    }


cases = []
EXTENTS = {1: [7], 2: [4, 5], 3: [3, 3, 4]}


def convolution(axes, inputs, outputs, kernel, extents=None, samples=2, **options):
    extents = extents or EXTENTS[axes]
    module = getattr(nn, f"Conv{axes}d")(inputs, outputs, kernel, **options)
    cases.append(
        case(f"Conv{axes}d", module, [samples, inputs, *extents], inputs=inputs, outputs=outputs, kernel=kernel, **options)
    )


def transpose(axes, inputs, outputs, kernel, extents, **options):
    module = getattr(nn, f"ConvTranspose{axes}d")(inputs, outputs, kernel, **options)
    cases.append(
        case(f"ConvTranspose{axes}d", module, [2, inputs, *extents], inputs=inputs, outputs=outputs, kernel=kernel, **options)
    )


def layer(of, name, module, shape, second=None, evaluate=False, **options):
    cases.append(case(of, module, shape, evaluate, second, name=name, **options))


for mode in ["zeros", "reflect", "replicate", "circular"]:
    convolution(1, 2, 3, [3], padding=[2], stride=[2], padding_mode=mode)
    convolution(2, 2, 2, [3, 2], padding=[2, 1], padding_mode=mode)
    convolution(3, 1, 2, [2, 1, 3], padding=[1, 1, 2], padding_mode=mode, samples=1)
    convolution(2, 1, 2, [4, 3], padding="same", dilation=[1, 2], padding_mode=mode)
convolution(1, 4, 6, [3], groups=2, dilation=[2], bias=False)
convolution(2, 2, 4, [3, 2], stride=[2, 1], padding=[1, 2], dilation=[1, 2])
convolution(2, 4, 4, [3, 3], groups=4, padding=[1, 1])
convolution(2, 2, 2, [1, 1], stride=[2, 2], padding="valid")
convolution(2, 1, 2, [2, 2], stride=[2, 3], dilation=[3, 2], padding=[2, 1], bias=False)
convolution(3, 2, 2, [2, 2, 2], stride=[2, 1, 2], groups=2)
convolution(3, 1, 1, [3, 3, 3], padding="same", samples=1)

transpose(1, 2, 3, [3], [4], stride=[2], padding=[1], output_padding=[1])
transpose(1, 4, 2, [2], [3], groups=2, dilation=[3], output_padding=[2], bias=False)
transpose(2, 2, 3, [3, 2], [3, 2])
transpose(2, 2, 2, [4, 4], [2, 3], stride=[2, 2], padding=[1, 1])
transpose(2, 4, 4, [3, 2], [2, 2], groups=2, stride=[3, 2], dilation=[2, 3], padding=[1, 0], output_padding=[2, 1])
transpose(2, 1, 2, [1, 2], [3, 2], stride=[2, 3], bias=False)
transpose(3, 2, 1, [2, 3, 2], [2, 2, 2], stride=[2, 1, 2], padding=[0, 1, 0], output_padding=[1, 0, 0])

for axes in [1, 2, 3]:
    shape = [1, 2, *EXTENTS[axes]]
    options = [dict(kernel=[2] * axes), dict(kernel=[3] * axes, stride=[1, 2, 3][:axes], padding=[1] * axes)]
    for given in options:
        arguments = dict(given)
        kernel = arguments.pop("kernel")
        layer(f"MaxPool{axes}d", "pool", getattr(nn, f"MaxPool{axes}d")(kernel, **arguments), shape, **given)
        for counts in [True, False]:
            module = getattr(nn, f"AvgPool{axes}d")(kernel, count_include_pad=counts, **arguments)
            layer(f"AvgPool{axes}d", "pool", module, shape, counts=counts, **given)
    for windows in [[1, 1, 1], [3, 4, 2], [2, 6, 5]]:
        for of in [f"AdaptiveAvgPool{axes}d", f"AdaptiveMaxPool{axes}d"]:
            layer(of, "pool", getattr(nn, of)(windows[:axes]), shape, windows=windows[:axes])
layer("MaxPool2d", "pool", nn.MaxPool2d(2, 1, 0, [2, 3]), [2, 2, 5, 6], kernel=[2, 2], stride=[1, 1], dilation=[2, 3])

for axes, mode in [(1, "linear"), (2, "bilinear"), (3, "trilinear")]:
    shape = [1, 2, *EXTENTS[axes]][: 2 + axes]
    layer("Upsample", "up", nn.Upsample(scale_factor=2), shape, mode="nearest", scale=2)
    for aligned in [False, True]:
        by = "aligned" if aligned else "linear"
        layer("Upsample", "up", nn.Upsample(scale_factor=2, mode=mode, align_corners=aligned), shape, mode=by, scale=2)
        size = [4, 8, 3][:axes]
        layer("interpolate", "up", nn.Upsample(size, mode=mode, align_corners=aligned), shape, mode=by, size=size)
    layer("interpolate", "up", nn.Upsample([4, 8, 3][:axes]), shape, mode="nearest", size=[4, 8, 3][:axes])
layer("PixelShuffle", "shuffle", nn.PixelShuffle(2), [2, 8, 2, 3], factor=2)
layer("PixelUnshuffle", "shuffle", nn.PixelUnshuffle(2), [2, 2, 4, 6], factor=2)

for shape in [[3, 4], [2, 4, 3], [2, 4, 2, 3]]:
    for affine in [True, False]:
        layer("GroupNorm", "norm", nn.GroupNorm(2, 4, affine=affine), shape, groups=2, channels=4, affine=affine)
for axes in [1, 2, 3]:
    shape = [2, 3, *EXTENTS[axes]] if axes < 3 else [2, 3, 2, 1, 3]
    for evaluate in [False, True]:
        for tracked in [False, True]:
            module = getattr(nn, f"InstanceNorm{axes}d")(3, affine=tracked, track_running_stats=tracked)
            layer("InstanceNorm", "norm", module, shape, evaluate=evaluate, channels=3, tracked=tracked)
for evaluate in [False, True]:
    layer("BatchNorm", "norm", nn.BatchNorm3d(3), [2, 3, 2, 1, 3], evaluate=evaluate, channels=3)
layer("RmsNorm", "norm", nn.RMSNorm([3], eps=1e-6), [2, 4, 3], normalized=[3], affine=True)
layer("RmsNorm", "norm", nn.RMSNorm([4, 3], eps=1e-6, elementwise_affine=False), [2, 4, 3], normalized=[4, 3], affine=False)
for size in [2, 3]:
    norm = nn.LocalResponseNorm(size, alpha=0.3, beta=0.6, k=1.5)
    layer("LocalResponseNorm", "norm", norm, [2, 5, 2, 3], size=size)

layer("PRelu", "act", nn.PReLU(), [3, 4], channels=1)
layer("PRelu", "act", nn.PReLU(4), [2, 4, 3], channels=4)
layer("Glu", "act", nn.GLU(-1), [3, 6], axis=-1)
layer("Glu", "act", nn.GLU(1), [3, 4, 2], axis=1)
layer("Bilinear", "map", nn.Bilinear(3, 4, 2), [3, 2, 3], second=[3, 2, 4], first=3, other=4, outputs=2, bias=True)
layer("Bilinear", "map", nn.Bilinear(2, 3, 3, bias=False), [4, 2], second=[4, 3], first=2, other=3, outputs=3, bias=False)

INNER = {
    "linear": (lambda: nn.Linear(3, 4), [2, 3]),
    "conv": (lambda: nn.Conv2d(2, 3, 2), [2, 2, 3, 3]),
    "transpose": (lambda: nn.ConvTranspose1d(2, 3, 2), [2, 2, 3]),
}
for inner, (build, shape) in INNER.items():
    layer("WeightNorm", "norm", nn.utils.parametrizations.weight_norm(build()), shape, inner=inner)
    for evaluate in [False, True]:
        module = nn.utils.parametrizations.spectral_norm(build(), n_power_iterations=2)
        layer("SpectralNorm", "norm", module, shape, evaluate=evaluate, inner=inner)

for axes in [1, 2, 3]:
    shape, ends = [2, *EXTENTS[axes]], [[1, 2], [2, 0], [1, 1]][:axes]
    # PyTorch has the last axis first.
    given = [end for each in reversed(ends) for end in each]
    layer(f"Pad{axes}d", "pad", getattr(nn, f"ZeroPad{axes}d")(given), shape, ends=ends, padding_mode="zeros")
    layer(f"Pad{axes}d", "pad", getattr(nn, f"ConstantPad{axes}d")(given, 0.7), shape, ends=ends, value=0.7)
    for of, mode in [("Reflection", "reflect"), ("Replication", "replicate"), ("Circular", "circular")]:
        layer(f"Pad{axes}d", "pad", getattr(nn, f"{of}Pad{axes}d")(given), shape, ends=ends, padding_mode=mode)



class Hardsigmoid(nn.Module):
    """nn.Hardsigmoid as it is defined: the gradient of its own has 1/6 in single precision."""

    def forward(self, x):
        return nn.functional.relu6(x + 3) / 6


plain = [nn.LogSigmoid, nn.Mish, nn.Softsign, Hardsigmoid, nn.Hardswish, nn.Hardtanh, nn.ReLU6, nn.SELU]
# Of CELU it is 1/α, which for 0.5 is exact.
for activation in [*[of() for of in plain], nn.CELU(0.5)]:
    layer("Activation", "act", activation, [3, 5], function=type(activation).__name__)

layer("Linear", "map", nn.Linear(3, 4), [2, 3], inputs=3, outputs=4, bias=True)
layer("Linear", "map", nn.Linear(3, 2, bias=False), [2, 4, 3], inputs=3, outputs=2, bias=False)
layer("LayerNorm", "norm", nn.LayerNorm([3]), [2, 4, 3], normalized=[3])
layer("LayerNorm", "norm", nn.LayerNorm([4, 3]), [2, 4, 3], normalized=[4, 3])

for axes in [1, 2, 3]:
    shape = [1, 2, *EXTENTS[axes]]
    # Of the second, a last window of the first axis would begin behind the array, where it is none.
    options = [dict(kernel=[2] * axes), dict(kernel=[2, 3, 2][:axes], stride=[EXTENTS[axes][0] + 1, 2, 3][:axes], padding=[1] * axes)]
    for given in options:
        arguments = dict(given) | {"ceil_mode": True}
        kernel = arguments.pop("kernel")
        module = getattr(nn, f"MaxPool{axes}d")(kernel, **arguments)
        layer(f"MaxPool{axes}d", "pool", module, shape, ceil=True, **given)
        for counts in [True, False]:
            module = getattr(nn, f"AvgPool{axes}d")(kernel, count_include_pad=counts, **arguments)
            layer(f"AvgPool{axes}d", "pool", module, shape, ceil=True, counts=counts, **given)
layer("MaxPool2d", "pool", nn.MaxPool2d(2, 2, 0, [2, 1], ceil_mode=True), [2, 2, 6, 5], kernel=[2, 2], dilation=[2, 1], ceil=True)

for activation in [nn.Hardshrink(0.4), nn.Softshrink(0.4), nn.Tanhshrink(), nn.Threshold(0.1, 2.0)]:
    layer("Activation", "act", activation, [3, 5], function=type(activation).__name__)

# One sample without its axis.
for axes in [1, 2, 3]:
    shape = [2, *EXTENTS[axes]]
    conv = dict(inputs=2, outputs=3, kernel=[2] * axes, padding=[1] * axes)
    module = getattr(nn, f"Conv{axes}d")(2, 3, 2, padding=1, padding_mode="circular")
    cases.append(case(f"Conv{axes}d", module, shape, padding_mode="circular", **conv))
    module = getattr(nn, f"ConvTranspose{axes}d")(2, 3, 2, padding=1)
    cases.append(case(f"ConvTranspose{axes}d", module, shape, **conv))
    for of in ["MaxPool", "AvgPool"]:
        module = getattr(nn, f"{of}{axes}d")(2)
        layer(f"{of}{axes}d", "pool", module, shape, kernel=[2] * axes, counts=True)

module = nn.InstanceNorm2d(3, affine=True, track_running_stats=True)
layer("InstanceNorm", "norm", module, [2, 3, 1, 1], evaluate=True, channels=3, tracked=True)
layer("RmsNorm", "norm", nn.RMSNorm([3]), [2, 4, 3], normalized=[3], affine=True, default_eps=True)

for axes, mode in [(1, "linear"), (2, "bilinear"), (3, "trilinear")]:
    shape = [1, 2, *EXTENTS[axes]][: 2 + axes]
    modes = [("nearest", {"mode": "nearest"})]
    modes += [(by, {"mode": mode, "align_corners": by == "aligned"}) for by in ["linear", "aligned"]]
    for by, given in modes:
        for factors in [[2.0, 3.0, 1.0], [1.75, 0.8, 2.5]]:
            module = nn.Upsample(scale_factor=tuple(factors[:axes]), **given)
            layer("Upsample", "up", module, shape, mode=by, factors=factors[:axes])
        size = [9, 3, 5][:axes]
        layer("Upsample", "up", nn.Upsample(size, **given), shape, mode=by, size=size)

for activation in [nn.ReLU(), nn.LeakyReLU(0.1), nn.ELU(0.7), nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.Softplus(), nn.Tanh(), nn.Sigmoid()]:
    function = type(activation).__name__ + ("Tanh" if getattr(activation, "approximate", "none") == "tanh" else "")
    layer("Activation", "act", activation, [3, 5], function=function)

write("layers", cases)
