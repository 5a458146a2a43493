"""Fits the polynomials of the error function in single precision: `python3 erf.py` prints them as `erf.rs` has them.

    erf x = x + x P(x^2)              for |x| <= SPLIT
    erf x = 1 - exp(x Q(x) - x)       for SPLIT < x <= 4, where erf rounds to 1

Both are weighted minimax fits: P's weight makes the error of x P(x^2) relative to erf x, and Q's the one of
1 - exp(x Q(x) - x), which is erfc x times that of the exponent. Lawson's algorithm (1961) makes the largest error
least by repeated least squares: points of large error gain weight. Coefficients are then rounded to single precision
one after the other, from the one that matters most, and what is left is fitted again. Needs numpy.
"""

import math

import numpy as np

SPLIT = 0.875
LAST = 4.0
DEGREE_NEAR = 5
DEGREE_FAR = 6


def least(basis, target, weight):
    """Coefficients that make the largest weighted error least."""
    importance = np.full(len(target), 1.0 / len(target))
    best, smallest = None, math.inf
    for _ in range(2000):
        scale = weight * np.sqrt(importance)
        coefficients, *_ = np.linalg.lstsq(basis * scale[:, None], target * scale, rcond=None)
        error = np.abs(weight * (basis @ coefficients - target))
        if error.max() < smallest:
            best, smallest = coefficients, error.max()
        importance *= error / error.max()
        importance /= importance.sum()
    return best, smallest


def rounded(x, target, weight, degree):
    """Coefficients in single precision, constant term first, and the largest error that is left."""
    powers = np.vander(x, degree + 1, increasing=True)
    fixed = []
    while len(fixed) <= degree:
        known = powers[:, : len(fixed)] @ np.array(fixed)
        free, _ = least(powers[:, len(fixed) :], target - known, weight)
        fixed.append(float(np.float32(free[0])))
    return fixed, np.abs(weight * (powers @ np.array(fixed) - target)).max()


def chebyshev(low, high, count=2000):
    """Points that are dense at both ends."""
    return (low + high) / 2 - (high - low) / 2 * np.cos(np.pi * (np.arange(count) + 0.5) / count)


def near():
    z = chebyshev(1e-8, SPLIT**2)
    ratio = np.array([math.erf(math.sqrt(t)) / math.sqrt(t) for t in z])
    return rounded(z, ratio - 1, 1 / ratio, DEGREE_NEAR)


def far():
    x = chebyshev(SPLIT, LAST)
    erf, erfc = np.array([math.erf(t) for t in x]), np.array([math.erfc(t) for t in x])
    return rounded(x, np.log(erfc) / x + 1, x * erfc / erf, DEGREE_FAR)


def horner(x, coefficients):
    """As the kernel computes it: with one rounding a step."""
    value = np.full_like(x, np.float32(coefficients[-1]))
    for c in reversed(coefficients[:-1]):
        value = np.float32(np.float64(value) * x + c)
    return value


def measured(p, q, count=2_000_000):
    """The largest error in units in the last place of the formulas in single precision, exp rounded once."""
    x = np.linspace(1e-6, 3.9, count).astype(np.float32)
    wide = x.astype(np.float64)
    step = np.float32(np.float64(horner(np.float32(wide * wide), p)) * wide + wide)
    exponent = np.float32(np.float64(horner(x, q)) * wide - wide)
    tail = np.float32(1 - np.float32(np.exp(exponent.astype(np.float64))))
    value = np.where(x <= np.float32(SPLIT), step, tail).astype(np.float64)
    truth = np.array([math.erf(t) for t in wide])
    return (np.abs(value - truth) / np.spacing(truth.astype(np.float32)).astype(np.float64)).max()


def main():
    (p, error_near), (q, error_far) = near(), far()
    for name, coefficients, error in [("P", p, error_near), ("Q", q, error_far)]:
        print(f"{name}, relative error {error:.2e}:")
        for c in reversed(coefficients):
            print(f"    {np.float32(c)!s},")
    print(f"largest error of the formulas: {measured(p, q):.3f} ULP")


if __name__ == "__main__":
    main()
