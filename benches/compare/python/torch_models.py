"""The models in PyTorch: a function for each kind of model of a step file. It gets the model's numbers and the
tensors, and answers the ways to spell it, by name, each a function that builds the model anew."""

from typing import Callable, NamedTuple

import torch
from torch import nn
from torch.nn import functional as F


class Model(NamedTuple):
    """What is trained: `function` computes the loss of the inputs."""

    module: nn.Module
    function: Callable
    inputs: tuple
    breaks: bool = False  # whether Inductor may leave parts of the function to PyTorch itself


class Product(NamedTuple):
    """What is only computed: `function` maps the inputs to the results, by name; `vectors` has an array for each: what a
    Hessian is multiplied by, or else the weights of the results in the sum that is compared."""

    function: Callable
    inputs: tuple
    vectors: dict
    breaks: bool = False


def fill(module, tensors, name):
    """Copies weight and bias of this name in the file into a layer."""
    with torch.no_grad():
        module.weight.copy_(tensors[f"{name}.weight"])
        module.bias.copy_(tensors[f"{name}.bias"])
    return module


def linear(tensors, name):
    outputs, inputs = tensors[f"{name}.weight"].shape
    return fill(nn.Linear(inputs, outputs), tensors, name)


def classifier(module, tensors, x=None):
    """A model that is trained by the cross-entropy of the file's labels."""

    def loss(x, labels):
        return F.cross_entropy(module(x), labels)

    return Model(module, loss, (tensors["x"] if x is None else x, tensors["labels"]))


def perceptron(model, tensors):
    def build():
        layers = []
        count = len(model["sizes"]) - 1
        for i in range(count):
            layers.append(linear(tensors, f"linear{i}"))
            if i + 1 == count:
                break
            if model["batch_norm"]:
                norm = nn.BatchNorm1d(model["sizes"][i + 1], eps=model["bn_eps"], momentum=model["bn_momentum"])
                layers.append(fill(norm, tensors, f"norm{i}"))
            layers.append({"tanh": nn.Tanh, "relu": nn.ReLU}[model["activation"]]())
        module = nn.Sequential(*layers)
        if model["loss"] == "cross_entropy":
            return classifier(module, tensors)
        return Model(module, lambda x: F.mse_loss(module(x), x), (tensors["x"],))

    return {"": build}


def lenet(model, tensors):
    def convolution(name, **options):
        outputs, inputs, height, width = tensors[f"{name}.weight"].shape
        return fill(nn.Conv2d(inputs, outputs, (height, width), **options), tensors, name)

    def build(layout):
        module = nn.Sequential(
            convolution("conv1", padding=2), nn.ReLU(), nn.MaxPool2d(2),
            convolution("conv2"), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            linear(tensors, "linear0"), nn.ReLU(), linear(tensors, "linear1"), nn.ReLU(), linear(tensors, "linear2"),
        )
        x = tensors["x"].contiguous(memory_format=layout)
        return classifier(module.to(memory_format=layout), tensors, x)

    layouts = {"channels first": torch.contiguous_format, "channels last": torch.channels_last}
    return {name: lambda layout=layout: build(layout) for name, layout in layouts.items()}


class Residual(nn.Module):
    """Two convolutions with norms, beside a shortcut that leaves out pixels and adds channels of zeros."""

    def __init__(self, tensors, name, stride, eps):
        super().__init__()
        self.conv1, self.norm1 = normed(tensors, f"{name}.conv1", f"{name}.norm1", stride, eps)
        self.conv2, self.norm2 = normed(tensors, f"{name}.conv2", f"{name}.norm2", 1, eps)
        self.stride, self.more = stride, self.conv1.out_channels - self.conv1.in_channels

    def forward(self, x):
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        if self.stride > 1:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))
        return F.relu(x + y)


def normed(tensors, conv, norm, stride, eps):
    weight = tensors[f"{conv}.weight"]
    layer = nn.Conv2d(weight.shape[1], weight.shape[0], 3, stride, 1, bias=False)
    with torch.no_grad():
        layer.weight.copy_(weight)
    return layer, fill(nn.BatchNorm2d(weight.shape[0], eps=eps), tensors, norm)


