"""JAX: the whole step as one jitted function. What a model is, `jax_models.py` says."""

import jax
from jax import numpy as jnp

import jax_models


class Jax:
    """The whole step as one jitted function, its state donated so that XLA may update it in place. Without
    asynchronous dispatch (`sync`) small steps are faster, some large ones slower: both take part."""

    def __init__(self, sync=False):
        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_cpu_enable_async_dispatch", not sync)
        jax.devices()
        self.version = f"JAX {jax.__version__}"

    def spellings(self, spec, tensors):
        """What makes the step ready, by the name of each way to spell it."""
        if "labels" in tensors:
            tensors["labels"] = tensors["labels"].astype("int32")
        builders = getattr(jax_models, spec["model"]["kind"])(spec["model"], tensors)
        return {name: lambda build=build: make(spec, build()) for name, build in builders.items()}


def make(spec, model):
    if isinstance(model, jax_models.Product):
        return Evaluation(model)
    return Training(model, spec["optimizer"])


class Training:
    """A model in training."""

    def __init__(self, model, rule):
        initial, update = optimizer(rule)

        def step(state, *inputs):
            params, running, memory = state
            (loss, running), grads = jax.value_and_grad(model.function, has_aux=True)(params, running, *inputs)
            params, memory = update(params, grads, memory)
            return (params, running, memory), loss

        self.compiled = jax.jit(step, donate_argnums=0)
        # Copies, as the first step gives its arguments away.
        params, running = jax.tree.map(jnp.array, (model.params, model.running))
        self.state = (params, running, initial(params))
        self.inputs = jax.tree.map(jnp.array, model.inputs)

    def step(self):
        self.state, loss = self.compiled(self.state, *self.inputs)
        # One XLA execution makes all outputs ready together: waiting for the loss waits for the step.
        return loss.block_until_ready()

    def loss(self, result):
        return float(result)

    def checksum(self):
        running = self.state[1]
        entries = running.values() if isinstance(running, dict) else running
        return sum(float(entry["var"].sum()) for entry in entries)


class Evaluation:
    """A product of vectors with a matrix that is never formed, computed again and again."""

    def __init__(self, model):
        self.given_away = model.given_away
        self.compiled = jax.jit(model.function, donate_argnums=tuple(self.given_away))
        inputs, self.vectors = jax.tree.map(jnp.array, (model.inputs, model.vectors))
        self.inputs = list(inputs)
        self.last = None

    def step(self):
        self.last = self.compiled(*self.inputs)
        for position, name in self.given_away.items():
            self.inputs[position] = self.last[name]
        return jax.block_until_ready(self.last)

    def loss(self, products):
        return sum(float((v * products[name]).sum()) for name, v in self.vectors.items())

    def checksum(self):
        return sum(float((product * product).sum()) for product in self.last.values())


def optimizer(rule):
    """What the optimizer remembers at first, and its update, by PyTorch's conventions."""
    tree = jax.tree.map
    if rule["kind"] == "sgd" and rule["momentum"] == 0:
        return lambda p: None, lambda p, g, m: (tree(lambda p, g: p - rule["lr"] * g, p, g), m)
    if rule["kind"] == "sgd":

        def momentum(params, grads, memory):
            memory = tree(lambda v, g: rule["momentum"] * v + g, memory, grads)
            return tree(lambda p, v: p - rule["lr"] * v, params, memory), memory

        return lambda params: tree(jnp.zeros_like, params), momentum
    b1, b2 = rule["beta1"], rule["beta2"]

    def adam(params, grads, memory):
        m, v, t = memory
        t = t + 1
        m = tree(lambda m, g: b1 * m + (1 - b1) * g, m, grads)
        v = tree(lambda v, g: b2 * v + (1 - b2) * g * g, v, grads)
        rate, root = rule["lr"] / (1 - b1**t), jnp.sqrt(1 - b2**t)
        params = tree(lambda p, m, v: p - rate * m / (jnp.sqrt(v) / root + rule["eps"]), params, m, v)
        return params, (m, v, t)

    return lambda p: (tree(jnp.zeros_like, p), tree(jnp.zeros_like, p), jnp.zeros(())), adam
