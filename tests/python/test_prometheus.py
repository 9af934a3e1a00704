# SPDX-License-Identifier: MIT
"""Reports for scrapers, read by Prometheus' own client."""
import math
import random

import pytest

import mlpipe

parser = pytest.importorskip("prometheus_client.parser")
ODD = ['plain', 'with "quotes"', "back\\slash", "caf\u00e9 {x=1}", "le"]


@pytest.fixture(scope="module")
def halves(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "odd.csv"
    dice = random.Random(5)
    with open(path, "w", encoding="utf-8") as f:
        f.write(",".join('"' + name.replace('"', '""') + '"'
                         for name in ODD) + "\n")
        for i in range(2000):
            f.write(",".join(f"{dice.gauss(0, 1):.6f}" for _ in ODD) + "\n")
    return mlpipe.read_csv(path).split("parts=0.5,0.5")


def families(report):
    text = report.to_prometheus()
    assert text.endswith("\n")
    found = {f.name: f for f in parser.text_string_to_metric_families(text)}
    samples = sum(not s.startswith("#") for s in text.splitlines())
    assert sum(len(f.samples) for f in found.values()) == samples
    return found


def test_drift(halves):
    report = halves[0].drift(halves[1])
    rows = report.to_dict()["drift"]
    at = rows["columns"].index("psi")
    want = {row[0]: row[at] for row in rows["rows"]}
    got = {s.labels["column"]: s.value
           for s in families(report)["mlpipe_drift_drift_psi"].samples}
    assert got == want and set(got) == set(ODD)


def test_every_number(halves):
    report = halves[0].profile()
    found = families(report)
    assert found["mlpipe_profile_rows"].samples[0].value == report["rows"]
    assert found["mlpipe_profile_rows"].type == "gauge"
    assert not math.isnan(found["mlpipe_profile_left_out"].samples[0].value)
