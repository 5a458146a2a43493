"""Fits the polynomial of the sine in single precision: `python3 sin.py` prints it as `trig.rs` has it.

    sin r = r P(r^2)    for |r| <= pi/2

A weighted minimax fit as those of `erf.py`; the weight makes the error of P relative to sin r / r. The kernel evaluates P
in double precision, so that the coefficients need no rounding. Needs numpy.
"""

import math

import numpy as np

from erf import chebyshev, least

DEGREE = 5


def main():
    z = chebyshev(1e-9, (math.pi / 2) ** 2)
    r = np.sqrt(z)
    ratio = np.sin(r) / r
    coefficients, error = least(np.vander(z, DEGREE + 1, increasing=True), ratio, 1 / ratio)
    print(f"P, relative error {error:.2e}:")
    for c in reversed(coefficients):
        print(f"    {float(c)!r},")


if __name__ == "__main__":
    main()
