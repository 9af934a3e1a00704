# SPDX-License-Identifier: MIT
"""Round trips with what else speaks Arrow: values, nulls, types, and the
fingerprint, which must be that of the same table read from CSV."""
import datetime
import gc
import subprocess
import sys
import threading

import pytest

import mlpipe

pa = pytest.importorskip("pyarrow", exc_type=ImportError)
pl = pytest.importorskip("polars", exc_type=ImportError)
pd = pytest.importorskip("pandas", exc_type=ImportError)
duckdb = pytest.importorskip("duckdb", exc_type=ImportError)

ROWS = 1000


@pytest.fixture(scope="module")
def columns():
    """id, size and day have no nulls; price, new and city do."""
    start = datetime.datetime(2020, 1, 1)
    return {
        "id": [7 * i - 300 for i in range(ROWS)],
        "size": [i / 8 + 0.0625 for i in range(ROWS)],
        "price": [None if i % 9 == 4 else i * 1.1 for i in range(ROWS)],
        "new": [None if i % 7 == 2 else i % 3 == 0 for i in range(ROWS)],
        "city": [None if i % 5 == 3 else ["York", "Bath", "Köln"][i % 3]
                 for i in range(ROWS)],
        "day": [start + datetime.timedelta(days=i) for i in range(ROWS)],
    }


@pytest.fixture(scope="module")
def csv(columns, tmp_path_factory):
    """The same table by way of a file."""
    path = tmp_path_factory.mktemp("arrow") / "t.csv"
    with open(path, "w", encoding="utf-8") as file:
        file.write(",".join(columns) + "\n")
        for row in zip(*columns.values()):
            file.write(",".join(cell(v) for v in row) + "\n")
    return mlpipe.read_csv(path)


def cell(value):
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d")
    return repr(value).strip("'")


@pytest.fixture(scope="module")
def table(columns):
    return pa.table(columns, schema=pa.schema([
        ("id", pa.int64()), ("size", pa.float64()), ("price", pa.float64()),
        ("new", pa.bool_()), ("city", pa.string()),
        ("day", pa.timestamp("s"))]))


def values(dataset):
    return {name: dataset.values(name) for name in dataset.columns}


def types(dataset):
    table = dataset.reading().to_dict()["types"]
    return {row[0]: dict(zip(table["columns"], row))
            for row in table["rows"]}


def test_pyarrow_table(csv, table):
    ours = mlpipe.Dataset.from_arrow(table)
    assert values(ours) == values(csv)
    assert ours.fingerprint() == csv.fingerprint()
    back = pa.table(ours)
    assert back.num_rows == ROWS
    assert back["id"].to_pylist() == table["id"].to_pylist()
    assert back["price"].to_pylist() == table["price"].to_pylist()
    assert back["new"].to_pylist() == table["new"].to_pylist()
    assert back["city"].cast(pa.string()).to_pylist() == \
        table["city"].to_pylist()
    assert back.schema.field("day").type == pa.timestamp("s", "UTC")
    back.validate(full=True)
    again = mlpipe.Dataset.from_arrow(back, copy="never")
    assert again.fingerprint() == csv.fingerprint()
    assert again.reading()["copied_bytes"] == 0


def test_pyarrow_batches_slices_and_chunks(csv, table):
    batch = table.to_batches()[0]
    assert mlpipe.Dataset.from_arrow(batch).fingerprint() == \
        csv.fingerprint()
    # Batches of odd sizes, with offsets within bytes of bitmaps.
    pieces = pa.Table.from_batches(
        [batch.slice(0, 3), batch.slice(3, 130), batch.slice(133)])
    assert mlpipe.Dataset.from_arrow(pieces).fingerprint() == \
        csv.fingerprint()
    part = mlpipe.Dataset.from_arrow(batch.slice(133, 77))
    assert part.values("price") == csv.values("price")[133:210]
    assert part.values("new") == csv.values("new")[133:210]


