"""optax: an update rule by itself, `update` and `apply_updates` as one jitted function, weights and state donated."""

import jax
import numpy as np
import optax
from jax import numpy as jnp
from optax import contrib

from jax_side import Jax

# By the names of `src/models/update.rs`: where optax has no rule of the name, or its defaults are not ours.
SPELLED = {
    "momentum": lambda rate: optax.sgd(rate, momentum=0.9),
    "nesterov": lambda rate: optax.sgd(rate, momentum=0.9, nesterov=True),
    "adamw": lambda rate: optax.adamw(rate, weight_decay=1e-2),
    "muon": lambda rate: contrib.muon(rate),
}


class Optax(Jax):
    """Both settings of JAX, as for whole steps."""

    def __init__(self, sync=False):
        super().__init__(sync)
        self.version = f"optax {optax.__version__}, {self.version}"

    def spellings(self, spec, tensors):
        model = spec["model"]
        rule = SPELLED.get(model["rule"]) or getattr(optax, model["rule"])
        return {"": lambda: Update(rule(model["learning_rate"]), tensors, late=model["rule"] == "rprop")}


class Update:
    """A rule that minimises the product of weights and gradient. One that is `late` answers at each update what the one
    before has found, and so begins with one that moves nothing."""

    def __init__(self, rule, tensors, late):
        def step(weights, state, gradient):
            updates, state = rule.update(gradient, state, weights)
            return optax.apply_updates(weights, updates), state

        self.compiled = jax.jit(step, donate_argnums=(0, 1))
        self.weights, self.gradient = jnp.array(tensors["weight"]), jnp.array(tensors["x"])
        self.state = jax.tree.map(jnp.array, rule.init(self.weights))
        if late:
            _, self.state = rule.update(self.gradient, self.state, self.weights)
        self.value = self.value_now()

    def step(self):
        self.weights, self.state = self.compiled(self.weights, self.state, self.gradient)
        return self.weights.block_until_ready()

    def value_now(self):
        return float(np.vdot(self.wide(self.weights), self.wide(self.gradient)))

    def loss(self, _):
        before, self.value = self.value, self.value_now()
        return before

    def checksum(self):
        return float(np.square(self.wide(self.weights)).sum())

    @staticmethod
    def wide(array):
        return np.asarray(array, np.float64)
