"""The Python peers of the comparison: `python peers.py VARIANT`, VARIANT one of `VARIANTS` below. Started by
`cargo run --release -p compare`; the conversation is described in `src/serve.rs`, the file of weights and batch in
`src/stepfile.rs`.

Every variant is written the way its framework's own documentation trains a model on a CPU, with the settings that
were fastest here. A timed step is one whole training step, complete when the clock stops: PyTorch's CPU operations
return when done, JAX is waited for.
"""

import gc
import json
import os
import sys
import time

THREADS = int(os.environ.get("COMPARE_THREADS", "2"))


def read_step(path):
    """The spec and the tensors (as writable numpy arrays) of a step file, which is in the safetensors format."""
    import numpy as np

    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        body = file.read()
    spec = json.loads(header.pop("__metadata__")["spec"])
    types = {"F32": np.float32, "I64": np.int64}
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(body[begin:end], types[entry["dtype"]]).reshape(entry["shape"]).copy()
    return spec, tensors


class Torch:
    """Eager PyTorch; `fused` takes the one-kernel optimizers, `compiled` also puts Inductor over model and loss."""

    def __init__(self, fused=False, compiled=False):
        import torch

        torch.set_num_threads(THREADS)
        self.torch, self.fused, self.compiled = torch, fused, compiled
        self.version = f"PyTorch {torch.__version__}"

    def load(self, spec, tensors):
        torch = self.torch
        nn = torch.nn
        layers, norms = [], []
        count = len(spec["sizes"]) - 1
        for i in range(count):
            linear = nn.Linear(spec["sizes"][i], spec["sizes"][i + 1])
            self._fill(linear, tensors, f"linear{i}")
            layers.append(linear)
            if i + 1 < count:
                if spec["batch_norm"]:
                    norm = nn.BatchNorm1d(spec["sizes"][i + 1], eps=spec["bn_eps"], momentum=spec["bn_momentum"])
                    self._fill(norm, tensors, f"norm{i}")
                    layers.append(norm)
                    norms.append(norm)
                layers.append({"tanh": nn.Tanh, "relu": nn.ReLU}[spec["activation"]]())
        model = nn.Sequential(*layers).train()
        x, labels = torch.from_numpy(tensors["x"]), torch.from_numpy(tensors["labels"])
        rule = spec["optimizer"]
        extra = {"fused": True} if self.fused else {}
        if rule["kind"] == "adam":
            betas = (rule["beta1"], rule["beta2"])
            optimizer = torch.optim.Adam(model.parameters(), lr=rule["lr"], betas=betas, eps=rule["eps"], **extra)
        else:
            optimizer = torch.optim.SGD(model.parameters(), lr=rule["lr"], momentum=rule["momentum"], **extra)

        def forward(x, labels):
            return nn.functional.cross_entropy(model(x), labels)

        if self.compiled:
            forward = torch.compile(forward, fullgraph=True, dynamic=False)

        def step():
            optimizer.zero_grad(set_to_none=True)
            loss = forward(x, labels)
            loss.backward()
            optimizer.step()
            return loss

        def running_var():
            return sum(norm.running_var.double().sum().item() for norm in norms)

        return step, lambda loss: loss.item(), running_var

    def _fill(self, module, tensors, name):
        with self.torch.no_grad():
            module.weight.copy_(self.torch.from_numpy(tensors[f"{name}.weight"]))
            module.bias.copy_(self.torch.from_numpy(tensors[f"{name}.bias"]))


