"""Writes losses.json beside itself: losses of torch.nn.functional in double precision, and their gradients. The focal
and the contrastive loss and the hinge, which it has not, are written out here.

A case has a kind, its options, the inputs in order, of which the first "real" have gradients, and under "expected" the
answer and the gradients of its sum weighted by "v". Numbers given are short; expected ones have all digits. An array is
{"shape", "data"}, in row-major order.
"""

import torch
import torch.nn.functional as F

from cases import array, short, write

REDUCTIONS = ["none", "mean", "sum"]
cases = []


def add(kind, options, inputs, f, real=None):
    """f is given the inputs; all of floating point have gradients, unless told how many."""
    real = sum(x.is_floating_point() for x in inputs) if real is None else real
    leaves = [x.clone().requires_grad_() if i < real else x for i, x in enumerate(inputs)]
    y = f(*leaves)
    v = short(*y.shape)
    (v * y).sum().backward()
    cases.append({
        "kind": kind,
        "options": options,
        "inputs": [array(x) for x in inputs],
        "real": real,
        "v": array(v),
        "expected": {
            "output": array(y),
            "gradients": [array(x.grad) for x in leaves[:real]],
        },
    })


def reduced(losses, reduction):
    return losses if reduction == "none" else getattr(losses, reduction)()


def signs(*shape):
    return short(*shape).sign() + (short(*shape) * 0)


def truths(*shape):
    return (short(*shape) > 0).double()


def focal(x, t, alpha, gamma, reduction):
    p = x.sigmoid()
    p_t = p * t + (1 - p) * (1 - t)
    losses = F.binary_cross_entropy_with_logits(x, t, reduction="none") * (1 - p_t) ** gamma
    return reduced(losses if alpha is None else (alpha * t + (1 - alpha) * (1 - t)) * losses, reduction)


def contrastive(a, b, t, margin, reduction):
    d = (a - b).norm(dim=-1)
    return reduced(torch.where(t > 0, d**2, (margin - d).clamp(min=0) ** 2) / 2, reduction)


x, t = lambda: short(3, 4), lambda: short(3, 4)
for reduction in REDUCTIONS:
    r = {"reduction": reduction}
    for delta in [1.0, 0.4]:
        add("Huber", r | {"delta": delta}, [x(), t()], lambda x, t: F.huber_loss(x, t, delta=delta, **r))
    for beta in [1.0, 0.4, 0.0]:
        add("SmoothL1", r | {"beta": beta}, [x(), t()], lambda x, t: F.smooth_l1_loss(x, t, beta=beta, **r))
    for log_target in [False, True]:
        p = F.softmax(short(3, 4), -1)
        p = p.log() if log_target else p
        add("KlDiv", r | {"log_target": log_target}, [F.log_softmax(short(3, 4), -1), p],
            lambda x, p: F.kl_div(x, p, log_target=log_target, **r))
    add("Hinge", r, [x(), signs(3, 4)], lambda x, t: reduced((1 - t * x).clamp(min=0), reduction), 1)
    for margin in [1.0, 0.3]:
        m = r | {"margin": margin}
        add("HingeEmbedding", m, [x().abs(), signs(3, 4)], lambda x, t: F.hinge_embedding_loss(x, t, **m), 1)
        add("MarginRanking", m, [x(), t(), signs(3, 4)], lambda a, b, t: F.margin_ranking_loss(a, b, t, **m), 2)
        add("CosineEmbedding", m | {"margin": margin / 2}, [x(), t(), signs(3)],
            lambda a, b, t: F.cosine_embedding_loss(a, b, t, **(m | {"margin": margin / 2})), 2)
        add("Contrastive", m | {"margin": 2 * margin}, [x(), t(), signs(3)],
            lambda a, b, t: contrastive(a, b, t, 2 * margin, reduction), 2)
        for swap in [False, True]:
            add("TripletMargin", m | {"swap": swap}, [x(), t(), short(3, 4)],
                lambda a, p, n: F.triplet_margin_loss(a, p, n, swap=swap, **m))
    for weights in [None, [0.5, 1.0, 2.0, 0.25]]:
        w = None if weights is None else torch.tensor(weights)
        add("MultiLabelSoftMargin", r | {"weights": weights}, [x(), truths(3, 4)],
            lambda x, t: F.multilabel_soft_margin_loss(x, t, weight=w, **r), 1)
    for alpha, gamma in [(0.25, 2.0), (None, 1.5), (0.7, 0.0)]:
        add("Focal", r | {"alpha": alpha, "gamma": gamma}, [x(), truths(3, 4)],
            lambda x, t: focal(x, t, alpha, gamma, reduction), 1)
    for log_input in [True, False]:
        for full in [False, True]:
            o = {"log_input": log_input, "full": full}
            counts = short(3, 4).abs().mul(4).round()
            rates = x() if log_input else x().abs() + 0.1
            add("PoissonNll", r | o, [rates, counts], lambda x, t: F.poisson_nll_loss(x, t, **o, **r), 1)
    for full in [False, True]:
        for width in [4, 1]:
            add("GaussianNll", r | {"full": full}, [x(), t(), short(3, width).abs() + 0.1],
                lambda x, t, v: F.gaussian_nll_loss(x, t, v, full=full, **r))
    classes = torch.tensor([2, 0, 3])
    for smoothing in [0.0, 0.2]:
        add("CrossEntropy", r | {"smoothing": smoothing}, [x(), classes],
            lambda x, t: F.cross_entropy(x, t, label_smoothing=smoothing, **r))
    add("Nll", r, [F.log_softmax(x(), -1), classes], lambda x, t: F.nll_loss(x, t, **r))

    # Four sequences: labels that repeat; one; as many as there is room for; none. Behind lengths stands no class.
    for blank in [0, 2]:
        labels = torch.tensor([[1, 1, 3], [3, -1, -1], [4, 1, 3], [-1, -1, -1]])
        of_input, of_target = torch.tensor([6, 4, 3, 5]), torch.tensor([3, 1, 3, 0])
        given = [2 * short(6, 4, 5), labels, of_input, of_target]
        add("Ctc", r | {"blank": blank, "zero_infinity": False}, given,
            lambda x, t, a, b: F.ctc_loss(F.log_softmax(x, -1), t.clamp(min=0), a, b, blank=blank, **r))
    # A target that does not fit.
    given = [2 * short(3, 2, 4), torch.tensor([[1, 1], [2, 3]]), torch.tensor([2, 3]), torch.tensor([2, 2])]
    add("Ctc", r | {"blank": 0, "zero_infinity": True}, given,
        lambda x, t, a, b: F.ctc_loss(F.log_softmax(x, -1), t, a, b, zero_infinity=True, **r))

