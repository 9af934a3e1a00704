# SPDX-License-Identifier: MIT
"""The area monitor: recording, reports, the join of truths, beside peers.

Evidently and NannyML compare the same tables, each in an environment of its
own (monitor_peer.py); one that cannot be had is a row "not available". False
alarms are those of 200 batches of the law of their reference, at defaults.
"""
import ctypes
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import pyarrow

import mlpipe
from mlpipe import _base, _raw
from bench import differs, line, turns

PEERS = {"evidently": "Evidently", "nannyml": "NannyML"}
LAWS = ["normal", "t3", "lognormal", "levels"]
SIZES = [(5000, 1000), (1000, 500)]  # rows of the reference, of a batch
BATCHES = 200


def none(row, what="not available", ours="-"):
    print(f"| {row} | {ours} | {what} | - | - | - | - |", flush=True)


def row_of(row, ours, peer, goal, ok):
    print(f"| {row} | {ours} | {peer} | - | - | {goal or '-'} | "
          f"{'-' if not goal else 'ok' if ok else 'short'} |", flush=True)


def best_ms(call, rounds=5):
    return turns({"": call}, rounds)[0][""] * 1e3


# ---- ours, through the raw layer -------------------------------------------

class Watched:
    """A model in a slot with a worker and a monitor."""

    def __init__(self, model, pane):
        self.c, self.model = mlpipe._ctx(), model
        self.slot = self.c.give("mlpipe_slot_new", _raw.mlpipe_slot, model._p,
                                None, None)
        self.monitor = self.c.give("mlpipe_monitor_new", _raw.mlpipe_monitor,
                                   self.slot, f"pane={pane}".encode())
        self.worker = self.c.give("mlpipe_worker_new", _raw.mlpipe_worker,
                                  self.slot, None)

    def serve(self, rows):
        rows = np.ascontiguousarray(rows, dtype=np.float64)
        out = (ctypes.c_double * len(rows))()
        if _base._lib.mlpipe_worker_predict(
                self.worker, 0, 0, rows.ctypes.data, out, len(rows)):
            sys.exit("a prediction failed")
        closed = ctypes.c_int32()
        self.c.call("mlpipe_monitor_tick", self.monitor, 1,
                    ctypes.byref(closed))
        if not closed.value:
            sys.exit("no pane was closed")

    def report(self):
        return mlpipe.Report._of(self.c.give(
            "mlpipe_monitor_report", _raw.mlpipe_report, self.monitor))

    def close(self):
        for name in "worker", "monitor", "slot":
            getattr(_base._lib, f"mlpipe_{name}_free")(getattr(self, name))


def numbers(x):
    return {f"x{i}": x[:, i] for i in range(x.shape[1])}


def fit(columns, learner, **params):
    table = mlpipe.Dataset.from_arrow(pyarrow.table(
        {**columns, "y": np.random.default_rng(1).normal(
            size=len(next(iter(columns.values()))))}))
    return mlpipe.Pipeline("target=y holdout=0").add(learner,
                                                     **params).fit(table)


# ---- the rows --------------------------------------------------------------

def program(build, name, *arguments):
    """{name: value} of its lines, or {} where it is not there."""
    path = f"{build}/tests/bench/{name}"
    if not os.path.exists(path):
        return {}
    done = subprocess.run([path, *arguments], stdout=subprocess.PIPE,
                          text=True)
    if done.returncode:
        differs.append(f"{name} ended with {done.returncode}")
        return {}
    return {key: float(x) for key, x in
            (s.split() for s in done.stdout.splitlines())}


def recording(build):
    got = program(build, "bench_monitor", "record")
    if "record_ns" not in got:
        none("record 32 features, one row", ours="not available", what="-")
        return
    line("record 32 features, one row", got["record_ns"], {}, "ns", None, 80)
    if "record_two_threads_x" in got:
        x = got["record_two_threads_x"]
        row_of("record, two threads", f"{x:.3g}x of one", "-", "1.8x",
               x >= 1.8)