def resnet(model, tensors):
    def build(layout):
        blocks = [Residual(tensors, block["name"], block["stride"], model["bn_eps"]) for block in model["blocks"]]
        stem = normed(tensors, "conv", "norm", 1, model["bn_eps"])
        pooled = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear(tensors, "head")]
        module = nn.Sequential(*stem, nn.ReLU(), *blocks, *pooled)
        x = tensors["x"].contiguous(memory_format=layout)
        return classifier(module.to(memory_format=layout), tensors, x)

    layouts = {"channels first": torch.contiguous_format, "channels last": torch.channels_last}
    return {name: lambda layout=layout: build(layout) for name, layout in layouts.items()}


def convolution(model, tensors):
    def function(x, weight, u):
        y, back = torch.func.vjp(lambda x, weight: F.conv2d(x, weight, padding=1), x, weight)
        dx, dw = back(u)
        return {"y": y, "dx": dx, "dw": dw}

    def build(layout):
        arrays = (tensors["x"], tensors["conv.weight"], tensors["u"])
        return Product(function, tuple(array.contiguous(memory_format=layout) for array in arrays), weights(tensors))

    layouts = {"channels first": torch.contiguous_format, "channels last": torch.channels_last}
    return {name: lambda layout=layout: build(layout) for name, layout in layouts.items()}


class LastState(nn.Module):
    """PyTorch's own LSTM, its last hidden state classified."""

    def __init__(self, tensors):
        super().__init__()
        gates, bias = tensors["gates.weight"], tensors["gates.bias"]
        hidden = gates.shape[0] // 4
        inputs = gates.shape[1] - hidden
        self.lstm = nn.LSTM(inputs, hidden)
        with torch.no_grad():
            self.lstm.weight_ih_l0.copy_(gates[:, :inputs])
            self.lstm.weight_hh_l0.copy_(gates[:, inputs:])
            self.lstm.bias_ih_l0.copy_(bias)
            self.lstm.bias_hh_l0.zero_()
        self.lstm.bias_hh_l0.requires_grad_(False)  # the second bias of the layout is none of the model's
        self.head = linear(tensors, "head")

    def forward(self, x):
        return self.head(self.lstm(x)[0][-1])


def lstm(model, tensors):
    # A cell of one's own in a loop that Inductor unrolls took a minute to compile at 32 steps and ran several times
    # longer than this. Inductor itself leaves `nn.LSTM` alone: the graph breaks there.
    return {"": lambda: classifier(LastState(tensors), tensors)._replace(breaks=True)}


class Block(nn.Module):
    """Attention and a two-layer network, each behind a norm and beside a shortcut."""

    def __init__(self, tensors, name, heads, eps):
        super().__init__()
        self.heads = heads
        width = tensors[f"{name}.norm1.weight"].shape[0]
        self.norm1 = fill(nn.LayerNorm(width, eps=eps), tensors, f"{name}.norm1")
        self.norm2 = fill(nn.LayerNorm(width, eps=eps), tensors, f"{name}.norm2")
        self.qkv, self.out = linear(tensors, f"{name}.qkv"), linear(tensors, f"{name}.out")
        self.up, self.down = linear(tensors, f"{name}.up"), linear(tensors, f"{name}.down")

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.down(F.gelu(self.up(self.norm2(x))))

    def attention(self, x):
        return self.joined(F.scaled_dot_product_attention(*self.parts(x)))

    def parts(self, x):
        """Queries, keys and values of each head."""
        batch, steps, width = x.shape
        return self.qkv(x).view(batch, steps, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4).unbind(0)

    def joined(self, mixed):
        """What the heads have mixed, as one."""
        return self.out(mixed.transpose(1, 2).flatten(2))


class MeanOver(nn.Module):
    def forward(self, x):
        return x.mean(1)


def transformer(model, tensors):
    def build():
        blocks = [Block(tensors, f"block{i}", model["heads"], model["eps"]) for i in range(model["blocks"])]
        norm = fill(nn.LayerNorm(model["width"], eps=model["eps"]), tensors, "norm")
        return classifier(nn.Sequential(*blocks, norm, MeanOver(), linear(tensors, "head")), tensors)

    return {"": build}


