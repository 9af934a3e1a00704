# SPDX-License-Identifier: MIT
"""A part of the area data: datasets out of and into the library."""
import ctypes

import bench
import mlpipe
import numpy as np
import pyarrow as pa
from mlpipe import _raw

ROWS, COLUMNS, REPEATS = 8_000_000, 16, 20


def live():
    """Bytes that the library holds."""
    bytes_now = ctypes.c_uint64()
    mlpipe._lib.mlpipe_ctx_memory(mlpipe._ctx()._p, ctypes.byref(bytes_now),
                                  None)
    return bytes_now.value


def by_array(dataset):
    """Out as one array and in again, with no copy allowed."""
    schema, array = _raw.ArrowSchema(), _raw.ArrowArray()
    mlpipe._ctx().call("mlpipe_dataset_to_arrow", dataset._p, None,
                       ctypes.byref(schema), ctypes.byref(array))
    pointer = mlpipe._ctx().give(
        "mlpipe_dataset_from_arrow", _raw.mlpipe_dataset,
        ctypes.byref(schema), ctypes.byref(array), b"copy=never")
    schema.release(ctypes.byref(schema))
    return mlpipe.Dataset._of(pointer)


def by_stream(dataset):
    """The same in batches of 65,536 rows."""
    return mlpipe.Dataset.from_arrow(dataset, copy="never")


def peer_array(batch):
    return pa.RecordBatch._import_from_c_capsule(*batch.__arrow_c_array__())


def peer_stream(table):
    return pa.RecordBatchReader.from_stream(table).read_all()


def many(call, given):
    def run():
        for _ in range(REPEATS):
            gave = call(given)
        return gave
    return run


def check(name, ours, dataset, before):
    """Nothing was copied: the library says so, and holds no more memory."""
    bench.same(f"{name}, rows", len(ours), len(dataset), 0)
    bench.same(f"{name}, copied bytes", ours.reading()["copied_bytes"], 0, 0)
    bench.same(f"{name}, bytes held", live() - before, 0, 1 << 20)
    some = ctypes.c_double()
    mlpipe._ctx().call("mlpipe_dataset_doubles", ours._p, 3, len(ours) - 1,
                       ctypes.byref(some), 1)
    bench.same(f"{name}, the last value", some.value, (ROWS - 1) * 3.5, 0)


def area():
    table = pa.table({f"x{i}": np.arange(ROWS) * (i + 0.5)
                      for i in range(COLUMNS)})
    before = live()
    dataset = mlpipe.Dataset.from_arrow(table, copy="never")
    check("in", dataset, table, before)
    batch = table.to_batches()[0]
    pieces = pa.Table.from_batches(table.to_batches(max_chunksize=65536))
    size = ROWS * COLUMNS * 8 / 1e9
    for name, ours, peer, given in (
            ("one array", by_array, peer_array, batch),
            ("batches of 65,536 rows", by_stream, peer_stream, pieces)):
        before = live()
        best, gave = bench.turns({"ours": many(ours, dataset),
                                  "pyarrow": many(peer, given)}, 10)
        check(name, gave["ours"], dataset, before)
        gave = None
        bench.line(f"{size:.2f} GB out and in, {name}",
                   best["ours"] / REPEATS * 1e6,
                   {"pyarrow": best["pyarrow"] / REPEATS * 1e6}, "us", None,
                   50, "0 bytes copied")