def join(build):
    got = program(build, "bench_join")
    if not got:
        none("join of truths", ours="not available", what="-")
        return
    line("join, a truth of 1,000,000 that wait", got["join_truth_ns"], {},
         "ns", None, 50, "tell and tick")
    line("join, a prediction enters", got["join_predicted_ns"], {}, "ns",
         None, None)
    line("join, memory of 1,000,000 that wait", got["join_memory_mb"], {},
         "MB", None, 32)


def wide(folder, peers):
    a, b = (np.load(f"{folder}/wide_{x}.npy") for x in "ab")
    watched = Watched(fit(numbers(a), "ridge"), 1000)
    watched.serve(b)
    line("report, 1,000 features from counters", best_ms(watched.report), {},
         "ms", None, 20)
    watched.close()
    first, second = (mlpipe.Dataset.from_arrow(pyarrow.table(numbers(x)))
                     for x in (a, b))
    compared = best_ms(lambda: first.drift(second), 2)
    rows = f"{len(a):,} and {len(b):,} rows, 1,000 features"
    for name, peer in peers.items():
        if "compare_ms" in peer:
            line("drift of two tables", compared,
                 {PEERS[name]: peer["compare_ms"]}, "ms", None, None, rows)
        else:
            none(f"drift of two tables ({rows})",
                 f"{PEERS[name]}: not available", f"{compared:.4g} ms")
    watched = Watched(fit(numbers(a[:, :100]), "ridge"), 1000)
    watched.serve(b[:, :100])
    report = watched.report()
    pages(report, peers)
    watched.close()


def pages(report, peers):
    size = len(report.to_html().encode()) / 1e3
    took = best_ms(report.to_html)
    known = {f"{PEERS[n]}, {p['html_inputs']:.0f} features": p
             for n, p in peers.items() if "html_kb" in p}
    line("HTML of 100 features, size", size,
         {n: p["html_kb"] for n, p in known.items()}, "KB", None, 400)
    line("HTML of 100 features, time", took,
         {n: p["html_ms"] for n, p in known.items()}, "ms", None, 50)
    line("Prometheus of 100 features, time", best_ms(report.to_prometheus),
         {}, "ms", None, None,
         f"{len(report.to_prometheus()) / 1e3:.1f} KB")


def detectors():
    if not hasattr(mlpipe, "Detector"):
        none("detectors, an event", ours="not available", what="-")
        return
    from river import drift
    values = (np.random.default_rng(5).random(100_000) < 0.2).astype(float)
    feed = values.tolist()

    def peer(make):
        update = make().update
        for x in feed:
            update(x)

    for kind, params, make, goal in (
            ("page_hinkley", {}, drift.PageHinkley, 8),
            ("adwin", {}, drift.ADWIN, 15),
            ("e_detector", {"mean": 0.2}, None, 12)):
        calls = {"ours": lambda: mlpipe.Detector(
            kind, **params).update_batch(values)}
        if make:
            calls["river, its loop counted"] = lambda: peer(make)
        took = {n: s / len(values) * 1e9
                for n, s in turns(calls, 3)[0].items()}
        ours = took.pop("ours")
        line(f"detector {kind}, an event", ours, took, "ns", None, goal)


# ---- false alarms ----------------------------------------------------------

def draw(dice, *shape):
    x = np.stack([dice.normal(size=shape), dice.standard_t(3, size=shape),
                  dice.lognormal(size=shape),
                  dice.integers(0, 30, size=shape).astype(float)], axis=-1)
    return x


def columns(x):
    return {**{law: x[:, i] for i, law in enumerate(LAWS[:3])},
            "levels": [f"l{int(v)}" for v in x[:, 3]]}


