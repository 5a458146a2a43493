"""Writes attention.json beside itself: what PyTorch's attention and transformers answer in double precision, and the
gradients of a weighted sum of the answer. Rotary positions, which it has not, are products of complex numbers here.

A case has a kind, its options, the parameters by the names of the state_dict, the inputs in order, masks (of truth
values, 1 for true; "mask" says who is seen, "key_padding" who is not), the weights of the sum ("v"), and under
"expected" the answer and the gradients of the sum. Numbers given are short; expected ones have all digits. An array is
{"shape", "data"}, in row-major order.
"""

import torch
from torch.nn.functional import scaled_dot_product_attention

from cases import array, short, write

B, T, S, E, H = 2, 3, 4, 4, 2


def case(kind, options, module, inputs, answer, masks=None):
    if module is not None:
        module.train()
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.copy_(short(*parameter.shape))
    parameters = dict(module.named_parameters()) if module is not None else {}
    inputs = [x.requires_grad_() for x in inputs]
    y = answer(*inputs)
    v = short(*y.shape)
    (v * y).sum().backward()
    gradients = [x.grad for x in inputs] + [parameter.grad for _, parameter in sorted(parameters.items())]
    return {
        "kind": kind,
        "options": options,
        "parameters": {name: array(parameter) for name, parameter in parameters.items()},
        "inputs": [array(x) for x in inputs],
        "masks": {name: array(mask.double()) for name, mask in (masks or {}).items()},
        "v": array(v),
        "expected": {"output": array(y), "gradients": [array(gradient) for gradient in gradients]},
    }


def truths(*rows):
    return torch.tensor(rows).bool()


cases = []
causal = torch.ones(T, T).tril().bool()

# The operation.
full = lambda: [short(B, T, E), short(B, S, E), short(B, S, 2)]
cases.append(case("DotProductAttention", {}, None, full(), scaled_dot_product_attention))
cases.append(case("DotProductAttention", {"scale": 0.7}, None, full(), lambda q, k, v: scaled_dot_product_attention(q, k, v, scale=0.7)))
square = lambda: [short(B, 5, 2), short(B, 5, 2), short(B, 5, 2)]
cases.append(case("DotProductAttention", {"causal": True}, None, square(), lambda q, k, v: scaled_dot_product_attention(q, k, v, is_causal=True)))
# A query that sees nothing answers 0.
seen = truths([1, 0, 1, 1], [0, 0, 0, 0], [0, 1, 0, 0])
cases.append(case("DotProductAttention", {}, None, full(), lambda q, k, v: scaled_dot_product_attention(q, k, v, attn_mask=seen), {"mask": seen}))
added = short(B, T, S)
cases.append(case("DotProductAttention", {"added": array(added)}, None, full(), lambda q, k, v: scaled_dot_product_attention(q, k, v, attn_mask=added)))

# The layer: its masks say who is not seen.
padding = truths([0, 0, 1], [0, 0, 0])
mha = lambda **options: torch.nn.MultiheadAttention(E, H, batch_first=True, **options)
for bias in [True, False]:
    layer = mha(bias=bias)
    cases.append(case("MultiHeadAttention", {"bias": bias}, layer, [short(B, T, E)], lambda x: layer(x, x, x)[0]))
layer = mha()
cases.append(case("MultiHeadAttention", {"causal": True}, layer, [short(B, T, E)],
    lambda x: layer(x, x, x, attn_mask=~causal, key_padding_mask=padding)[0], {"key_padding": padding}))
each = torch.stack([torch.stack([causal, causal.T]), torch.stack([causal.T, causal])])
layer = mha()
cases.append(case("MultiHeadAttention", {}, layer, [short(B, T, E)],
    lambda x: layer(x, x, x, attn_mask=~each.reshape(B * H, T, T))[0], {"mask": each}))
for dims in [{}, {"kdim": 3, "vdim": 5}]:
    layer = mha(**dims)
    inputs = [short(B, T, E), short(B, S, dims.get("kdim", E)), short(B, S, dims.get("vdim", E))]
    cases.append(case("MultiHeadAttention", dims, layer, inputs, lambda q, k, v: layer(q, k, v)[0]))
