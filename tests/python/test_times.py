# SPDX-License-Identifier: MIT
"""Times of Python's, pandas' and NumPy's, wherever one is taken."""
import datetime as dt

import pytest

import mlpipe

DAY = 86400 * 10**6
START = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)
START_US = 1_577_836_800_000_000


@pytest.fixture(scope="module")
def rows():
    return {"a": [float(i % 5) for i in range(400)],
            "city": ["Bath", "York", None, "Rome"] * 100,
            "date": [START + dt.timedelta(days=i) for i in range(400)],
            "y": [float(i // 30 % 12) + i / 999 for i in range(400)]}


@pytest.fixture(scope="module")
def model(rows):
    return (mlpipe.Pipeline("target=y time=date")
            .derive("month = month(as_of)").add("gbt", trees=20).fit(rows))


def moments(at):
    """A moment of UTC in all the ways that one has it."""
    yield at
    yield at.replace(tzinfo=None)
    yield at.astimezone(dt.timezone(dt.timedelta(hours=5)))
    yield round(at.timestamp() * 10**6)
    for module, make in (
            ("numpy", lambda np: np.datetime64(at.replace(tzinfo=None), "ns")),
            ("pandas", lambda pandas: pandas.Timestamp(at))):
        try:
            yield make(__import__(module))
        except ImportError:
            pass


def test_rows_whose_recipe_reads_as_of(model, rows):
    assert model.inputs == ["a", "city"] and model.time == "date"
    row, wanted = model.row(), list(model.predict(rows))
    for i in range(0, 400, 37):
        values = [rows["a"][i], rows["city"][i]]
        for at in moments(rows["date"][i]):
            assert row(values, now=at) == wanted[i]
            assert row(dict(zip(row.inputs, values)), at) == wanted[i]
            assert row({"a": values[0], "city": values[1],
                        "date": at}) == wanted[i]
    assert len(set(wanted)) == 12
    for wrong in ([1.0, "Bath"], {"a": 1.0}):
        with pytest.raises(TypeError, match="by now=, or in a dict as 'date'"):
            row(wrong)
    with pytest.raises(KeyError):
        row({"dat": 1}, now=START)
    for wrong in ("2020-01-01", 1.5, object()):
        with pytest.raises(TypeError, match="microseconds since 1970 UTC"):
            row([1.0, "Bath"], now=wrong)
    fixed = (mlpipe.Pipeline("target=y", as_of=dt.date(2020, 3, 1))
             .derive("month = month(as_of)").add("gbt", trees=5)
             .fit({"a": rows["a"], "y": rows["y"]}))
    assert fixed.row()([1.0]) == fixed.predict({"a": [1.0]})[0]
    assert fixed.time is None


def test_workers_monitors_and_cycles_take_times(model, rows):
    recipe = model.recipe()
    slot = mlpipe.Slot(model)
    worker = slot.worker()
    monitor = mlpipe.Monitor(slot, capture=1000,
                             label_delay=dt.timedelta(days=2))
    cycle = mlpipe.Cycle(monitor, recipe, when="age > 900 d", probation=500)
    for i, at in enumerate(moments(START)):
        assert worker.predict([0.0, "Bath"], id=i + 1, now_us=at) == (
            model.predict({name: rows[name][:1] for name in rows})[0])
        monitor.truth(i + 1, 2.0, label_us=at)
    for at in moments(START):
        assert monitor.tick(at) in (True, False)
        assert cycle.tick(now_us=at) == "none"
    with pytest.raises(TypeError, match="label_us is a datetime"):
        monitor.truth(9, 2.0, label_us="now")


def test_times_and_spans_are_parameters(rows):
    data = mlpipe.dataset(rows)
    wanted = [len(part) for part in data.split(
        "order=date at=2020-03-01,2020-04-01")]
    assert sum(wanted) == 400 and len(wanted) == 3
    cut = dt.datetime(2020, 3, 1, tzinfo=dt.timezone.utc)
    for at in [dt.date(2020, 3, 1), *moments(cut)]:
        if not isinstance(at, int):
            for cuts in (at, [at], (at, dt.date(2020, 4, 1))):
                parts = data.split(order="date", at=cuts)
                assert len(parts[0]) == wanted[0]
    spans = [dt.timedelta(days=3), "3 d"]
    late = dt.timedelta(hours=30, microseconds=1)
    assert mlpipe._base._value("gap", late) == "108000000001 us"
    try:
        import numpy
        import pandas
        spans += [numpy.timedelta64(3, "D"), pandas.Timedelta("3D"),
                  numpy.timedelta64(3 * 86400 * 10**9, "ns")]
        for wrong in (pandas.NaT, numpy.datetime64("NaT"),
                      numpy.timedelta64("NaT")):
            with pytest.raises(ValueError, match="NaT is no time"):
                data.split(order="date", at=wrong)
        times = pandas.to_datetime(["2020-03-01", "2020-04-01"])
        for cuts in (times, times.to_numpy()):
            assert [len(part) for part in data.split(
                order="date", at=cuts)] == wanted
    except ImportError:
        pass
    gone = [len(part) for part in data.split(
        "order=date parts=.5,.5 gap='3 d'")]
    assert gone[0] < 200 == gone[1]
    for gap in spans:
        parts = data.split(order="date", parts=[.5, .5], gap=gap)
        assert [len(part) for part in parts] == gone


def test_a_dict_is_a_parameter(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("zip,b c,d\n1,2,3\n4,5,6\n")
    data = mlpipe.read_csv(path, as_={"zip": "category", "b c": "f64"})
    assert list(data.types.values()) == ["category", "f64", "i64"]
