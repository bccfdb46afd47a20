"""A model that hangs is noticed, and one that takes long is left alone."""

from __future__ import annotations

import pytest

from serve.deployments.signs import Signs, Stuck


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def signs(clock: Clock) -> Signs:
    return Signs(clock)


def test_a_model_at_rest_is_well_however_long(signs: Signs, clock: Clock) -> None:
    clock.now = 1e6
    signs.check(patience=60)
    with signs.call():
        signs.check(patience=60)


def test_a_call_without_a_sign_of_life_is_stuck(signs: Signs, clock: Clock) -> None:
    with signs.call():
        clock.now = 61
        with pytest.raises(Stuck, match="1 calls at work and no sign of life for 61 s"):
            signs.check(patience=60)
    signs.check(patience=60)


def test_a_long_call_that_gets_somewhere_is_not(signs: Signs, clock: Clock) -> None:
    with signs.call():
        for _ in range(100):
            clock.now += 50
            signs.seen()
            signs.check(patience=60)


def test_others_that_ask_do_not_make_a_stuck_model_look_alive(signs: Signs, clock: Clock) -> None:
    with signs.call():
        clock.now = 40
        with signs.call():
            clock.now = 80
            with pytest.raises(Stuck, match="2 calls"):
                signs.check(patience=60)


def test_calls_that_end_are_a_sign_for_those_that_wait_behind_them(
    signs: Signs, clock: Clock
) -> None:
    with signs.call():
        clock.now = 50
        with signs.call():
            pass
        clock.now = 100
        signs.check(patience=60)
