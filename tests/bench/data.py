# SPDX-License-Identifier: MIT
"""The area data: a store of versions beside `dvc add` of the same file.

Both are told by the clock on the wall, and by CPU seconds of the processes.
dvc is a program, so that its start is a part of it; `dvc --version` is told
beside it. dvc begins with the file, which it hashes (MD5) and copies; ours with
the table that was read from it, which it hashes, describes and writes in fewer
bytes. dvc does not wait for the disk: the commit without sync stands beside
`dvc add`, the one with sync beside `dvc add` and a sync of the file system.
"""
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np
import polars

import mlpipe
from bench import differs, line, ratio_line

ROWS = 4_400_000


def make_csv(path):
    dice = np.random.default_rng(7)
    polars.DataFrame({
        "id": np.arange(ROWS) + 10_000_000,
        **{f"x{i}": (dice.normal(size=ROWS) * 1000).round(4)
           for i in range(5)},
        "n": dice.integers(0, 10_000_000, ROWS),
        "flag": dice.integers(0, 2, ROWS) == 1,
        "city": np.array(["london", "paris", "berlin", "madrid", "rome"])[
            dice.integers(0, 5, ROWS)],
        "day": np.array([f"2026-01-{d + 1:02d}" for d in range(31)])[
            dice.integers(0, 31, ROWS)],
    }).write_csv(path)


def timed(call):
    """(wall seconds, CPU seconds of this process and its children)."""
    def cpu():
        return sum(u.ru_utime + u.ru_stime for u in map(
            resource.getrusage, (resource.RUSAGE_SELF,
                                 resource.RUSAGE_CHILDREN)))
    begin, used = time.monotonic(), cpu()
    call()
    return time.monotonic() - begin, cpu() - used


def best(times):
    return tuple(min(column) for column in zip(*times))


def dvc_add(folder, csv):
    """A repository of dvc with a copy of the file that is to be added."""
    repo = tempfile.mkdtemp(dir=folder)
    shutil.copy(csv, f"{repo}/table.csv")
    os.sync()  # the copy is not what is timed
    run = dict(cwd=repo, check=True, stdout=subprocess.DEVNULL,
               env={**os.environ, "DVC_NO_ANALYTICS": "1"})
    subprocess.run([dvc(), "init", "--no-scm", "-q"], **run)
    plain = timed(lambda: subprocess.run([dvc(), "add", "-q", "table.csv"],
                                         **run))
    flush = timed(lambda: subprocess.run(["sync", "-f", ".dvc"], **run))
    synced = tuple(a + b for a, b in zip(plain, flush))
    kept = subprocess.run(["du", "-sb", ".dvc/cache"], cwd=repo, check=True,
                          capture_output=True, text=True).stdout.split()[0]
    if int(kept) < os.path.getsize(csv):
        differs.append(f"dvc kept {kept} bytes of {os.path.getsize(csv)}")
    shutil.rmtree(repo)
    return plain, synced


def dvc():
    return os.path.join(os.path.dirname(sys.executable), "dvc")


def commit(folder, table, sync):
    path = tempfile.mkdtemp(dir=folder)
    store = mlpipe.Store(path, sync=sync)
    took = timed(lambda: store.commit("table", table))
    again = best(timed(lambda: store.commit("table", table))
                 for _ in range(3))
    verify, report = [], None
    for _ in range(3):
        begin = time.monotonic()
        report = store.verify()
        verify.append(time.monotonic() - begin)
    if report["damaged"] or store.history("table")["versions"] != 1:
        differs.append("the store is not whole")
    back = store.dataset("table")
    if back.fingerprint() != table.fingerprint():
        differs.append("what came back is another table")
    shutil.rmtree(path)
    return took, again, report["bytes"], min(verify)


def wide(folder):
    """A million rows of 50 columns: kept, and kept again."""
    path = f"{folder}/wide.csv"
    dice = np.random.default_rng(8)
    polars.DataFrame({f"x{i}": dice.integers(0, 1000, 1_000_000)
                      for i in range(50)}).write_csv(path)
    table = mlpipe.read_csv(path)
    os.remove(path)
    took, again, *_ = commit(folder, table, True)
    line("1M x 50, commit", took[0] * 1e3, {}, "ms", None, None)
    line("1M x 50, commit again, unchanged", again[0] * 1e3, {}, "ms", None,
         None)


def area(folder):
    csv = f"{folder}/table.csv"
    make_csv(csv)
    table = mlpipe.read_csv(csv)
    size = f"{os.path.getsize(csv) / 1e6:.0f} MB of CSV"
    peers, ours, loose, two = [], [], [], []
    for _ in range(3):
        peers.append(dvc_add(folder, csv))
        ours.append(commit(folder, table, True))
        loose.append(commit(folder, table, False))
        mlpipe.configure(threads=2)
        two.append(commit(folder, table, False))
        mlpipe.configure()
    start = best(timed(lambda: subprocess.run(
        [dvc(), "--version"], check=True, stdout=subprocess.DEVNULL))
        for _ in range(3))
    for what, name, runs, theirs in (
            ("commit", "dvc add && sync -f", ours, [p[1] for p in peers]),
            ("commit, no sync", "dvc add", loose, [p[0] for p in peers]),
            ("commit, no sync, two threads", "dvc add", two,
             [p[0] for p in peers])):
        took, peer = best([run[0] for run in runs]), best(theirs)
        for i, clock in enumerate(("wall", "CPU")):
            ratio_line(f"{what}, {clock}", took[i] * 1e3,
                       {name: peer[i] * 1e3}, "ms", 10, 10,
                       f"{size}; dvc --version {start[i] * 1e3:.0f} ms")
    again = best([run[1] for run in ours])
    line("commit again, unchanged, wall", again[0] * 1e3, {}, "ms", None,
         None, size)
    verify = min(run[3] for run in ours)
    line("verify, wall", verify * 1e3, {}, "ms", None, None,
         f"{ours[0][2] / 1e6:.0f} MB, {ours[0][2] / verify / 1e9:.1f} GB/s")
    os.remove(csv)
    wide(folder)
