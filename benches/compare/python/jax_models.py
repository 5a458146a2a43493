"""The models in JAX: a function for each kind of model of a step file. It gets the model's numbers and the tensors,
and answers the ways to spell it, by name, each a function that builds the model anew."""

from typing import Any, Callable, NamedTuple

import jax
from jax import lax, numpy as jnp


class Model(NamedTuple):
    """What is trained: `function` maps parameters, running statistics and inputs to the loss and the new running
    statistics."""

    params: Any
    running: Any
    function: Callable
    inputs: tuple


class Product(NamedTuple):
    """What is only computed: `function` maps the inputs to the results, by name; `vectors` has an array for each: what a
    Hessian is multiplied by, or else the weights of the results in the sum that is compared."""

    function: Callable
    inputs: tuple
    vectors: dict
    # The inputs that are given away, and the results that take their places.
    given_away: dict = {}


def linear(tensors, name):
    return {"w": tensors[f"{name}.weight"].T, "b": tensors[f"{name}.bias"]}


def affine(layer, x):
    return x @ layer["w"] + layer["b"]


def cross_entropy(logits, labels):
    log_p = jax.nn.log_softmax(logits)
    return -jnp.take_along_axis(log_p, labels[:, None], axis=1).mean()


def classifier(params, forward, tensors, x=None):
    """A model without running statistics, trained by the cross-entropy of the file's labels."""

    def loss(params, running, x, labels):
        return cross_entropy(forward(params, x), labels), running

    return Model(params, [], loss, (tensors["x"] if x is None else x, tensors["labels"]))


def batch_norm(model, layer, running, x):
    """The normalised x, and the running statistics with its own counted in."""
    momentum, rows = model["bn_momentum"], x.shape[0]
    mean, var = x.mean(0), x.var(0)
    updated = {
        "mean": (1 - momentum) * running["mean"] + momentum * mean,
        "var": (1 - momentum) * running["var"] + momentum * var * (rows / (rows - 1)),
    }
    return (x - mean) * lax.rsqrt(var + model["bn_eps"]) * layer["scale"] + layer["shift"], updated


def perceptron(model, tensors):
    count = len(model["sizes"]) - 1
    activation = {"tanh": jnp.tanh, "relu": jax.nn.relu}[model["activation"]]

    def forward(params, running, x):
        updated = []
        for i, layer in enumerate(params):
            x = affine(layer, x)
            if i + 1 == count:
                break
            if model["batch_norm"]:
                x, statistics = batch_norm(model, layer, running[i], x)
                updated.append(statistics)
            x = activation(x)
        return x, updated

    def classified(params, running, x, labels):
        logits, running = forward(params, running, x)
        return cross_entropy(logits, labels), running

    def reconstructed(params, running, x):
        y, running = forward(params, running, x)
        return jnp.square(y - x).mean(), running

    def build():
        params, running = [linear(tensors, f"linear{i}") for i in range(count)], []
        for i, width in enumerate(model["sizes"][1:-1] if model["batch_norm"] else []):
            params[i] |= {"scale": tensors[f"norm{i}.weight"], "shift": tensors[f"norm{i}.bias"]}
            running.append({"mean": jnp.zeros(width), "var": jnp.ones(width)})
        if model["loss"] == "cross_entropy":
            return Model(params, running, classified, (tensors["x"], tensors["labels"]))
        return Model(params, running, reconstructed, (tensors["x"],))

    return {"": build}