@pytest.mark.parametrize("column,ours", [
    (pa.array([1, None, 3], pa.int8()), [1, None, 3]),
    (pa.array([1, None, 3], pa.uint16()), [1, None, 3]),
    (pa.array([1, None, 3], pa.uint64()), [1, None, 3]),
    (pa.array([1.5, None, -3], pa.float16()), [1.5, None, -3]),
    (pa.array([1.5, None, -3], pa.float32()), [1.5, None, -3]),
    (pa.array(["a", None, "b"], pa.large_string()), ["a", None, "b"]),
    (pa.array(["a", None, "a text longer than twelve"], pa.string_view()),
     ["a", None, "a text longer than twelve"]),
    (pa.array(["a", None, "b"]).dictionary_encode(), ["a", None, "b"]),
    (pa.array([5, None, 6]).dictionary_encode(), [5, None, 6]),
    (pa.array([None, None], pa.null()), [None, None]),
    (pa.array([1, None], pa.date32()), [86400, None]),
    (pa.array([1, None], pa.time64("us")), [1, None]),
    (pa.array([1, None], pa.duration("ns")), [1, None]),
    (pa.array([[1, None], None, []], pa.list_(pa.int32())),
     ["[1,null]", None, "[]"]),
    (pa.array([[1, 2], None], pa.list_(pa.int32(), 2)), ["[1,2]", None]),
    (pa.array([[("k", 1.5)], None], pa.map_(pa.string(), pa.float64())),
     ['[{"key":"k","value":1.5}]', None]),
    (pa.RunEndEncodedArray.from_arrays([2, 3], pa.array(["x", None])),
     ["x", "x", None]),
], ids=lambda v: str(v.type) if isinstance(v, pa.Array) else "")
def test_types_of_pyarrow(column, ours):
    for copy in ("auto", "always"):
        got = mlpipe.Dataset.from_arrow(pa.record_batch({"x": column}),
                                        copy=copy)
        assert got.values("x") == ours


def test_decimals_only_when_asked():
    import decimal
    numbers = [decimal.Decimal("0.1"), None,
               decimal.Decimal("-12345678901234567890.12345")]
    table = pa.table({"x": pa.array(numbers, pa.decimal128(38, 5))})
    with pytest.raises(mlpipe.Error, match="decimals=f64"):
        mlpipe.Dataset.from_arrow(table)
    got = mlpipe.Dataset.from_arrow(table, decimals="f64").values("x")
    assert got == [0.1, None, float(numbers[2])]


def test_structs_become_columns():
    table = pa.table({"s": [{"x": 1, "y": {"z": "k"}}, None]})
    got = mlpipe.Dataset.from_arrow(table)
    assert values(got) == {"s.x": [1, None], "s.y.z": ["k", None]}
    whole = mlpipe.Dataset.from_arrow(table, nested="text")
    assert whole.values("s") == ['{"x":1,"y":{"z":"k"}}', None]


def test_refusals_say_why():
    with pytest.raises(mlpipe.Error, match="binary"):
        mlpipe.Dataset.from_arrow(pa.table({"b": [b"x"]}))
    with pytest.raises(mlpipe.Error, match="row 1") as caught:
        mlpipe.Dataset.from_arrow(
            pa.table({"u": pa.array([1, 2**63], pa.uint64())}))
    assert caught.value.row == 1 and caught.value.column == "u"
    with pytest.raises(TypeError, match="__arrow_c_stream__"):
        mlpipe.Dataset.from_arrow([1, 2])
    zone = pa.table({"t": pa.array([1], pa.timestamp("us", "Asia/Tokyo"))})
    assert types(mlpipe.Dataset.from_arrow(zone))["t"]["zone"] == \
        "Asia/Tokyo"


def test_polars(csv, columns):
    frame = pl.DataFrame(columns).with_columns(
        pl.col("day").cast(pl.Datetime("ms")))
    ours = mlpipe.Dataset.from_arrow(frame)
    assert values(ours)["city"] == csv.values("city")
    assert ours.values("price") == csv.values("price")
    assert ours.values("new") == csv.values("new")
    back = pl.DataFrame(csv)
    assert back["price"].to_list() == columns["price"]
    assert back["city"].cast(pl.String).to_list() == columns["city"]
    assert back["day"].dtype == pl.Datetime("ms", "UTC")
    # polars has no seconds: all but the day is as the CSV has it.
    again = mlpipe.Dataset.from_arrow(back.drop("day"))
    other = mlpipe.Dataset.from_arrow(pa.table(csv).drop(["day"]))
    assert again.fingerprint() == other.fingerprint()


