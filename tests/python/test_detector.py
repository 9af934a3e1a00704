# SPDX-License-Identifier: MIT
"""Detectors, against river's."""
import array
import pickle
import random

import pytest

import mlpipe
from mlpipe import Detector


def errors(seed, n=3000):
    dice = random.Random(seed)
    rates = [dice.choice([0.02, 0.1, 0.3, 0.6]) for _ in range(4)]
    return [float(dice.random() < rates[4 * i // n]) for i in range(n)]


def test_use():
    d = Detector("page_hinkley", threshold=10, mode="up")
    values = [0.0] * 500 + [1.0] * 100
    said = [d.update(x) for x in values]
    first = said.index(Detector.DRIFT)
    assert 500 < first < 530
    assert d["alarms"] >= 1 and d["values"] == 600 and d["ignored"] == 0
    assert d["no_such"] != d["no_such"]
    d.reset()
    assert list(d.update_batch(values)) == said
    d.reset()
    assert list(d.update_batch(array.array("d", values))) == said
    assert len(d.update_batch([])) == 0
    assert d.update(float("nan")) == Detector.NONE and d["ignored"] == 1


def test_bytes():
    values = errors(1)
    whole = Detector("adwin", clock=1)
    half = pickle.loads(pickle.dumps(Detector("adwin", clock=1)))
    said = list(whole.update_batch(values))
    again = list(half.update_batch(values[:1700]))
    again += Detector.from_bytes(half.to_bytes()).update_batch(values[1700:])
    assert again == said
    with pytest.raises(mlpipe.Error, match="CORRUPT|FORMAT"):
        Detector.from_bytes(b"no detector")


def test_told():
    with pytest.raises(mlpipe.Error, match='did you mean "adwin"'):
        Detector("adwinn")
    with pytest.raises(mlpipe.Error, match="mean"):
        Detector("e_detector")
    assert "threshold" in mlpipe.steps()["page_hinkley"]


def test_promise():
    """At most one stream in a hundred has an alarm within arl / 100."""
    dice = random.Random(4)
    early = sum(
        Detector("e_detector", mean=0.2, arl=1e5)
        .update_batch([float(dice.random() < 0.2) for _ in range(1000)])
        .count(Detector.DRIFT) > 0 for _ in range(300))
    assert early <= 9


SETTINGS = [
    ("adwin", {}, "ADWIN", {}),
    ("adwin", {"clock": 1}, "ADWIN", {"clock": 1}),
    ("page_hinkley", {"threshold": 20}, "PageHinkley", {"threshold": 20}),
    ("page_hinkley", {"mode": "down", "threshold": 5, "delta": 0.01},
     "PageHinkley", {"mode": "down", "threshold": 5, "delta": 0.01}),
    ("ddm", {}, "DDM", {}),
    ("hddm_a", {}, "HDDMA", {}),
    ("hddm_a", {"two_sided": True, "drift_confidence": 0.01,
                "warning_confidence": 0.05}, "HDDMA",
     {"two_sided_test": True, "drift_confidence": 0.01,
      "warning_confidence": 0.05}),
]


@pytest.mark.parametrize("kind, ours, name, theirs", SETTINGS)
def test_river(kind, ours, name, theirs):
    river = pytest.importorskip("river")
    if tuple(map(int, river.__version__.split(".")[:2])) != (0, 26):
        pytest.skip(f"river {river.__version__} is not 0.26")
    from river import drift
    make = getattr(drift, name, None) or getattr(drift.binary, name)
    alarms = 0
    for seed in range(20):
        values = errors(seed)
        peer = make(**theirs)
        said = Detector(kind, **ours).update_batch(values)
        for x, state in zip(values, said):
            peer.update(x)
            assert (state == Detector.DRIFT) == peer.drift_detected
            if hasattr(peer, "warning_detected") and state < 2:
                assert (state == Detector.WARN) == peer.warning_detected
        alarms += said.count(Detector.DRIFT)
    assert alarms > 10