class Next(nn.Module):
    """A character more, through a cache of keys and values, which is written in place."""

    def __init__(self, model, tensors):
        super().__init__()
        self.blocks = nn.ModuleList(Block(tensors, f"block{i}", model["heads"], model["eps"]) for i in range(model["blocks"]))
        self.norm = fill(nn.LayerNorm(model["width"], eps=model["eps"]), tensors, "norm")
        self.table, self.head = tensors["table.weight"], linear(tensors, "head")

    @torch.no_grad()
    def forward(self, character, position, cache):
        seen = (torch.arange(cache.shape[-2]) <= position)[None]
        x = F.embedding(character, self.table)
        for block, (keys, values) in zip(self.blocks, cache):
            q, k, v = block.parts(block.norm1(x))
            keys.index_copy_(2, position, k)
            values.index_copy_(2, position, v)
            x = x + block.joined(F.scaled_dot_product_attention(q, keys, values, attn_mask=seen))
            x = x + block.down(F.gelu(block.up(block.norm2(x))))
        return {"logits": self.head(self.norm(x))[:, 0], "cache": cache}


def sampling(model, tensors):
    inputs = (tensors["x"].long(), tensors["position"].long(), tensors["cache"].clone())
    return {"": lambda: Product(Next(model, tensors).forward, inputs, weights(tensors))}


class MeanOfRows(nn.Module):
    """The mean of some rows of a table, classified: looked up and averaged, or by PyTorch's own layer for it."""

    def __init__(self, tensors, bag):
        super().__init__()
        rows, width = tensors["table.weight"].shape
        self.table = nn.EmbeddingBag(rows, width, mode="mean") if bag else nn.Embedding(rows, width)
        with torch.no_grad():
            self.table.weight.copy_(tensors["table.weight"])
        self.head, self.bag = linear(tensors, "head"), bag

    def forward(self, x):
        mean = self.table(x) if self.bag else self.table(x).mean(1)
        return self.head(mean)


def embedding(model, tensors):
    x = tensors["x"].long()
    spellings = {"embedding and mean": False, "embedding bag": True}
    return {name: lambda bag=bag: classifier(MeanOfRows(tensors, bag), tensors, x) for name, bag in spellings.items()}


def parameters(tensors):
    """Those of the layers, by their names in the file."""
    return {name: tensor for name, tensor in tensors.items() if name.startswith("linear")}


def weights(tensors):
    """The arrays `v.*` of the file, by what they belong to."""
    return {name.removeprefix("v."): tensor for name, tensor in tensors.items() if name.startswith("v.")}


def tanh_network(params, x):
    """Layers with tanh between them."""
    count = len(params) // 2
    for i in range(count):
        x = F.linear(x, params[f"linear{i}.weight"], params[f"linear{i}.bias"])
        if i + 1 < count:
            x = x.tanh()
    return x


def hessian_product(model, tensors):
    params, vectors = parameters(tensors), weights(tensors)

    def loss(params, x, labels):
        return F.cross_entropy(tanh_network(params, x), labels)

    def forward_over_reverse(params, vectors, x, labels):
        gradient = torch.func.grad(lambda params: loss(params, x, labels))
        return torch.func.jvp(gradient, (params,), (vectors,))[1]

    def reverse_over_reverse(params, vectors, x, labels):
        def slope(params):
            gradient = torch.func.grad(loss)(params, x, labels)
            return sum((gradient[name] * vectors[name]).sum() for name in gradient)

        return torch.func.grad(slope)(params)

    inputs = (params, vectors, tensors["x"], tensors["labels"])
    return {
        "forward over reverse": lambda: Product(forward_over_reverse, inputs, vectors),
        "reverse over reverse": lambda: Product(reverse_over_reverse, inputs, vectors),
    }


def per_sample(model, tensors):
    def loss(params, x, label):
        return F.cross_entropy(tanh_network(params, x), label)

    def norm(params, x, label):
        gradient = torch.func.grad(loss)(params, x, label)
        return sum(part.square().sum() for part in gradient.values())

    def inside(params, x, labels):
        return {"norms": torch.func.vmap(norm, (None, 0, 0))(params, x, labels)}

    def outside(params, x, labels):
        gradients = torch.func.vmap(torch.func.grad(loss), (None, 0, 0))(params, x, labels)
        return {"norms": sum(part.square().flatten(1).sum(1) for part in gradients.values())}

    inputs = (parameters(tensors), tensors["x"], tensors["labels"])
    return {
        "norms of each sample": lambda: Product(inside, inputs, weights(tensors)),
        "norms of the batch": lambda: Product(outside, inputs, weights(tensors)),
    }