def test_pandas(csv, columns):
    frame = pd.DataFrame({"id": columns["id"], "size": columns["size"],
                          "city": pd.Series(columns["city"],
                                            dtype="category")})
    ours = mlpipe.Dataset.from_arrow(frame)
    for name in frame:
        assert ours.values(name) == csv.values(name)
    back = pa.table(csv).to_pandas()
    assert back["price"].isna().sum() == columns["price"].count(None)
    assert list(back["id"]) == columns["id"]
    assert str(back["day"].dtype) == "datetime64[s, UTC]"
    assert mlpipe.Dataset.from_arrow(back).fingerprint() == csv.fingerprint()


def test_duckdb(csv, table):
    """Both ways; DuckDB's own types of time are kept to microseconds."""
    plain = table.drop(["day"])
    ours = mlpipe.Dataset.from_arrow(duckdb.sql("select * from plain"))
    wanted = mlpipe.Dataset.from_arrow(plain)
    assert values(ours) == values(wanted)
    assert ours.fingerprint() == wanted.fingerprint()
    found = duckdb.sql("select sum(id), count(price), count(city), "
                       "count(*) filter (new) from csv").fetchall()[0]
    assert found == (sum(table["id"].to_pylist()),
                     ROWS - table["price"].null_count,
                     ROWS - table["city"].null_count,
                     table["new"].to_pylist().count(True))


def test_a_model_does_not_see_where_rows_came_from(csv, table):
    pipeline = (mlpipe.Pipeline("target=size id=id features=price,city,new")
                .add("impute", numeric="median", text="mode")
                .add("gbt", trees=5))
    one = pipeline.fit(csv)
    two = pipeline.fit(mlpipe.Dataset.from_arrow(table))
    assert list(one.predict(csv)) == list(two.predict(csv))
    shuffled, _ = csv.split("parts=0.5,0.5")
    assert len(pa.table(shuffled)) == len(shuffled)
    assert mlpipe.Dataset.from_arrow(shuffled).fingerprint() == \
        shuffled.fingerprint()


def test_metadata_on_demand(csv):
    reader = pa.RecordBatchReader._import_from_c_capsule(
        csv.arrow_stream(metadata=True))
    told = reader.schema.metadata[b"mlpipe:fingerprint"].decode()
    assert told == csv.fingerprint()
    assert reader.schema.field("id").metadata[b"mlpipe:role"] == b"id"
    assert pa.table(csv).schema.metadata is None


def test_memory_lives_as_long_as_it_is_read(columns):
    """Producers and datasets die in any order and on any thread."""
    pool = pa.default_memory_pool()
    gc.collect()
    before = pool.bytes_allocated()
    table = pa.table({"x": pa.array(range(100000), pa.int64())})
    dataset = mlpipe.Dataset.from_arrow(table, copy="never")
    del table
    gc.collect()
    assert pool.bytes_allocated() >= before + 800000
    back = pa.table(dataset)
    del dataset
    gc.collect()
    assert back["x"][99999].as_py() == 99999
    thread = threading.Thread(target=back.column("x").chunk, args=(0,))
    thread.start()
    thread.join()
    del thread, back
    gc.collect()
    assert pool.bytes_allocated() == before


def test_capsules_that_nobody_reads(csv):
    for _ in range(3):
        csv.__arrow_c_stream__()
    gc.collect()
    assert not mlpipe._arrow._streams


def test_capsules_that_outlive_the_module():
    """What the interpreter still holds when it ends is released quietly."""
    script = ("import builtins, threading, mlpipe, pyarrow as pa\n"
              "d = mlpipe.Dataset.from_arrow(pa.table({'x': [1.5]}))\n"
              "builtins.kept = d.arrow_stream()\n"
              "threading.kept = d.arrow_stream()\n")
    ended = subprocess.run([sys.executable, "-c", script],
                           capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
