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

write("attention", cases)
