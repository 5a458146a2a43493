"""PyTorch: eager, with fused optimizers, or with Inductor over the loss as well. What a model is, `torch_models.py`
says."""

import types

import torch

import torch_models


class Torch:
    """Eager PyTorch; `fused` takes the one-kernel optimizers, `compiled` also puts Inductor over model and loss."""

    def __init__(self, threads, fused=False, compiled=False):
        torch.set_num_threads(threads)
        self.fused, self.compiled = fused, compiled
        self.version = f"PyTorch {torch.__version__}"

    def spellings(self, spec, tensors):
        """What makes the step ready, by the name of each way to spell it."""
        tensors = {name: torch.from_numpy(tensor) for name, tensor in tensors.items()}
        builders = getattr(torch_models, spec["model"]["kind"])(spec["model"], tensors)
        return {name: lambda build=build: self._make(spec, build()) for name, build in builders.items()}

    def _make(self, spec, model):
        function = model.function
        if self.compiled:
            function = torch.compile(with_own_code(function), fullgraph=not model.breaks, dynamic=False)
        if isinstance(model, torch_models.Product):
            return Evaluation(function, model.inputs, model.vectors)
        return Training(model, function, self._optimizer(model.module, spec["optimizer"]))

    def _optimizer(self, module, rule):
        trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
        extra = {"fused": True} if self.fused else {}
        if rule["kind"] == "adam":
            betas = (rule["beta1"], rule["beta2"])
            return torch.optim.Adam(trained, lr=rule["lr"], betas=betas, eps=rule["eps"], **extra)
        return torch.optim.SGD(trained, lr=rule["lr"], momentum=rule["momentum"], **extra)


def with_own_code(function):
    """The same function with a code object of its own. Dynamo keeps what it compiled with the code object, looks
    through all of it at each call, and stops compiling after some: models that share a loss would be in each other's
    way."""
    code = function.__code__.replace(co_name=f"{function.__name__}_{id(function)}")
    return types.FunctionType(code, function.__globals__, code.co_name, function.__defaults__, function.__closure__)


class Training:
    """A model in training."""

    def __init__(self, model, function, optimizer):
        self.module, self.inputs = model.module.train(), model.inputs
        self.function, self.optimizer = function, optimizer

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.function(*self.inputs)
        loss.backward()
        self.optimizer.step()
        return loss

    def loss(self, result):
        return result.item()

    def checksum(self):
        norms = (module for module in self.module.modules() if isinstance(module, torch.nn.modules.batchnorm._BatchNorm))
        return sum(norm.running_var.double().sum().item() for norm in norms)


class Evaluation:
    """A product of vectors with a matrix that is never formed, computed again and again."""

    def __init__(self, function, inputs, vectors):
        self.function, self.inputs, self.vectors = function, inputs, vectors
        self.last = None

    def step(self):
        self.last = self.function(*self.inputs)
        return self.last

    def loss(self, products):
        return sum((v.double() * products[name].double()).sum().item() for name, v in self.vectors.items())

    def checksum(self):
        return sum(product.double().square().sum().item() for product in self.last.values())