class Jax:
    """The whole step as one jitted function, its state donated so that XLA may update it in place. Without
    asynchronous dispatch (`sync`) small steps are faster, some large ones slower: both take part."""

    def __init__(self, sync=False):
        import jax

        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_cpu_enable_async_dispatch", not sync)
        jax.devices()
        self.jax = jax
        self.version = f"JAX {jax.__version__}"

    def load(self, spec, tensors):
        jax = self.jax
        jnp = jax.numpy
        count = len(spec["sizes"]) - 1
        eps, momentum = spec["bn_eps"], spec["bn_momentum"]
        activation = {"tanh": jnp.tanh, "relu": jax.nn.relu}[spec["activation"]]
        params, running = [], []
        for i in range(count):
            layer = {"w": jnp.array(tensors[f"linear{i}.weight"].T), "b": jnp.array(tensors[f"linear{i}.bias"])}
            if spec["batch_norm"] and i + 1 < count:
                layer["scale"] = jnp.array(tensors[f"norm{i}.weight"])
                layer["shift"] = jnp.array(tensors[f"norm{i}.bias"])
                width = spec["sizes"][i + 1]
                running.append({"mean": jnp.zeros(width), "var": jnp.ones(width)})
            params.append(layer)

        def forward(params, running, x, labels):
            updated = []
            for i, layer in enumerate(params):
                x = x @ layer["w"] + layer["b"]
                if i + 1 == count:
                    break
                if spec["batch_norm"]:
                    mean, var, rows = x.mean(0), x.var(0), x.shape[0]
                    unbiased = var * (rows / (rows - 1))
                    updated.append({
                        "mean": (1 - momentum) * running[i]["mean"] + momentum * mean,
                        "var": (1 - momentum) * running[i]["var"] + momentum * unbiased,
                    })
                    x = (x - mean) * jax.lax.rsqrt(var + eps) * layer["scale"] + layer["shift"]
                x = activation(x)
            log_p = jax.nn.log_softmax(x)
            return -jnp.take_along_axis(log_p, labels[:, None], axis=1).mean(), updated

        initial, update = self._optimizer(spec["optimizer"])

        def step(state, x, labels):
            params, running, memory = state
            (loss, running), grads = jax.value_and_grad(forward, has_aux=True)(params, running, x, labels)
            params, memory = update(params, grads, memory)
            return (params, running, memory), loss

        compiled = jax.jit(step, donate_argnums=0)
        state = (params, running, initial(params))
        x, labels = jnp.array(tensors["x"]), jnp.array(tensors["labels"].astype("int32"))

        def run():
            nonlocal state
            state, loss = compiled(state, x, labels)
            # One XLA execution makes all outputs ready together: waiting for the loss waits for the step.
            return loss.block_until_ready()

        return run, float, lambda: sum(float(entry["var"].sum()) for entry in state[1])

    def _optimizer(self, rule):
        """What the optimizer remembers at first, and its update, by PyTorch's conventions."""
        jax = self.jax
        jnp = jax.numpy
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


VARIANTS = {
    "torch-eager": lambda: Torch(),
    "torch-fused": lambda: Torch(fused=True),
    "torch-compile": lambda: Torch(fused=True, compiled=True),
    "jax-jit": lambda: Jax(),
    "jax-sync": lambda: Jax(sync=True),
}


def answer(peer, loaded, request):
    """The reply to one request; `loaded` holds the steps by name."""
    if request.startswith("load "):
        gc.enable()
        spec, tensors = read_step(request.removeprefix("load "))
        loaded[spec["name"]] = peer.load(spec, tensors)
        gc.collect()
        gc.freeze()
        gc.disable()  # a collection in the middle of a step would be Python's time, not the framework's
        return {"ok": True}
    verb, name, count = request.split()
    step, loss, running_var = loaded[name]
    if verb == "losses":
        losses = [loss(step()) for _ in range(int(count))]
        return {"losses": losses, "running_var": running_var()}
    if verb == "time":
        times = []
        for _ in range(int(count)):
            start = time.perf_counter_ns()
            step()
            times.append((time.perf_counter_ns() - start) / 1e3)
        return {"us": times}
    raise ValueError(f"no such request: {request!r}")


def reason(error):
    """The first line that tells what went wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


def main():
    # Replies go to the real standard output; whatever a framework prints goes to the standard error.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(reply):
        print(json.dumps(reply), file=replies, flush=True)

    try:
        peer = VARIANTS[sys.argv[1]]()
    except Exception as error:  # whatever keeps a framework from starting is the answer
        say({"error": reason(error)})
        return
    say({"ready": peer.version})
    loaded = {}
    for line in sys.stdin:
        try:
            reply = answer(peer, loaded, line.strip())
        except Exception as error:
            reply = {"error": reason(error)}
        say(reply)


if __name__ == "__main__":
    main()
