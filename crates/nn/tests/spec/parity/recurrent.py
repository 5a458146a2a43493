"""Writes recurrent.json beside itself: what torch.nn.RNN, GRU and LSTM answer in double precision, and the
gradients of a weighted sum of the answers.

A case has the layer's options, its parameters by the names of the state_dict, the input, perhaps an initial
state and lengths (by packed sequences), the weights of the sum ("v"), and under "expected" the answers and
the gradients of the sum. Numbers given are short; expected ones have all digits. An array is
{"shape", "data"}, in row-major order.
"""

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from cases import array, short, write

T, BATCH, INPUTS, HIDDEN = 4, 3, 3, 2
LENGTHS = [2, 4, 1]


def case(kind, layers=1, bidirectional=False, bias=True, batch_first=False, lengths=None, state=True, alone=False,
         hidden=HIDDEN, projection=0):
    options = dict(num_layers=layers, bidirectional=bidirectional, bias=bias, batch_first=batch_first)
    if projection:
        options.update(proj_size=projection)
    if kind == "relu":
        layer = torch.nn.RNN(INPUTS, hidden, nonlinearity="relu", **options)
    else:
        layer = {"tanh": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[kind](INPUTS, hidden, **options)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(short(*parameter.shape))

    directions = 2 if bidirectional else 1
    batch = [] if alone else [BATCH]
    order = (lambda t: [BATCH, t]) if batch_first else (lambda t: [t, *batch])
    x = short(*order(T), INPUTS).requires_grad_()
    names = ["h", "c"] if kind == "lstm" else ["h"]
    extents = {"h": projection or hidden, "c": hidden}
    given = {name: short(layers * directions, *batch, extents[name]).requires_grad_() for name in names} if state else {}
    start = tuple(given.values()) if len(given) == 2 else given.get("h")

    read = x if lengths is None else pack_padded_sequence(x, lengths, batch_first, enforce_sorted=False)
    output, last = layer(read, start)
    if lengths is not None:
        output, _ = pad_packed_sequence(output, batch_first, total_length=T)
    answers = {"output": output, **dict(zip(names, last if kind == "lstm" else [last]))}
    weights = {name: short(*answer.shape) for name, answer in answers.items()}
    sum(torch.sum(weights[name] * answer) for name, answer in answers.items()).backward()

    options.update(kind=kind, layers=options.pop("num_layers"), hidden=hidden)
    gradients = {"x": x.grad}
    gradients.update({f"{name}_0": start.grad for name, start in given.items()})
    gradients.update({name: parameter.grad for name, parameter in layer.named_parameters()})
    return {
        "options": options,
        "lengths": lengths,
        "parameters": {name: array(parameter) for name, parameter in layer.named_parameters()},
        "x": array(x),
        "state": {name: array(start) for name, start in given.items()},
        "v": {name: array(weight) for name, weight in weights.items()},
        "expected": {
            **{name: array(answer) for name, answer in answers.items()},
            "gradients": {name: array(gradient) for name, gradient in gradients.items()},
        },
    }


cases = []
for kind in ["tanh", "relu", "gru", "lstm"]:
    for layers in [1, 2]:
        for bidirectional in [False, True]:
            shape = dict(layers=layers, bidirectional=bidirectional)
            cases.append(case(kind, **shape))
            if kind != "relu" and (layers == 1 or bidirectional):
                cases.append(case(kind, **shape, bias=False, state=False))
                cases.append(case(kind, **shape, lengths=LENGTHS))
for kind in ["tanh", "gru", "lstm"]:
    cases.append(case(kind, batch_first=True, bidirectional=True))
    cases.append(case(kind, batch_first=True, lengths=LENGTHS))
    cases.append(case(kind, alone=True, bidirectional=True))
projected = dict(hidden=4, projection=2)
for layers in [1, 2]:
    for bidirectional in [False, True]:
        cases.append(case("lstm", layers=layers, bidirectional=bidirectional, **projected))
cases.append(case("lstm", bias=False, state=False, **projected))
cases.append(case("lstm", layers=2, bidirectional=True, lengths=LENGTHS, **projected))
cases.append(case("lstm", batch_first=True, bidirectional=True, hidden=3, projection=1))
cases.append(case("lstm", alone=True, bidirectional=True, **projected))

write("recurrent", cases)