layer = mha()
cases.append(case("MultiHeadAttention", {}, layer, [short(T, E)], lambda x: layer(x, x, x)[0]))


# Rotations.
def rotary(x, halves):
    t, width = x.shape[-2:]
    angles = torch.outer(torch.arange(t).double(), 100.0 ** (-torch.arange(0, width, 2).double() / width))
    a, b = (x[..., : width // 2], x[..., width // 2 :]) if halves else (x[..., ::2], x[..., 1::2])
    turned = torch.complex(a, b) * torch.exp(1j * angles)
    parts = [turned.real, turned.imag]
    return torch.cat(parts, -1) if halves else torch.stack(parts, -1).flatten(-2)


for halves in [False, True]:
    cases.append(case("RotaryEmbedding", {"halves": halves}, None, [short(B, T, 6)], lambda x: rotary(x, halves)))

# Transformers.
shared = dict(dim_feedforward=3, dropout=0.0, batch_first=True)
for norm_first in [False, True]:
    for activation in ["relu", "gelu"]:
        options = dict(norm_first=norm_first, activation=activation)
        layer = torch.nn.TransformerEncoderLayer(E, H, **shared, **options)
        cases.append(case("TransformerEncoderLayer", options, layer, [short(B, T, E)], layer))
    options = dict(norm_first=norm_first, activation="relu")
    layer = torch.nn.TransformerDecoderLayer(E, H, **shared, **options)
    cases.append(case("TransformerDecoderLayer", options | {"causal": True}, layer, [short(B, T, E), short(B, S, E)],
        lambda x, memory: layer(x, memory, tgt_mask=~causal)))
options = dict(norm_first=True, activation="gelu")
layer = torch.nn.TransformerEncoderLayer(E, H, bias=False, **shared, **options)
cases.append(case("TransformerEncoderLayer", options | {"bias": False, "causal": True}, layer, [short(B, T, E)],
    lambda x: layer(x, src_mask=~causal, src_key_padding_mask=padding), {"key_padding": padding}))
for norm in [False, True]:
    norms = lambda: torch.nn.LayerNorm(E) if norm else None
    options = dict(norm_first=norm, activation="relu")
    stack = torch.nn.TransformerEncoder(
        torch.nn.TransformerEncoderLayer(E, H, **shared, **options), 2, norms(), enable_nested_tensor=False)
    cases.append(case("TransformerEncoder", options | {"norm": norm}, stack, [short(B, T, E)], stack))
    stack = torch.nn.TransformerDecoder(torch.nn.TransformerDecoderLayer(E, H, **shared, **options), 2, norms())
    cases.append(case("TransformerDecoder", options | {"norm": norm}, stack, [short(B, T, E), short(B, S, E)], stack))

# The weights of each head, or their mean, behind the answer; keys that everybody sees.
both = lambda y, weights: torch.cat([y.flatten(), weights.flatten()])
across = lambda: [short(B, T, E), short(B, S, E), short(B, S, E)]
for added in [{}, {"add_bias_kv": True}, {"add_zero_attn": True}, {"add_bias_kv": True, "add_zero_attn": True}]:
    layer = mha(**added)
    cases.append(case("MultiHeadAttention", added, layer, across(), lambda q, k, v: layer(q, k, v)[0]))
    for weights in ["heads", "mean"]:
        layer = mha(**added)
        cases.append(case("MultiHeadAttention", added | {"weights": weights}, layer, across(),
            lambda q, k, v: both(*layer(q, k, v, average_attn_weights=weights == "mean"))))
    layer = mha(**added)
    cases.append(case("MultiHeadAttention", added | {"causal": True, "weights": "heads"}, layer, [short(B, T, E)],
        lambda x: both(*layer(x, x, x, attn_mask=~causal, key_padding_mask=padding, average_attn_weights=False)),
        {"key_padding": padding}))
    layer = mha(**added)
    cases.append(case("MultiHeadAttention", added | {"causal": True, "cached": True}, layer, [short(B, 5, E)],
        lambda x: layer(x, x, x, attn_mask=torch.ones(5, 5).triu(1).bool())[0]))
layer = mha(add_bias_kv=True, kdim=3, vdim=5, bias=False)
cases.append(case("MultiHeadAttention", {"add_bias_kv": True, "kdim": 3, "vdim": 5, "bias": False}, layer,
    [short(T, E), short(S, 3), short(S, 5)], lambda q, k, v: layer(q, k, v)[0]))
layer = mha(add_bias_kv=True, add_zero_attn=True)
added = short(T, S)
cases.append(case("MultiHeadAttention", {"add_bias_kv": True, "add_zero_attn": True, "added": array(added)}, layer, across(),
    lambda q, k, v: layer(q, k, v, attn_mask=added)[0]))

# Heads of queries that share those of keys and values; queries that are not the first.
grouped = lambda heads, kv_heads, d: [short(B, heads, T, d), short(B, kv_heads, S, d), short(B, kv_heads, S, 2)]
shared_by = lambda **given: lambda q, k, v: scaled_dot_product_attention(q, k, v, enable_gqa=True, **given)
for heads, kv_heads in [(6, 3), (4, 1), (2, 2)]:
    cases.append(case("DotProductAttention", {"grouped": True}, None, grouped(heads, kv_heads, 3), shared_by()))
for seen in [torch.rand(T, S) < 0.6, torch.rand(B, 1, T, S) < 0.6, torch.rand(4, T, S) < 0.6, torch.rand(B, 4, T, S) < 0.6]:
    seen[..., 1] = True
    cases.append(case("DotProductAttention", {"grouped": True}, None, grouped(4, 2, 3), shared_by(attn_mask=seen), {"mask": seen}))
added = short(B, 4, T, S)
cases.append(case("DotProductAttention", {"grouped": True, "added": array(added)}, None, grouped(4, 2, 3), shared_by(attn_mask=added)))
later = torch.ones(T, S).tril(S - T).bool()
cases.append(case("DotProductAttention", {"causal_from": S - T}, None, full(),
    lambda q, k, v: scaled_dot_product_attention(q, k, v, attn_mask=later)))
cases.append(case("DotProductAttention", {"grouped": True, "causal_from": S - T}, None, grouped(4, 2, 3), shared_by(attn_mask=later)))


class Grouped(torch.nn.Module):
    """What torch.nn.MultiheadAttention would be with fewer heads of keys and values: with its names."""

    def __init__(self, width, heads, kv_heads, bias):
        super().__init__()
        self.heads, self.kv_heads = heads, kv_heads
        rows = [width, kv_heads * (width // heads), kv_heads * (width // heads)]
        for name, count in zip("qkv", rows):
            self.register_parameter(f"{name}_proj_weight", torch.nn.Parameter(torch.empty(count, width)))
        self.in_proj_bias = torch.nn.Parameter(torch.empty(sum(rows))) if bias else None
        self.rows, self.out_proj = rows, torch.nn.Linear(width, width, bias)

    def forward(self, q, k, v, **given):
        biases = self.in_proj_bias.split(self.rows) if self.in_proj_bias is not None else [None] * 3
        weights = [self.q_proj_weight, self.k_proj_weight, self.v_proj_weight]
        made = [torch.nn.functional.linear(*each) for each in zip([q, k, v], weights, biases)]
        counts = [self.heads, self.kv_heads, self.kv_heads]
        made = [x.unflatten(-1, [heads, -1]).transpose(-3, -2) for x, heads in zip(made, counts)]
        y = scaled_dot_product_attention(*made, enable_gqa=True, **given)
        return self.out_proj(y.transpose(-3, -2).flatten(-2))


for kv_heads in [1, 2]:
    options = {"width": 8, "heads": 4, "kv_heads": kv_heads}
    layer = Grouped(8, 4, kv_heads, True)
    cases.append(case("MultiHeadAttention", options, layer, [short(B, n, 8) for n in [T, S, S]], lambda q, k, v: layer(q, k, v)))
    layer = Grouped(8, 4, kv_heads, False)
    cases.append(case("MultiHeadAttention", options | {"causal": True, "cached": True, "bias": False}, layer, [short(B, 5, 8)],
        lambda x: layer(x, x, x, is_causal=True)))

write("attention", cases)
