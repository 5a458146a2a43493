"""The Python peers of the comparison: `python peers.py VARIANT`, VARIANT one of `VARIANTS` below. Started by
`cargo run --release -p compare`; the conversation is described in `src/serve.rs`, the file of weights and batch in
`src/stepfile.rs`.

Every variant is written the way its framework's own documentation trains a model on a CPU, with the settings that
were fastest here (`torch_side.py`, `jax_side.py`; update rules alone: `optax_side.py`). A kind of model is one function in `torch_models.py` and one in
`jax_models.py`; where a model can be spelled in several ways and the best depends on the machine, the function
gives them all, and the fastest is found before anything is timed. A timed step is one whole training step, complete
when the clock stops: PyTorch's CPU operations return when done, JAX is waited for.
"""

import gc
import json
import os
import statistics
import sys
import time


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


def torch(**settings):
    from torch_side import Torch

    return Torch(threads=int(os.environ.get("COMPARE_THREADS", "2")), **settings)


def jax(**settings):
    from jax_side import Jax

    return Jax(**settings)


def optax(**settings):
    from optax_side import Optax

    return Optax(**settings)


VARIANTS = {
    "torch-eager": lambda: torch(),
    "torch-fused": lambda: torch(fused=True),
    "torch-compile": lambda: torch(fused=True, compiled=True),
    "jax-jit": lambda: jax(),
    "jax-sync": lambda: jax(sync=True),
    "optax-jit": lambda: optax(),
    "optax-sync": lambda: optax(sync=True),
}


def duration_us(step):
    start = time.perf_counter_ns()
    step()
    return (time.perf_counter_ns() - start) / 1e3


def fastest(spellings):
    """The name of the spelling whose steps take least: some rounds in turns, after two steps to compile and warm up.
    One that fails is no candidate, unless all do."""
    running, failure = {}, None
    for name, make in spellings.items():
        try:
            running[name] = make()
            running[name].step()
            running[name].step()
        except Exception as error:  # whatever this version of the framework cannot do
            running.pop(name, None)
            failure = error
    if not running:
        raise failure
    times = {name: [] for name in running}
    for _ in range(15):
        for name, made in running.items():
            times[name].append(duration_us(made.step))
    return min(times, key=lambda name: statistics.median(times[name]))


def load(peer, path, spelling=None):
    """Makes the step of a file ready to run, in this spelling or, if none is given, in the fastest."""
    spec, tensors = read_step(path)
    spellings = peer.spellings(spec, tensors)
    if spelling is None:
        spelling = next(iter(spellings)) if len(spellings) == 1 else fastest(spellings)
    return spec["name"], spelling, spellings[spelling]()


def answer(peer, loaded, request):
    """The reply to one request; `loaded` holds the steps by name."""
    if request.startswith("load "):
        gc.enable()
        path, *spelling = request.removeprefix("load ").split("\t")
        name, spelling, loaded_step = load(peer, path, *spelling)
        loaded[name] = loaded_step
        gc.collect()
        gc.freeze()
        gc.disable()  # a collection in the middle of a step would be Python's time, not the framework's
        return {"ok": True, "spelling": spelling}
    verb, name, count = request.split()
    training = loaded[name]
    if verb == "losses":
        losses = [training.loss(training.step()) for _ in range(int(count))]
        return {"losses": losses, "checksum": training.checksum()}
    if verb == "time":
        return {"us": [duration_us(training.step) for _ in range(int(count))]}
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
