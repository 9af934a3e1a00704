# SPDX-License-Identifier: MIT
"""Single rows: the same bits as a batch, through rows and workers."""
import collections
import math
import random

import pytest

import mlpipe


def table(n=400, cities=("Bath", "York", "Köln")):
    dice = random.Random(4)
    sqft = [dice.choice([None, *range(500, 900)]) for _ in range(n)]
    city = [dice.choice([None, *cities]) for _ in range(n)]
    price = [float(100 * (s or 700) + 5000 * len(c or "")
                   + dice.randrange(1000)) for s, c in zip(sqft, city)]
    return {"sqft": sqft, "city": city, "rooms": [i % 5 for i in range(n)],
            "price": price}


@pytest.fixture(scope="module")
def rows():
    return table()


@pytest.fixture(scope="module")
def model(rows):
    return mlpipe.Pipeline("target=price").add("gbt", trees=30).fit(rows)


def inputs(model, rows):
    return list(zip(*[rows[name] for name in model.inputs]))


def test_rows_are_bit_for_bit_those_of_a_batch(model, rows):
    wanted, row = list(model.predict(rows)), model.row()
    for given, answer in zip(inputs(model, rows), wanted):
        assert row(given) == row(list(given)) == answer
        assert row(dict(zip(model.inputs, given))) == answer
    unseen = dict(zip(model.inputs, given), city="Rome")
    assert row(unseen) == model.predict({
        name: [value] for name, value in unseen.items()})[0]
    assert row({}) == row([None] * 3) == row([math.nan, None, None])


def test_rows_of_numbers(rows):
    plain = {name: rows[name] for name in ("sqft", "rooms", "price")}
    model = mlpipe.Pipeline("target=price").add("gbt", trees=30).fit(plain)
    wanted, row = list(model.predict(plain)), model.row()
    for given, answer in zip(inputs(model, plain), wanted):
        assert row(given) == answer
    np = pytest.importorskip("numpy", exc_type=ImportError)
    assert row(np.array([700.0, 3.0])) == row([700, 3]) == row(
        np.array([700, 3], dtype="i2"))
    for wrong in (np.array([1.0]), np.array([[1.0, 2.0]]), np.array(3.0),
                  np.array(["a", "b"])):
        with pytest.raises((TypeError, ValueError)):
            row(wrong)


def test_rows_of_classes(rows):
    answers = dict(rows, price=[f"k{i % 3}" for i in range(400)])
    model = mlpipe.Pipeline("target=price").add("gbt", trees=5).fit(answers)
    got = model.row()(inputs(model, answers)[7])
    assert got == tuple(model.predict(answers)[7])
    assert len(got) == 3 and abs(sum(got) - 1) < 1e-12


def test_names_go_before_places(model, rows):
    worker = mlpipe.Slot(model).worker()
    given = dict(zip(model.inputs, inputs(model, rows)[3]))
    turned = dict(reversed(given.items()))
    wanted = model.row()(given)
    kinds = [collections.namedtuple("Row", turned)(**turned)]
    try:
        import pandas
        kinds.append(pandas.Series(turned))
    except ImportError:
        pass
    for values in kinds:
        assert model.row()(values) == wanted
        assert worker.predict(values) == wanted


def test_what_is_no_row(model):
    row = model.row()
    good = row([700, "Bath", 2])
    for wrong in ([700, "Bath"], [700, "Bath", 2, 4], []):
        with pytest.raises(ValueError):
            row(wrong)
    for wrong in (["700", "Bath", 2], [700, 1, 2], [700, "Bath", "2"],
                  [700, b"Bath", 2], None, 1.5, object(), b"", "abc",
                  [object(), "Bath", 2], [[1], "Bath", 2]):
        with pytest.raises(TypeError):
            row(wrong)
    with pytest.raises(KeyError):
        row({"sqt": 700})
    assert row([700, "Bath", 2]) == good


def test_new_texts_take_no_memory(model):
    row = model.row()
    for i in range(1000):
        row([700, f"city {i}", 2])
    assert sum(map(len, row._texts.values())) <= 3


