"""Writes functions.json beside itself: what PyTorch (and SciPy, where PyTorch has no such function) answers in double
precision, and the gradients of a sum of the answers weighted by 1, 2, 3, …

A case has the function's name, the inputs, under "value" the answer and under "gradients" those of the inputs that are real,
each array as {"shape", "data"} in row-major order. JSON has the shortest digits that are read as the same number.
"""

import json
import pathlib

import numpy as np
import scipy.special
import torch

import algebra

torch.set_default_dtype(torch.float64)

WIDE = [-2.7, -1.5, -0.5, -0.3, 0.2, 0.5, 1.5, 2.5, 3.9]
INSIDE = [-0.99, -0.6, -1e-5, 0.0, 1e-8, 0.3, 0.75, 0.999999]
POSITIVE = [1e-6, 0.1, 0.6, 1.0, 1.46, 2.5, 8.0, 140.0]
MATRIX = [[0.3, -1.2, 2.1, 0.7], [1.4, 0.2, -0.6, -2.0], [0.9, 0.1, 1.1, -0.4]]


def unary(name, f, x):
    return name, f, [x]


def cases():
    yield unary("floor", torch.floor, WIDE)
    yield unary("ceil", torch.ceil, WIDE)
    yield unary("trunc", torch.trunc, WIDE)
    yield unary("round", torch.round, WIDE)
    for f in [torch.tan, torch.sinh, torch.cosh, torch.asinh, torch.atan, torch.exp2]:
        yield unary(f.__name__, f, WIDE + [1e-9, 12.0])
    yield unary("sinc", torch.sinc, WIDE + [12.0])  # near 0, no digit of PyTorch's gradient is left
    for f in [torch.asin, torch.acos, torch.atanh, torch.erfinv]:
        yield unary(f.__name__, f, INSIDE)
    yield unary("acosh", torch.acosh, [1.0001, 1.5, 7.0, 1e9])
    for f in [torch.log2, torch.log10, torch.lgamma, torch.digamma]:
        yield unary(f.__name__, f, POSITIVE)
    yield unary("lgamma", torch.lgamma, [-3.4, -0.5])
    yield unary("digamma", torch.digamma, [-3.4, -0.5])
    yield unary("trigamma", lambda x: torch.polygamma(1, x), POSITIVE + [-1.3])
    yield unary("tetragamma", lambda x: torch.polygamma(2, x), POSITIVE)
    yield unary("erfc", torch.erfc, WIDE + [9.0, 26.0])
    yield unary("softsign", torch.nn.functional.softsign, WIDE)
    yield unary("mish", torch.nn.functional.mish, WIDE + [-40.0, 50.0])
    # As PyTorch defines it: the gradient of its hardsigmoid has a sixth in single precision.
    yield unary("hard_sigmoid", lambda x: torch.nn.functional.relu6(x + 3) / 6, [-4.0, -1.0, 2.0, 4.0])
    yield unary("hard_swish", torch.nn.functional.hardswish, [-4.0, -1.0, 2.0, 4.0])
    yield unary("logit", torch.logit, [1e-9, 0.1, 0.4, 0.6, 0.999])
    a, b = [5.5, -5.5, 7.25, -1.0], [2.0, 2.0, -3.0, -3.0]
    for f in [torch.fmod, torch.remainder, torch.hypot]:
        yield f.__name__, f, [a, b]
    yield "xlogy", torch.xlogy, [[0.0, 0.5, 2.0], [0.7, 3.0, 0.1]]
    yield "cumprod", lambda x: x.cumprod(1), [[[2.0, 0.0, 3.0, -1.0], [0.0, 0.5, 0.0, 2.0]]]
    yield "logcumsumexp", lambda x: x.logcumsumexp(1), [MATRIX]
    yield "cummax", lambda x: x.cummax(1).values, [[[1.0, 3.0, 3.0, 2.0]]]
    yield "cummin", lambda x: x.cummin(1).values, [[[3.0, 1.0, 1.0, 2.0]]]
    yield "sort", lambda x: x.sort(1).values, [MATRIX]
    yield "sort_down", lambda x: x.sort(0, descending=True).values, [MATRIX]
    yield "topk", lambda x: x.topk(2, dim=1).values, [MATRIX]
    yield "median", lambda x: x.median(1).values, [MATRIX]
    yield "quantile", lambda x: x.quantile(0.3, dim=1), [MATRIX]
    yield "cov", torch.cov, [MATRIX]
    yield "corrcoef", lambda x: torch.corrcoef(x)[0, 1:], [MATRIX]
    yield "roll", lambda x: x.roll(3, 1), [MATRIX]
    yield "tile", lambda x: x.tile(2, 1, 2), [MATRIX]
    yield "repeat_interleave", lambda x: x.repeat_interleave(2, 1), [MATRIX]
    yield "diff", lambda x: x.diff(dim=0), [MATRIX]
    yield "trapezoid", lambda y, x: torch.trapezoid(y, x, dim=1), [MATRIX, [0.1, 0.5, 2.0, 2.5]]
    yield from algebra.cases()


def array(tensor):
    return {"shape": list(tensor.shape), "data": tensor.detach().flatten().tolist()}


def case(name, f, inputs):
    inputs = [torch.tensor(x, requires_grad=True) for x in inputs]
    value = f(*inputs)
    weights = torch.arange(1, value.numel() + 1, dtype=torch.float64).reshape(value.shape)
    (value * weights).sum().backward()
    zeros = [x.grad if x.grad is not None else torch.zeros_like(x) for x in inputs]
    if name == "erfinv":  # PyTorch is some digits short of SciPy here.
        value = torch.tensor(scipy.special.erfinv(inputs[0].detach().numpy()))
        zeros = [weights * np.sqrt(np.pi) / 2 * torch.exp(value**2)]
    return {
        "name": name,
        "inputs": [array(x) for x in inputs],
        "value": array(value),
        "gradients": [array(x) for x in zeros],
    }


def cbrt():
    x = np.array([-27.0, -0.3, 1e-6, 2.0, 64.0])
    return {
        "name": "cbrt",
        "inputs": [array(torch.tensor(x))],
        "value": array(torch.tensor(np.cbrt(x))),
        "gradients": [array(torch.tensor(np.arange(1, 6) / (3 * np.cbrt(x) ** 2)))],
    }


written = [json.dumps(case(*c), separators=(",", ":")) for c in cases()] + [json.dumps(cbrt(), separators=(",", ":"))]
text = f'{{"torch": "{torch.__version__.split("+")[0]}", "scipy": "{scipy.__version__}", "cases": [\n' + ",\n".join(written) + "\n]}\n"
pathlib.Path(__file__).with_name("functions.json").write_text(text)