def batch_alarms(reference, batch):
    """{law: alarm} of a monitor whose model saw the reference."""
    watched = Watched(fit(columns(reference), "gbt", trees=1), len(batch))
    c, model = watched.c, watched.model
    predictor = c.give("mlpipe_predictor_new", _raw.mlpipe_predictor,
                       model._p, None)
    names = [_base._lib.mlpipe_model_input(model._p, i).decode()
             for i in range(_base._lib.mlpipe_model_inputs(model._p))]
    codes = np.array([_base._lib.mlpipe_predictor_code(
        predictor, names.index("levels"), f"l{k}".encode(), len(f"l{k}"))
        for k in range(30)])
    _base._lib.mlpipe_predictor_free(predictor)
    rows = batch.copy()
    rows[:, 3] = codes[batch[:, 3].astype(int)]
    watched.serve(rows[:, [LAWS.index(n) for n in names]])
    inputs = watched.report().to_dict()["inputs"]
    at = inputs["columns"].index("verdict")
    watched.close()
    return {row[0]: row[at] in ("WARN", "DRIFT") for row in inputs["rows"]}


def table_alarms(reference, batch):
    a, b = (mlpipe.Dataset.from_arrow(pyarrow.table(columns(x)))
            for x in (reference, batch))
    found = a.drift(b).to_dict()["drift"]
    at = found["columns"].index("verdict")
    return {row[0]: row[at] in ("warn", "drift") for row in found["rows"]}


def false_alarms(folder, peers):
    for n, m in SIZES:
        a, b = (np.load(f"{folder}/alarms_{n}_{m}_{x}.npy") for x in "ab")
        ours = {"monitor": dict.fromkeys(LAWS, 0),
                "Dataset.drift": dict.fromkeys(LAWS, 0)}
        for x, y in zip(a, b):
            for way, found in (("monitor", batch_alarms(x, y)),
                               ("Dataset.drift", table_alarms(x, y))):
                for law in LAWS:
                    ours[way][law] += found[law]
        for law in LAWS:
            told = ", ".join(
                f"{PEERS[p]} {100 * got[key]:.3g} %"
                if (key := f"alarms_{n}_{m}_{law}") in got
                else f"{PEERS[p]} not available"
                for p, got in peers.items())
            rate = ours["monitor"][law] / len(a)
            other = ours["Dataset.drift"][law] / len(a)
            row_of(f"false alarms, {law} ({n:,} and {m:,} rows)",
                   f"{100 * rate:.3g} %, Dataset.drift {100 * other:.3g} %",
                   told, "1 %", rate <= 0.01)


def write_tables(folder):
    dice = np.random.default_rng(11)
    np.save(f"{folder}/wide_a.npy", dice.normal(size=(10_000, 1000)))
    np.save(f"{folder}/wide_b.npy", dice.normal(size=(2_000, 1000)))
    for n, m in SIZES:
        np.save(f"{folder}/alarms_{n}_{m}_a.npy", draw(dice, BATCHES, n))
        np.save(f"{folder}/alarms_{n}_{m}_b.npy", draw(dice, BATCHES, m))


def run_peer(peer, build, folder):
    """{name: value}; {} where it cannot be run."""
    python = f"{os.path.dirname(build)}/peers-{peer}/bin/python"
    kept = f"{os.path.dirname(build)}/bench-alarms-{peer}.json"
    script = os.path.join(os.path.dirname(__file__), "monitor_peer.py")
    try:
        done = subprocess.run(
            [python, script, peer, folder, kept]
            + [f"{n}_{m}" for n, m in SIZES],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=1800)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{peer}: {error}", file=sys.stderr)
        return {}
    if done.returncode:
        print(f"{peer}: {done.stderr.strip()[-300:]}", file=sys.stderr)
    got = dict(s.split() for s in done.stdout.splitlines()
               if len(s.split()) == 2)
    version = got.pop("version", None)
    if version:
        PEERS[peer] += f" {version}"
    return {name: float(x) for name, x in got.items()}


def area(build):
    with tempfile.TemporaryDirectory(dir=os.path.dirname(build)) as folder:
        write_tables(folder)
        start = time.monotonic()
        peers = {peer: run_peer(peer, build, folder) for peer in PEERS}
        print(f"peers took {time.monotonic() - start:.0f} s",
              file=sys.stderr)
        recording(build)
        wide(folder, peers)
        join(build)
        detectors()
        false_alarms(folder, peers)
