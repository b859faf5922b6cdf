"""Noise that any process computes alike: pure functions of (key, index), so any minute can be had without its past.

The hash is SplitMix64's finaliser (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
No generator state means no dependence on the order of questions, nor on numpy's random streams from release to release.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_AR_LAGS = 40


def key(seed: int, *names: str) -> int:
    """Key of one noise: 63 bits from the seed and who it is for."""
    text = "/".join((str(seed), *names)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") >> 1


def uniform(stream: int, index: Ints) -> Floats:
    """Independent uniform numbers in (0, 1), one per index, of the index's shape."""
    word = index.astype(np.uint64) * _GOLDEN
    word += np.uint64(stream)
    word ^= word >> np.uint64(30)
    word *= _MIX_1
    word ^= word >> np.uint64(27)
    word *= _MIX_2
    word ^= word >> np.uint64(31)
    result: Floats = ((word >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return result


def normal(stream: int, index: Ints) -> Floats:
    """Independent standard normal numbers, one per index (Box and Muller 1958)."""
    radius = np.sqrt(-2.0 * np.log(uniform(stream, 2 * index)))
    result: Floats = radius * np.cos(2.0 * np.pi * uniform(stream, 2 * index + 1))
    return result


def smooth(stream: int, index: Ints, every: int) -> Floats:
    """Standard normal knots every `every` indices with straight lines between: noise with a memory of about `every`.

    The variance is 1 at the knots and 1/2 halfway between them.
    """
    first = int(index.min()) // every
    knots = np.arange(first, int(index.max()) // every + 2, dtype=np.int64)
    result: Floats = np.interp(index, knots * every, normal(stream, knots))
    return result


def ar1(stream: int, index: Ints, rho: float) -> Floats:
    """Stationary AR(1) of variance 1 and lag-1 correlation `rho`, by its moving-average form cut at 40 lags."""
    first, last = int(index.min()), int(index.max())
    shocks = normal(stream, np.arange(first - _AR_LAGS, last + 1, dtype=np.int64) + 1_000_000)
    weights = rho ** np.arange(_AR_LAGS + 1, dtype=np.float64)
    weights /= np.sqrt(np.sum(weights**2))
    series = np.convolve(shocks, weights, mode="valid")
    result: Floats = series[index - first]
    return result
