"""What the generators share: numbers that are short, and files of cases, a line each."""

import json
import pathlib

import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(20)


def short(*shape):
    return torch.randn(shape).mul(70).round().div(100)


def array(tensor):
    """With all digits: JSON has the shortest that are read as the same number."""
    return {"shape": list(tensor.shape), "data": tensor.detach().flatten().to(torch.float64).tolist()}


def write(name, cases):
    text = json.dumps({"torch": torch.__version__.split("+")[0], "cases": "CASES"})
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    path = pathlib.Path(__file__).with_name(f"{name}.json")
    path.write_text(text.replace('"CASES"', f"[\n{lines}\n]") + "\n")