def test_a_slot_serves_and_swaps(model, rows):
    slot = mlpipe.Slot(model)
    worker = slot.worker()
    given = inputs(model, rows)
    wanted = list(model.predict(rows))
    for values, answer in zip(given[:100], wanted):
        assert worker.predict(values) == answer
        assert worker.predict(dict(zip(model.inputs, values))) == answer
    assert slot.version == worker.version == 1 and slot.canary_version == 0
    other = mlpipe.Pipeline("target=price").add("gbt", trees=3).fit(rows)
    slot.swap(other)
    assert worker.predict(given[0]) == list(other.predict(rows))[0]
    assert worker.version == slot.version == 2
    assert slot.model.id == other.id and slot.reclaim() == 0
    slot.rollback()
    assert worker.predict(given[0]) == wanted[0]
    slot.canary(other, 0.5)
    assert slot.canary_version == 3
    said = {worker.predict(given[0], id=i) for i in range(1, 99)}
    assert said == {wanted[0], list(other.predict(rows))[0]}
    slot.drop()
    worker.predict([700, "Rome", None])
    assert worker.flags & worker.FLAGS["unseen"]
    assert worker.flags & worker.FLAGS["imputed"]
    with pytest.raises(mlpipe.StateError):
        slot.promote()
    worker.latency(1000)
    worker.failed(-4)
    del slot  # the worker keeps it
    assert worker.predict(given[0]) == wanted[0]
    for wrong in (None, 1.5, object(), b"", "abc", ["x", "Bath", 2]):
        with pytest.raises(TypeError):
            worker.predict(wrong)


def test_a_monitored_loop(rows):
    recipe = mlpipe.Pipeline("target=price holdout=0.3").add("gbt", trees=20)
    train, train_more = table(1200), table(600, ("Rome", "Oslo"))
    model = recipe.fit(train)
    slot = mlpipe.Slot(model)
    monitor = mlpipe.Monitor(slot, capture=1000, pane=200, label_delay="1 s")
    cycle = mlpipe.Cycle(monitor, recipe, when="performance", gate_min=100,
                         probation=100, cooldown=0)
    worker, now, seen = slot.worker(), 10**15, set()
    values = list(zip(*[train_more[name] for name in model.inputs]))
    for turn in range(3):
        for i, given in enumerate(values):
            number = turn * len(values) + i + 1
            now += 10**5
            worker.predict(given, id=number, now_us=now)
            monitor.truth(number, train_more["price"][i] * 3, now + 10)
            if number % 100 == 0:
                said = cycle.tick(now + 20)
                seen.add(said)
                if said == "retrain":
                    cycle.retrain()
    assert {"retrain", "swapped"} <= seen <= set(cycle.ACTIONS.values())
    assert slot.version >= 2 and slot.model.id != model.id
    report = monitor.report()
    assert report["predictions"] == 1800
    assert len(monitor.captured()) > 100
    assert mlpipe.audit(cycle.log()) > 0
    assert mlpipe.Trigger(model, "age > 1 s").test(report) in (True, False)
    with pytest.raises(mlpipe.StateError):
        monitor.canary()
    assert monitor.tick(now + 30) in (True, False)


def test_nulls_and_names_beside_the_inputs(model):
    given = {"sqft": 700, "city": "Bath", "rooms": 2}
    answers = [(model.row(), model.row(extra="ignore")),
               [mlpipe.Slot(model).worker().predict] * 2]
    nulls = [None, math.nan]
    try:
        import pandas
        nulls += [pandas.NA, pandas.NaT]
    except ImportError:
        pass
    for strict, lenient in answers:
        more = {} if isinstance(strict, mlpipe.Row) else {"extra": "ignore"}
        assert lenient(dict(given, price=7, note=object()), **more) == (
            strict(given))
        for name in given:
            for null in nulls:
                assert strict(dict(given, **{name: null})) == strict(
                    {k: v for k, v in given.items() if k != name})
        with pytest.raises(KeyError, match="sqf: did you mean .*sqft.*extra="):
            strict({"sqf": 1})
    for wrong in ("drop", None, 1):
        with pytest.raises(ValueError, match='"error" or "ignore"'):
            model.row(extra=wrong)


def test_a_time_for_a_number(model):
    with pytest.raises(TypeError, match="is a time: in a row a whole number"):
        import datetime
        model.row()([datetime.datetime(2020, 1, 1), "Bath", 2])


def test_a_list_of_dicts_is_a_table(model, rows):
    records = [dict(zip(rows, values)) for values in zip(*rows.values())]
    assert mlpipe.dataset(records).fingerprint() == (
        mlpipe.dataset(rows).fingerprint())
    assert list(model.predict(records)) == list(model.predict(rows))
    assert mlpipe.dataset([{"a": 1}, {"b": "x"}]).to_dict() == {
        "a": [1, None], "b": [None, "x"]}
    for wrong in ([], [1, 2], [{"a": 1}, 2]):
        with pytest.raises(TypeError, match="a list of dicts"):
            mlpipe.dataset(wrong)
    with pytest.raises(TypeError):
        mlpipe.dataset([{}])


def test_a_freed_row_asks_nothing_of_what_is_gone(model):
    row = model.row()
    good = row([700, "Bath", 2])
    codes = row._texts[model.inputs.index("city")]
    row.__del__()
    assert codes._predictor is None and math.isnan(codes["nowhere"])
    for text in ("Bath", "nowhere"):
        with pytest.raises((TypeError, ValueError)):
            row([700, text, 2])
    assert model.row()([700, "Bath", 2]) == good
