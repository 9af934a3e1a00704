# SPDX-License-Identifier: MIT
"""The area detectors: nanoseconds a value, beside river.

Ours takes the values in one call; river has no such call, so that the time
of an empty loop over the values is taken from its own. What both say of all
values must be equal.
"""
import time

import numpy as np
from river import drift
from river.drift import binary

from mlpipe import Detector

import bench

VALUES = 100_000
# row, kind, parameters, river's, its name, values before, goal in ns
ROWS = [
    ("adwin, clock 32", "adwin", {}, drift.ADWIN, 0, 15),
    ("adwin, clock 1, window of 1,000,000", "adwin",
     {"clock": 1, "delta": 1e-9},
     lambda: drift.ADWIN(clock=1, delta=1e-9), 1_000_000, 400),
    ("e_detector", "e_detector", {"mean": 0.25}, None, 0, 12),
    ("ddm", "ddm", {}, binary.DDM, 0, 8),
    ("hddm_a", "hddm_a", {}, binary.HDDMA, 0, 8),
    ("hddm_a, two-sided", "hddm_a", {"two_sided": True},
     lambda: binary.HDDMA(two_sided_test=True), 0, 8),
    ("page_hinkley", "page_hinkley", {}, drift.PageHinkley, 0, 8),
]


def feed(peer, values):
    said = []
    for x in values:
        peer.update(x)
        said.append(peer.drift_detected)
    return said


def fastest(make, values, call, rounds):
    """Best nanoseconds a value."""
    best = float("inf")
    for _ in range(rounds):
        thing = make()
        start = time.process_time()
        call(thing, values)
        best = min(best, time.process_time() - start)
    return best / len(values) * 1e9


def update_all(peer, values):
    update = peer.update
    for x in values:
        update(x)


class Empty:
    def update(self, x):
        pass


def area():
    dice = np.random.default_rng(5)
    errors = (dice.random(VALUES) < 0.2).astype(float)
    before = (dice.random(1_000_000) < 0.2).astype(float)
    loop = fastest(Empty, errors.tolist(), update_all, 5)
    for row, kind, params, make, first, goal in ROWS:
        early = before[:first]

        def ours():
            d = Detector(kind, **params)
            d.update_batch(early)
            return d

        def peer():
            p = make()
            update_all(p, early.tolist())
            return p

        took = fastest(ours, errors, Detector.update_batch,
                       5 if first else 50)
        peers = {}
        if make:
            values = errors.tolist()
            peers["river"] = fastest(peer, values, update_all,
                                     1 if first else 3) - loop
            said = ours().update_batch(errors)
            bench.same(row, [s == Detector.DRIFT for s in said]
                       == feed(peer(), values), 1)
        bench.line(row, took, peers, "ns", None, goal)
