# SPDX-License-Identifier: MIT
"""Makes tests/golden/detector.h: what river's detectors say.

Run from the top of the tree with river 0.26.1 (NumPy draws the streams of
river's own tests; the others are drawn by the generator below, which
tests/monitor/detector_rig.h has too):
    python3 tests/golden/make_detector.py
"""
import random

import numpy as np
import river
from river import drift
from river.drift import binary

assert river.__version__ == "0.26.1"
MASK = (1 << 64) - 1
SEEDS = 30

# kind, parameters of ours, river's, values from 0 to 1 only
SETTINGS = [
    ("adwin", "", lambda: drift.ADWIN(), False),
    ("adwin", "clock=1", lambda: drift.ADWIN(clock=1), False),
    ("adwin", "clock=1 delta=0.3 min_window=1 grace=0",
     lambda: drift.ADWIN(delta=0.3, clock=1, min_window_length=1,
                         grace_period=0), False),
    ("page_hinkley", "", lambda: drift.PageHinkley(), False),
    ("page_hinkley", "threshold=5 mode=up",
     lambda: drift.PageHinkley(threshold=5, mode="up"), False),
    ("page_hinkley", "threshold=8 mode=down delta=0.01 alpha=0.999 min=100",
     lambda: drift.PageHinkley(100, 0.01, 8, 0.999, "down"), False),
    ("ddm", "", lambda: binary.DDM(), True),
    ("ddm", "warm=100 warn=1.5 drift=2.5",
     lambda: binary.DDM(100, 1.5, 2.5), True),
    ("hddm_a", "", lambda: binary.HDDMA(), True),
    ("hddm_a", "two_sided=true", lambda: binary.HDDMA(two_sided_test=True),
     True),
    ("hddm_a",
     "two_sided=true drift_confidence=0.05 warning_confidence=0.1",
     lambda: binary.HDDMA(0.05, 0.1, True), True),
]


class Random:
    """SplitMix64."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9e3779b97f4a7c15) & MASK
        z = self.state
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9 & MASK
        z = (z ^ z >> 27) * 0x94d049bb133111eb & MASK
        return z ^ z >> 31

    def unit(self):
        return (self.next() >> 11) * 2.0**-53


def stream(seed):
    """Bernoulli, nearly normal, or uniform, by seed mod 3, with changes."""
    r = Random(seed)
    out = []
    for _ in range(1 + r.next() % 4):
        n = 200 + r.next() % 1800
        if seed % 3 == 0:
            p = (0.01, 0.05, 0.2, 0.3, 0.5, 0.8)[r.next() % 6]
            out += [float(r.unit() < p) for _ in range(n)]
        elif seed % 3 == 1:
            mean = (r.next() % 7 - 3) * 0.5
            sd = (0.1, 1.0, 3.0)[r.next() % 3]
            for _ in range(n):
                z = -6.0
                for _ in range(12):
                    z += r.unit()
                out.append(mean + sd * z)
        else:
            top = r.unit()
            out += [r.unit() * top for _ in range(n)]
    return out


def said(detector, values):
    states = bytearray()
    for x in values:
        detector.update(x)
        warned = getattr(detector, "warning_detected", False)
        states.append(2 if detector.drift_detected else int(warned))
    return states


def fnv(states):
    h = 0xcbf29ce484222325
    for s in states:
        h = (h ^ s) * 0x100000001b3 & MASK
    return h


def own_streams():
    """Those of river's tests and examples."""
    np.random.seed(12345)
    jump = np.concatenate((np.random.randint(2, size=1000),
                           np.random.randint(8, size=1000)))
    np.random.seed(12345)
    errors = np.concatenate([
        [np.random.binomial(1, 0.2) for _ in range(1000)],
        [np.random.binomial(1, 0.8) for _ in range(1000)]])
    np.random.seed(12345)
    abrupt = np.concatenate([np.random.normal(m, 0.1, 500) > 0
                             for m in (0, 0.25, 0, 0.25)]).astype(int)
    dice = random.Random(12345)
    example = dice.choices([0, 1], k=1000) + dice.choices(range(4, 8), k=1000)
    dice = random.Random(42)
    flips = (dice.choices([0, 1], k=1000)
             + dice.choices([0, 1], k=1000, weights=[0.3, 0.7]))
    dice = random.Random(42)
    many = []
    for _ in range(2):
        many += dice.choices([0, 1], k=1000)
        many += dice.choices(range(4, 8), k=1000)
    return {"jump": jump.tolist(), "errors": errors.tolist(),
            "abrupt": abrupt.tolist(), "example": example, "flips": flips,
            "many": many}


def main():
    lines = ["/* SPDX-License-Identifier: MIT */",
             "/* Made by tests/golden/make_detector.py with river 0.26.1. */",
             "", "/* The streams of river's tests and examples, a digit a "
             "value. */", "static const char *const golden_streams[][101] = {"]
    streams = own_streams()
    for name, values in streams.items():
        lines.append("    /* %s */ {" % name)
        digits = "".join(map(str, values))
        lines += ['     "%s",' % digits[i:i + 60]
                  for i in range(0, len(digits), 60)]
        lines.append("     NULL},")
    lines += ["};", "", "/* What is said of them: alarms by index. */",
              "static const struct {", "    uint32_t stream;",
              "    const char *kind, *params;", "    uint32_t alarms[96];",
              "} golden_alarms[] = {"]
    for k, (name, values) in enumerate(streams.items()):
        for kind, params, make, unit in SETTINGS:
            if unit and max(values) > 1:
                continue
            states = said(make(), [float(v) for v in values])
            at = [i for i, s in enumerate(states) if s == 2]
            assert len(at) < 95
            lines.append('    {%d, "%s", "%s",' % (k, kind, params))
            row, rows = "     {", []
            for i in at + [2**32 - 1]:
                text = "UINT32_MAX}}," if i == 2**32 - 1 else "%d, " % i
                if len(row) + len(text) > 76:
                    rows.append(row.rstrip())
                    row = "      "
                row += text
            lines += rows + [row]
    lines += ["};", "", "/* What is said of all values of detector_stream(seed"
              "): alarms, warnings, and\n * FNV-1a of the states. */",
              "static const struct {", "    uint32_t seed;",
              "    const char *kind, *params;",
              "    uint32_t alarms, warnings;", "    uint64_t hash;",
              "} golden_states[] = {"]
    for seed in range(SEEDS):
        values = stream(seed)
        for kind, params, make, unit in SETTINGS:
            if unit and seed % 3 == 1:
                continue
            states = said(make(), values)
            lines.append('    {%d, "%s", "%s",' % (seed, kind, params))
            lines.append("     %d, %d, UINT64_C(0x%016x)}," % (
                states.count(2), states.count(1), fnv(states)))
    lines += ["};", ""]
    with open("tests/golden/detector.h", "w") as f:
        f.write("\n".join(lines))


main()