def jacobian(model, tensors):
    def build(transform):
        def function(params, x):
            return {"jacobian": transform(lambda x: tanh_network(params, x))(x)}

        return Product(function, (parameters(tensors), tensors["x"]), weights(tensors))

    return {name: lambda name=name: build(getattr(torch.func, name)) for name in ("jacrev", "jacfwd")}


def hessian(model, tensors):
    inputs, classes = model["inputs"], model["classes"]

    def loss(flat, x, labels):
        weight, bias = flat[: classes * inputs].view(classes, inputs), flat[classes * inputs :]
        return F.cross_entropy(F.linear(x, weight, bias), labels)

    def build(transform):
        def function(flat, x, labels):
            return {"hessian": transform(lambda flat: loss(flat, x, labels))(flat)}

        flat = torch.cat([tensors["linear0.weight"].flatten(), tensors["linear0.bias"]])
        return Product(function, (flat, tensors["x"], tensors["labels"]), weights(tensors))

    transforms = {
        "forward over reverse": torch.func.hessian,
        "reverse over reverse": lambda f: torch.func.jacrev(torch.func.jacrev(f)),
    }
    return {name: lambda transform=transform: build(transform) for name, transform in transforms.items()}


def pinn(model, tensors):
    def value(params, x):
        return tanh_network(params, x).squeeze(-1)

    axes = range(model["sizes"][0])
    units = [torch.zeros_like(tensors["x"]).index_fill_(1, torch.tensor(i), 1.0) for i in axes]

    def trace_of_hessian(params, x):
        hessian = torch.func.hessian(lambda point: value(params, point))
        return torch.func.vmap(lambda point: hessian(point).trace())(x)

    def forward_over_forward(params, x):
        def slope(x, unit):
            return torch.func.jvp(lambda x: value(params, x), (x,), (unit,))[1]

        return sum(torch.func.jvp(lambda x: slope(x, unit), (x,), (unit,))[1] for unit in units)

    def forward_over_reverse(params, x):
        gradient = torch.func.grad(lambda x: value(params, x).sum())
        return sum(torch.func.jvp(gradient, (x,), (units[i],))[1][:, i] for i in axes)

    def reverse_over_reverse(params, x):
        gradient = torch.func.grad(lambda x: value(params, x).sum())
        return sum(torch.func.grad(lambda x: gradient(x)[:, i].sum())(x)[:, i] for i in axes)

    def build(laplacian):
        def loss(params, x, source):
            return (laplacian(params, x) - source).square().mean()

        def function(params, x, source):
            return torch.func.grad(loss)(params, x, source)

        return Product(function, inputs, weights(tensors))

    def autograd(params, x, source):
        params = {name: tensor.detach().requires_grad_() for name, tensor in params.items()}
        x = x.detach().requires_grad_()
        (slopes,) = torch.autograd.grad(value(params, x).sum(), x, create_graph=True)
        laplacian = sum(torch.autograd.grad(slopes[:, i].sum(), x, create_graph=True)[0][:, i] for i in axes)
        loss = (laplacian - source).square().mean()
        # The Laplacian does not depend on the last bias.
        gradient = torch.autograd.grad(loss, list(params.values()), materialize_grads=True)
        return dict(zip(params, gradient))

    inputs = (parameters(tensors), tensors["x"], tensors["source"])
    laplacians = {
        "trace of the Hessian": trace_of_hessian,
        "forward over forward": forward_over_forward,
        "forward over reverse": forward_over_reverse,
        "reverse over reverse": reverse_over_reverse,
    }
    spellings = {name: lambda laplacian=laplacian: build(laplacian) for name, laplacian in laplacians.items()}
    return spellings | {"autograd.grad twice": lambda: Product(autograd, inputs, weights(tensors))}
