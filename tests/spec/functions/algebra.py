"""The cases of linear algebra and of Fourier transforms. Factors are oriented as ours are: R has a diagonal that is nowhere
negative, and of a vector, the first element that is at least half as large as the largest is positive. Several results are
one after the other."""

import torch

TALL = [[0.3, -1.2, 2.1], [1.4, 0.2, -0.6], [0.9, 0.1, 1.1], [-0.8, 0.7, 0.4]]
SQUARE = [[1.3, -0.2, 0.5], [0.4, 2.2, -0.6], [-0.9, 0.1, 3.1]]
WIDE = [[0.3, -1.2, 2.1, 0.7], [1.4, 0.2, -0.6, -2.0]]
BATCH = [[[1.0, 2.0], [0.5, -1.0]], [[0.1, 0.7], [-0.4, 2.0]]]
DEFICIENT = [[1.0, 2.0], [2.0, 4.0], [-1.0, -2.0]]
SIDES = [[1.0, 0.2], [-0.5, 0.3], [2.0, 0.1], [0.7, -1.1]]
SIGNAL = [[0.3, -1.2, 2.1, 0.7, 0.4], [1.4, 0.2, -0.6, -2.0, 0.9]]
RE = [[1.0, -0.4, 0.3, 0.8], [0.5, 0.2, 0.7, -1.1]]
IM = [[0.6, 0.9, -0.2, 0.4], [-0.3, 1.2, 0.1, 0.7]]


def flat(*results):
    return torch.cat([x.flatten() for x in results])


def orientation(vectors):
    large = vectors.abs() >= 0.5 * vectors.abs().amax(-2, keepdim=True)
    first = large.to(torch.float64).argmax(-2, keepdim=True)
    return vectors.gather(-2, first).sign().detach()


def qr(a):
    q, r = torch.linalg.qr(a)
    sign = r.diagonal(dim1=-2, dim2=-1).sign().detach()
    return flat(q * sign.unsqueeze(-2), r * sign.unsqueeze(-1))


def eigh(a):
    values, vectors = torch.linalg.eigh((a + a.mT) / 2)
    return flat(values, vectors * orientation(vectors))


def svd(a):
    u, s, vt = torch.linalg.svd(a, full_matrices=False)
    sign = orientation(u)
    return flat(u * sign, s, vt * sign.mT)


def rank(a, **tolerances):
    """As a real number, with a gradient of 0."""
    return torch.linalg.matrix_rank(a, **tolerances) + 0 * a.sum((-2, -1))


def parts(x):
    return flat(x.real, x.imag)


def cases():
    for a in [TALL, SQUARE, BATCH]:
        yield "qr", qr, [a]
        yield "svd", svd, [a]
    yield "svd", svd, [WIDE]
    for a in [SQUARE, BATCH]:
        yield "eigh", eigh, [a]
        yield "matrix_exp", torch.linalg.matrix_exp, [a]
        yield "eigvalsh", lambda a: torch.linalg.eigvalsh((a + a.mT) / 2), [a]
    yield "svdvals", torch.linalg.svdvals, [TALL]
    yield "lstsq", lambda a, b: torch.linalg.lstsq(a, b).solution, [TALL, SIDES]
    yield "lstsq", lambda a, b: torch.linalg.lstsq(a, b).solution, [WIDE, SIDES[:2]]
    for a in [TALL, WIDE, BATCH]:
        yield "pinv", torch.linalg.pinv, [a]
    yield "pinv_with", lambda a: torch.linalg.pinv(a, rtol=1e-9), [DEFICIENT]
    yield "kron", torch.kron, [WIDE, SQUARE]
    for p in [0.5, 1.0, 1.5, 2.0, 3.0, float("inf"), -float("inf")]:
        yield f"vector_norm {p}", lambda x, p=p: torch.linalg.vector_norm(x, p, dim=1), [TALL]
        if p > 0:
            yield f"cdist {p}", lambda x, y, p=p: torch.cdist(x, y, p=p), [TALL, SQUARE]
    for norm in ["fro", "nuc", 2, 1, float("inf")]:
        yield f"matrix_norm {norm}", lambda a, norm=norm: torch.linalg.matrix_norm(a, norm), [TALL]
    nearly = (torch.tensor(DEFICIENT) + 1e-6 * torch.tensor(SIDES)[:3]).tolist()
    for a in [TALL, WIDE, BATCH, DEFICIENT, nearly]:
        yield "matrix_rank", rank, [a]
        for atol, rtol in [(1e-4, 0.0), (1.5, 0.0), (0.0, 0.6), (1e-4, 0.6)]:
            yield f"matrix_rank {atol}:{rtol}", lambda a, atol=atol, rtol=rtol: rank(a, atol=atol, rtol=rtol), [a]
    yield "cond", torch.linalg.cond, [BATCH]
    for n in [4, 5, 8]:
        yield f"rfft {n}", lambda x, n=n: parts(torch.fft.rfft(x, n=n)), [SIGNAL]
    for n in [4, 6, 7, 10]:
        yield f"irfft {n}", lambda re, im, n=n: torch.fft.irfft(torch.complex(re, im), n=n), [RE, IM]
    for name in ["fft", "ifft", "fftn", "ifftn"]:
        f = getattr(torch.fft, name)
        yield name, lambda re, im, f=f: parts(f(torch.complex(re, im))), [RE, IM]
    yield "rfftn", lambda x: parts(torch.fft.rfftn(x, dim=(1, 0))), [SIGNAL]
    for n in [6, 7]:
        yield f"irfftn {n}", lambda re, im, n=n: torch.fft.irfftn(torch.complex(re, im), s=(2, n)), [RE, IM]
    yield "cross", torch.linalg.cross, [TALL, SQUARE[:1]]
    for n in [0, 1, 6]:
        yield f"matrix_power {n}", lambda a, n=n: torch.linalg.matrix_power(a, n) + 0 * a, [SQUARE]
