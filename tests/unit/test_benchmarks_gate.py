"""The accuracy gate lets processors differ a little and nothing get worse unseen."""

from __future__ import annotations

from benchmarks.gate import ALLOWED, recorded, worse

KEPT = {"WER": 18.0, "cpWER": 19.0, "DER": 14.0}


def test_what_is_as_right_as_recorded_passes() -> None:
    assert worse(KEPT, KEPT) == []
    assert worse({name: rate + ALLOWED[name] - 0.01 for name, rate in KEPT.items()}, KEPT) == []


def test_what_is_worse_is_named_with_both_figures() -> None:
    (fault,) = worse(KEPT | {"DER": 14.6}, KEPT)
    assert fault.startswith("DER: 14.00 %")
    assert "14.60 %" in fault


def test_something_is_recorded_for_every_rate() -> None:
    assert recorded().keys() == ALLOWED.keys()