for reduction in REDUCTIONS:
    r = {"reduction": reduction}
    add("Mse", r, [x(), t()], lambda x, t: F.mse_loss(x, t, **r))
    add("L1", r, [x(), t()], lambda x, t: F.l1_loss(x, t, **r))
    add("BceWithLogits", r, [x(), truths(3, 4)], lambda x, t: F.binary_cross_entropy_with_logits(x, t, **r), 1)

for reduction in REDUCTIONS:
    r = {"reduction": reduction}
    add("SoftMargin", r, [x(), signs(3, 4)], lambda x, t: F.soft_margin_loss(x, t, **r), 1)
    for squared, weights in [(False, None), (True, [0.5, 2.0, 1.0, 0.25])]:
        options = r | {"margin": 0.8, "squared": squared, "weights": weights}
        given = None if weights is None else torch.tensor(weights)
        add("MultiMargin", options, [x(), torch.tensor([2, 0, 3])],
            lambda x, t: F.multi_margin_loss(x, t, p=1 + squared, margin=0.8, weight=given, **r))
for axis in [-1, 0]:
    add("cosine_similarity", {"reduction": "none", "axis": axis}, [x(), x()],
        lambda a, b: F.cosine_similarity(a, b, dim=axis))

for reduction in REDUCTIONS:
    r = {"reduction": reduction}
    positive = [0.5, 3.0, 1.0, 2.0]
    for weights in [None, short(3, 4).abs(), short(3, 1).abs()]:
        given = [x(), truths(3, 4)] + ([] if weights is None else [weights])
        add("BceWithLogits", r | {"positive": positive}, given, lambda x, t, w=None: F.binary_cross_entropy_with_logits(
            x, t, weight=w, pos_weight=torch.tensor(positive), **r), 1)
    add("BceWithLogits", r, [x(), truths(3, 4), short(4).abs()],
        lambda x, t, w: F.binary_cross_entropy_with_logits(x, t, weight=w, **r), 1)
    for p, eps, swap in [(1.0, 1e-6, False), (3.0, 1e-2, True), (1.5, 0.0, False)]:
        o = {"margin": 0.7, "swap": swap, "p": p, "eps": eps}
        add("TripletMargin", r | o, [x(), t(), short(3, 4)], lambda a, p, n: F.triplet_margin_loss(a, p, n, **o, **r))
    for swap in [False, True]:
        o = {"margin": 0.7, "swap": swap}
        add("TripletMargin", r | o | {"distance": "cosine"}, [x(), t(), short(3, 4)],
            lambda a, p, n: F.triplet_margin_with_distance_loss(
                a, p, n, distance_function=lambda x, y: 1 - F.cosine_similarity(x, y, dim=-1), **o, **r))
    weights = [0.5, 1.0, 2.0, 0.25]
    w = torch.tensor(weights)
    labels = torch.tensor([[2, 0, -7], [3, -7, 1]])
    for smoothing in [0.0, 0.2]:
        o = r | {"weights": weights, "smoothing": smoothing}
        add("CrossEntropy", o | {"ignored": -7}, [short(2, 4, 3), labels],
            lambda x, t: F.cross_entropy(x, t, weight=w, ignore_index=-7, label_smoothing=smoothing, **r))
        add("CrossEntropy", o | {"soft": True}, [x(), F.softmax(short(3, 4), -1)],
            lambda x, q: F.cross_entropy(x, q, weight=w, label_smoothing=smoothing, **r), 1)
    add("Nll", r | {"weights": weights, "ignored": -7}, [F.log_softmax(short(2, 4, 3), 1), labels],
        lambda x, t: F.nll_loss(x, t, weight=w, ignore_index=-7, **r))

write("losses", cases)
