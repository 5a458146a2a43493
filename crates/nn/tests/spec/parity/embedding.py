"""Writes embedding.json beside itself: what torch.nn.Embedding and EmbeddingBag answer in double precision, and the
gradient of a weighted sum of the answer. Cases are as in attention.py.
"""

import torch

from cases import array, short, write

ROWS, WIDTH = 5, 3
cases = []


def add(kind, options, module, index, offsets=None, weights=None):
    """With a largest norm, the table is shortened by the differentiable renorm, and not in place."""
    with torch.no_grad():
        module.weight.copy_(short(ROWS, WIDTH))
    if weights is not None:
        weights = weights.requires_grad_()
    given = [index] if kind == "Embedding" else [index, offsets, weights]
    y = module(*given)
    if options.get("max_norm") is not None:
        max_norm, padding = options["max_norm"], options["padding"]
        shortened = torch.renorm(module.weight, 2, 0, max_norm)
        mode = {} if kind == "Embedding" else {"mode": options["mode"]}
        in_place = module.from_pretrained(module.weight.detach().clone(), max_norm=max_norm, padding_idx=padding, **mode)
        if kind == "Embedding":
            y = torch.nn.functional.embedding(index, shortened, padding_idx=padding)
        else:
            y = torch.nn.functional.embedding_bag(
                index, shortened, offsets, padding_idx=padding, per_sample_weights=weights, **mode)
        assert torch.equal(y, in_place(*given))
    v = short(*y.shape)
    (v * y).sum().backward()
    gradients = [module.weight.grad] + ([] if weights is None else [weights.grad])
    cases.append({
        "kind": kind,
        "options": options,
        "parameters": {"weight": array(module.weight)},
        "index": array(index),
        "offsets": None if offsets is None else array(offsets),
        "weights": None if weights is None else array(weights),
        "v": array(v),
        "expected": {"output": array(y), "gradients": [array(x) for x in gradients]},
    })


words = torch.tensor([[0, 4, 1], [3, 3, 0], [1, 1, 1]])
line, offsets = torch.tensor([0, 4, 1, 3, 3, 1]), torch.tensor([0, 2, 2, 5])
for padding in [None, 1]:
    options = {"padding": padding}
    add("Embedding", options, torch.nn.Embedding(ROWS, WIDTH, padding_idx=padding), words)
    for mode in ["sum", "mean", "max"]:
        bag = lambda: torch.nn.EmbeddingBag(ROWS, WIDTH, mode=mode, padding_idx=padding)
        # Of equal numbers, PyTorch's maximum has one gradient: a bag has no row twice.
        given = words if mode != "max" else torch.tensor([[0, 4, 1], [3, 2, 0], [1, 2, 4]])
        add("EmbeddingBag", options | {"mode": mode}, bag(), given)
        if mode == "sum":
            add("EmbeddingBag", options | {"mode": mode}, bag(), words, None, short(3, 3))
            add("EmbeddingBag", options | {"mode": mode}, bag(), line, offsets, short(6))
        given = line if mode != "max" else torch.tensor([0, 4, 1, 3, 2, 1])
        add("EmbeddingBag", options | {"mode": mode}, bag(), given, offsets)

for padding, max_norm in [(None, 0.9), (1, 0.5)]:
    module = torch.nn.Embedding(ROWS, WIDTH, padding_idx=padding)
    add("Embedding", {"padding": padding, "max_norm": max_norm}, module, words)
for padding, max_norm in [(None, 0.9), (1, 0.5)]:
    for mode in ["sum", "mean", "max"]:
        module = torch.nn.EmbeddingBag(ROWS, WIDTH, mode=mode, padding_idx=padding)
        options = {"padding": padding, "mode": mode, "max_norm": max_norm}
        add("EmbeddingBag", options, module, torch.tensor([[0, 4, 1], [3, 2, 0], [1, 2, 4]]))
    module = torch.nn.EmbeddingBag(ROWS, WIDTH, mode="sum", padding_idx=padding)
    add("EmbeddingBag", options | {"mode": "sum"}, module, line, offsets, short(6))

write("embedding", cases)
