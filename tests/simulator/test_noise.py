from __future__ import annotations

import numpy as np

from simulator.noise import ar1, key, normal, smooth, uniform

INDEX = np.arange(200_000, dtype=np.int64)
GOLDEN = [0.9259745272062931, 0.14489138488659264, 0.03701453801698157]


def test_any_part_of_a_noise_can_be_had_without_the_rest() -> None:
    stream = key(7, "press-1", "minute")
    part = INDEX[1234:1300]
    np.testing.assert_array_equal(uniform(stream, INDEX)[1234:1300], uniform(stream, part))
    np.testing.assert_array_equal(normal(stream, INDEX)[1234:1300], normal(stream, part))
    np.testing.assert_allclose(smooth(stream, INDEX, 15)[1234:1300], smooth(stream, part, 15), atol=1e-12)
    np.testing.assert_allclose(ar1(stream, INDEX[:300], 0.5)[100:], ar1(stream, INDEX[100:300], 0.5), atol=1e-12)


def test_normal_noise_is_standard_and_independent() -> None:
    values = normal(key(1, "x"), INDEX)
    assert abs(values.mean()) < 0.01
    assert abs(values.std() - 1.0) < 0.01
    assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 0.01
    assert uniform(key(1, "x"), INDEX).min() > 0.0
    assert uniform(key(1, "x"), INDEX).max() < 1.0


def test_day_noise_has_the_stated_variance_and_correlation() -> None:
    values = ar1(key(3, "day"), INDEX, 0.5)
    assert abs(values.std() - 1.0) < 0.02
    assert abs(np.corrcoef(values[1:], values[:-1])[0, 1] - 0.5) < 0.02


def test_streams_differ_by_seed_and_by_purpose() -> None:
    assert len({key(1, "a", "b"), key(2, "a", "b"), key(1, "b", "a"), key(1, "a")}) == 4
    one, two = normal(key(1, "a"), INDEX), normal(key(1, "b"), INDEX)
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.01


def test_the_noise_is_the_same_on_every_machine_and_release() -> None:
    """Numbers computed once; if they change, every factory's truth changes with them."""
    np.testing.assert_allclose(
        uniform(key(20241202, "press-2", "material"), np.array([0, 1, 1_000_000])), GOLDEN, rtol=0, atol=1e-15
    )
