# SPDX-License-Identifier: MIT
"""A peer of the area monitor, in a virtual environment of its own, since peers
want other versions of pandas than each other.

    monitor_peer.py PEER FOLDER KEPT SIZE...     (monitor.py calls it)

Reads the tables that monitor.py wrote, prints `name value` lines. The tables
are the same in every run, and so are the alarms of one version: they take
minutes, and are kept in the file KEPT.
"""
import hashlib
import json
import os
import sys
import time
import warnings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS",
             "NML_DISABLE_USAGE_LOGGING", "DO_NOT_TRACK"):
    os.environ[name] = "1"
warnings.filterwarnings("ignore")

import numpy as np
import pandas as pd

LAWS = ["normal", "t3", "lognormal", "levels"]


def say(name, value):
    print(name, f"{value:.6g}", flush=True)


def table(x):
    """The four laws, the last one as texts."""
    t = pd.DataFrame(x, columns=LAWS)
    t["levels"] = "l" + t["levels"].astype(int).astype(str)
    return t


def wide(x):
    return pd.DataFrame(x, columns=[f"x{i}" for i in range(x.shape[1])])


class Evidently:
    page = 100  # inputs on a page

    def __init__(self):
        import evidently
        self.version = evidently.__version__

    def run(self, reference, current):
        from evidently import Report
        from evidently.presets import DataDriftPreset
        return Report([DataDriftPreset()]).run(current, reference)

    def compare(self, reference, current):
        return self.run(reference, current).dict()

    def alarms(self, reference, current):
        """{column: alarm}, by the method and threshold that it chose."""
        found = {}
        for metric in self.compare(reference, current)["metrics"]:
            config = metric.get("config", {})
            if not config.get("type", "").endswith(":ValueDrift"):
                continue
            by_p = "p_value" in config["method"]
            score = float(metric["value"])
            found[config["column"]] = (score < config["threshold"] if by_p
                                       else score >= config["threshold"])
        return found

    def html(self, reference, current):
        return self.run(reference, current).get_html_str(as_iframe=False)


class NannyML:
    page = 10  # 20 take ten times as long, 100 more than half an hour

    def __init__(self):
        import nannyml
        self.version = nannyml.__version__

    def run(self, reference, current):
        import nannyml
        return nannyml.UnivariateDriftCalculator(
            column_names=list(reference), chunk_size=len(current)).fit(
                reference).calculate(current)

    def compare(self, reference, current):
        return self.run(reference, current).filter(period="analysis").to_df()

    def alarms(self, reference, current):
        rows = self.compare(reference, current)
        return {c: bool(rows[c].xs("alert", axis=1, level=-1).iloc[-1].any())
                for c in reference}

    def html(self, reference, current):
        return self.run(reference, current).plot(
            kind="drift").to_html(include_plotlyjs=True)


def alarms(library, folder, kept, size):
    """{law: share of the batches with an alarm}, found or kept."""
    first, second = (np.load(f"{folder}/alarms_{size}_{x}.npy") for x in "ab")
    bits = hashlib.sha256(first.tobytes() + second.tobytes()).hexdigest()
    key = f"{library.version} {size} {bits[:16]}"
    known = {}
    if os.path.exists(kept):
        with open(kept, encoding="utf-8") as f:
            known = json.load(f)
    if key not in known:
        counts = dict.fromkeys(LAWS, 0)
        for x, y in zip(first, second):
            for law, alarm in library.alarms(table(x), table(y)).items():
                counts[law] += int(alarm)
        known[key] = {law: n / len(first) for law, n in counts.items()}
        with open(kept, "w", encoding="utf-8") as f:
            json.dump(known, f)
    return known[key]


def main(peer, folder, kept, *sizes):
    library = {"evidently": Evidently, "nannyml": NannyML}[peer]()
    print("version", library.version)
    a, b = (wide(np.load(f"{folder}/wide_{x}.npy")) for x in "ab")
    library.compare(a.iloc[:, :3], b.iloc[:, :3])
    start = time.process_time()
    library.compare(a, b)
    say("compare_ms", (time.process_time() - start) * 1e3)
    for size in sizes:
        for law, rate in alarms(library, folder, kept, size).items():
            say(f"alarms_{size}_{law}", rate)
    start = time.process_time()
    page = library.html(a.iloc[:, :library.page], b.iloc[:, :library.page])
    say("html_ms", (time.process_time() - start) * 1e3)
    say("html_kb", len(page.encode()) / 1e3)
    say("html_inputs", library.page)


if __name__ == "__main__":
    main(*sys.argv[1:])