def lenet(model, tensors):
    def pool_windows(x, axes):
        size = tuple(2 if axis in axes else 1 for axis in range(4))
        return lax.reduce_window(x, -jnp.inf, lax.max, size, size, "VALID")

    def pool_pairs(x, axes):
        for axis in axes[::-1]:
            shape = x.shape
            x = x.reshape(*shape[:axis], shape[axis] // 2, 2, *shape[axis + 1 :]).max(axis + 1)
        return x

    def build(channels_last, pool):
        layout = ("NHWC", "HWIO", "NHWC") if channels_last else ("NCHW", "OIHW", "NCHW")
        axes = (1, 2) if channels_last else (2, 3)

        def convolution(layer, x, padding):
            y = lax.conv_general_dilated(x, layer["w"], (1, 1), [(padding, padding)] * 2, dimension_numbers=layout)
            return y + (layer["b"] if channels_last else layer["b"][:, None, None])

        def forward(params, x):
            conv1, conv2, *linears = params
            x = pool(jax.nn.relu(convolution(conv1, x, 2)), axes)
            x = pool(jax.nn.relu(convolution(conv2, x, 0)), axes)
            x = x.reshape(x.shape[0], -1)
            for layer in linears[:-1]:
                x = jax.nn.relu(affine(layer, x))
            return affine(linears[-1], x)

        convolutions = [{"w": tensors[f"{n}.weight"], "b": tensors[f"{n}.bias"]} for n in ("conv1", "conv2")]
        linears = [linear(tensors, f"linear{i}") for i in range(3)]
        x = tensors["x"]
        if channels_last:
            x = x.transpose(0, 2, 3, 1)
            channels = convolutions[1]["w"].shape[0]
            for layer in convolutions:
                layer["w"] = layer["w"].transpose(2, 3, 1, 0)
            inputs, outputs = linears[0]["w"].shape
            side = round((inputs // channels) ** 0.5)
            w = linears[0]["w"].reshape(channels, side, side, outputs)
            linears[0]["w"] = w.transpose(1, 2, 0, 3).reshape(inputs, outputs)
        return classifier(convolutions + linears, forward, tensors, x)

    return {
        f"{'channels last' if last else 'channels first'}, {name}": lambda last=last, pool=pool: build(last, pool)
        for last in (True, False)
        for name, pool in (("reduce_window", pool_windows), ("max of pairs", pool_pairs))
    }


LAYOUTS = {"channels first": ("NCHW", "OIHW", "NCHW"), "channels last": ("NHWC", "HWIO", "NHWC")}


def resnet(model, tensors):
    def build(layout):
        last = layout[0] == "NHWC"
        channels = 3 if last else 1
        over = (0, 1, 2) if last else (0, 2, 3)
        blocks = [(block["name"], block["stride"]) for block in model["blocks"]]
        pairs = [("conv", "norm"), *((f"{n}.conv{i}", f"{n}.norm{i}") for n, _ in blocks for i in (1, 2))]

        def kernel(name):
            weight = tensors[f"{name}.weight"]
            return weight.transpose(2, 3, 1, 0) if last else weight

        def along(x):
            return x if last else x[:, None, None]

        params = {c: {"w": kernel(c), "g": tensors[f"{n}.weight"], "b": tensors[f"{n}.bias"]} for c, n in pairs}
        running = {c: {"mean": jnp.zeros(len(p["g"])), "var": jnp.ones(len(p["g"]))} for c, p in params.items()}

        def normed(params, running, updated, name, x, stride):
            layer = params[name]
            x = lax.conv_general_dilated(x, layer["w"], (stride, stride), [(1, 1)] * 2, dimension_numbers=layout)
            mean, var, momentum, count = x.mean(over), x.var(over), 0.1, x.size // x.shape[channels]
            updated[name] = {
                "mean": (1 - momentum) * running[name]["mean"] + momentum * mean,
                "var": (1 - momentum) * running[name]["var"] + momentum * var * (count / (count - 1)),
            }
            return (x - along(mean)) * along(lax.rsqrt(var + model["bn_eps"]) * layer["g"]) + along(layer["b"])

        def loss(params, running, x, labels):
            updated = {}
            x = jax.nn.relu(normed(params, running, updated, "conv", x, 1))
            for name, stride in blocks:
                y = jax.nn.relu(normed(params, running, updated, f"{name}.conv1", x, stride))
                y = normed(params, running, updated, f"{name}.conv2", y, 1)
                if stride > 1:
                    x = x[:, ::stride, ::stride] if last else x[:, :, ::stride, ::stride]
                    border = [(0, 0)] * 4
                    border[channels] = (0, y.shape[channels] - x.shape[channels])
                    x = jnp.pad(x, border)
                x = jax.nn.relu(x + y)
            return cross_entropy(affine(params["head"], x.mean(over[1:])), labels), updated

        x = tensors["x"].transpose(0, 2, 3, 1) if last else tensors["x"]
        return Model(params | {"head": linear(tensors, "head")}, running, loss, (x, tensors["labels"]))

    return {name: lambda layout=layout: build(layout) for name, layout in LAYOUTS.items()}


def convolution(model, tensors):
    def build(layout):
        def image(x):
            return x.transpose(0, 2, 3, 1) if layout[0] == "NHWC" else x

        def kernel(w):
            return w.transpose(2, 3, 1, 0) if layout[0] == "NHWC" else w

        def conv(x, w):
            return lax.conv_general_dilated(x, w, (1, 1), [(1, 1)] * 2, dimension_numbers=layout)

        def function(x, w, u):
            y, back = jax.vjp(conv, x, w)
            dx, dw = back(u)
            return {"y": y, "dx": dx, "dw": dw}

        inputs = (image(tensors["x"]), kernel(tensors["conv.weight"]), image(tensors["u"]))
        vectors = weights(tensors)
        vectors = {name: (kernel if name == "dw" else image)(vector) for name, vector in vectors.items()}
        return Product(function, inputs, vectors)

    return {name: lambda layout=layout: build(layout) for name, layout in LAYOUTS.items()}


def lstm(model, tensors):
    inputs, hidden = model["inputs"], model["hidden"]
    weight = tensors["gates.weight"]
    params = {
        "x": {"w": weight[:, :inputs].T, "b": tensors["gates.bias"]},
        "h": weight[:, inputs:].T,
        "head": linear(tensors, "head"),
    }

    def forward(params, x, projected):
        if projected:
            x = affine(params["x"], x)

        def cell(state, x):
            h, c = state
            z = (x if projected else affine(params["x"], x)) + h @ params["h"]
            i, f, g, o = jnp.split(z, 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        # Unrolled it ran half as fast, and compiling 32 steps took half a minute.
        start = jnp.zeros((x.shape[1], hidden))
        (h, _), _ = lax.scan(cell, (start, start), x)
        return affine(params["head"], h)

    return {
        name: lambda projected=projected: classifier(params, lambda params, x: forward(params, x, projected), tensors)
        for name, projected in (("projected at once", True), ("step by step", False))
    }


def layer_norm(layer, x, eps):
    mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(var + eps) * layer["scale"] + layer["shift"]


def transformer_block(block, x, model, mix):
    """A block around `mix`, which gets queries, keys and values of `[batch, steps, heads, …]`."""
    batch, steps, width = x.shape
    heads, eps = model["heads"], model["eps"]
    qkv = affine(block["qkv"], layer_norm(block["norm1"], x, eps))
    q, k, v = jnp.moveaxis(qkv.reshape(batch, steps, 3, heads, width // heads), 2, 0)
    x = x + affine(block["out"], mix(q, k, v).reshape(batch, steps, width))
    up = affine(block["up"], layer_norm(block["norm2"], x, eps))
    return x + affine(block["down"], jax.nn.gelu(up, approximate=False))


def transformer_params(model, tensors):
    def norm(name):
        return {"scale": tensors[f"{name}.weight"], "shift": tensors[f"{name}.bias"]}

    def block(name):
        linears = {part: linear(tensors, f"{name}.{part}") for part in ("qkv", "out", "up", "down")}
        return linears | {part: norm(f"{name}.{part}") for part in ("norm1", "norm2")}

    blocks = [block(f"block{i}") for i in range(model["blocks"])]
    return {"blocks": blocks, "norm": norm("norm"), "head": linear(tensors, "head")}


def transformer(model, tensors):
    def mix_by_products(q, k, v):
        weights = jax.nn.softmax(jnp.einsum("bthd,bshd->bhts", q, k) * q.shape[-1] ** -0.5)
        return jnp.einsum("bhts,bshd->bthd", weights, v)

    def forward(params, x, mix):
        for block in params["blocks"]:
            x = transformer_block(block, x, model, mix)
        return affine(params["head"], layer_norm(params["norm"], x, model["eps"]).mean(1))

    params = transformer_params(model, tensors)
    mixers = {"einsum": mix_by_products, "dot_product_attention": jax.nn.dot_product_attention}
    return {
        name: lambda mix=mix: classifier(params, lambda params, x: forward(params, x, mix), tensors)
        for name, mix in mixers.items()
    }


def sampling(model, tensors):
    """A character more, through a cache of keys and values, which is given away."""
    params = transformer_params(model, tensors)
    table = tensors["table.weight"]

    def function(params, table, character, position, cache):
        seen = jnp.arange(cache.shape[-2]) <= position
        x, written = table[character], []
        for block, cache in zip(params["blocks"], cache):

            def mix(q, k, v, cache=cache):
                new = jnp.stack([k, v]).swapaxes(2, 3)
                written.append(lax.dynamic_update_slice_in_dim(cache, new, position[0], 3))
                keys, values = written[-1]
                scores = jnp.einsum("bthd,bhsd->bhts", q, keys) * q.shape[-1] ** -0.5
                weights = jax.nn.softmax(jnp.where(seen, scores, -jnp.inf))
                return jnp.einsum("bhts,bhsd->bthd", weights, values)

            x = transformer_block(block, x, model, mix)
        logits = affine(params["head"], layer_norm(params["norm"], x, model["eps"]))[:, 0]
        return {"logits": logits, "cache": jnp.stack(written)}

    inputs = (params, table, tensors["x"].astype("int32"), tensors["position"].astype("int32"), tensors["cache"])
    return {"": lambda: Product(function, inputs, weights(tensors), given_away={4: "cache"})}


def embedding(model, tensors):
    params = {"table": tensors["table.weight"], "head": linear(tensors, "head")}

    def forward(params, x):
        return affine(params["head"], params["table"][x].mean(1))

    return {"": lambda: classifier(params, forward, tensors, tensors["x"].astype("int32"))}


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
        x = x @ params[f"linear{i}.weight"].T + params[f"linear{i}.bias"]
        if i + 1 < count:
            x = jnp.tanh(x)
    return x


def hessian_product(model, tensors):
    params, vectors = parameters(tensors), weights(tensors)

    def loss(params, x, labels):
        return cross_entropy(tanh_network(params, x), labels)

    def forward_over_reverse(params, vectors, x, labels):
        return jax.jvp(lambda params: jax.grad(loss)(params, x, labels), (params,), (vectors,))[1]

    def reverse_over_reverse(params, vectors, x, labels):
        def slope(params):
            gradient = jax.grad(loss)(params, x, labels)
            return sum((gradient[name] * vectors[name]).sum() for name in gradient)

        return jax.grad(slope)(params)

    inputs = (params, vectors, tensors["x"], tensors["labels"])
    return {
        "forward over reverse": lambda: Product(forward_over_reverse, inputs, vectors),
        "reverse over reverse": lambda: Product(reverse_over_reverse, inputs, vectors),
    }


def per_sample(model, tensors):
    def loss(params, x, label):
        return -jax.nn.log_softmax(tanh_network(params, x))[label]

    def norm(params, x, label):
        gradient = jax.grad(loss)(params, x, label)
        return sum(jnp.square(part).sum() for part in gradient.values())

    def inside(params, x, labels):
        return {"norms": jax.vmap(norm, (None, 0, 0))(params, x, labels)}

    def outside(params, x, labels):
        gradients = jax.vmap(jax.grad(loss), (None, 0, 0))(params, x, labels)
        return {"norms": sum(jnp.square(part).reshape(len(part), -1).sum(1) for part in gradients.values())}

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

    return {name: lambda name=name: build(getattr(jax, name)) for name in ("jacrev", "jacfwd")}


def hessian(model, tensors):
    inputs, classes = model["inputs"], model["classes"]

    def loss(flat, x, labels):
        weight, bias = flat[: classes * inputs].reshape(classes, inputs), flat[classes * inputs :]
        return cross_entropy(x @ weight.T + bias, labels)

    def build(transform):
        def function(flat, x, labels):
            return {"hessian": transform(lambda flat: loss(flat, x, labels))(flat)}

        flat = jnp.concatenate([tensors["linear0.weight"].reshape(-1), tensors["linear0.bias"]])
        return Product(function, (flat, tensors["x"], tensors["labels"]), weights(tensors))

    transforms = {
        "forward over reverse": jax.hessian,
        "reverse over reverse": lambda f: jax.jacrev(jax.jacrev(f)),
    }
    return {name: lambda transform=transform: build(transform) for name, transform in transforms.items()}


def pinn(model, tensors):
    def value(params, x):
        return tanh_network(params, x)[..., 0]

    def units(x):
        return [jnp.zeros_like(x).at[..., i].set(1.0) for i in range(x.shape[-1])]

    def trace_of_hessian(params, x):
        return jax.vmap(lambda point: jnp.trace(jax.hessian(value, 1)(params, point)))(x)

    def forward_over_forward(params, x):
        def slope(x, unit):
            return jax.jvp(lambda x: value(params, x), (x,), (unit,))[1]

        return sum(jax.jvp(lambda x: slope(x, unit), (x,), (unit,))[1] for unit in units(x))

    def forward_over_reverse(params, x):
        gradient = jax.grad(lambda x: value(params, x).sum())
        return sum((jax.jvp(gradient, (x,), (unit,))[1] * unit).sum(-1) for unit in units(x))

    def reverse_over_reverse(params, x):
        gradient = jax.grad(lambda x: value(params, x).sum())
        return sum(jax.grad(lambda x: gradient(x)[:, i].sum())(x)[:, i] for i in range(x.shape[-1]))

    def taylor(params, x):
        from jax.experimental.jet import jet

        def second(unit):
            return jet(lambda x: value(params, x), (x,), ((unit, jnp.zeros_like(x)),))[1][1]

        return sum(second(unit) for unit in units(x))

    def build(laplacian):
        def loss(params, x, source):
            return jnp.square(laplacian(params, x) - source).mean()

        inputs = (parameters(tensors), tensors["x"], tensors["source"])
        return Product(lambda *inputs: jax.grad(loss)(*inputs), inputs, weights(tensors))

    laplacians = {
        "trace of the Hessian": trace_of_hessian,
        "forward over forward": forward_over_forward,
        "forward over reverse": forward_over_reverse,
        "reverse over reverse": reverse_over_reverse,
        "Taylor series": taylor,
    }
    return {name: lambda laplacian=laplacian: build(laplacian) for name, laplacian in laplacians.items()}
