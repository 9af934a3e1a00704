# SPDX-License-Identifier: MIT
"""What one tries first, and what is said to who tries something else."""
import logging

import pytest

import mlpipe


@pytest.fixture(scope="module")
def sales(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "sales.csv"
    with open(path, "w") as f:
        f.write("id,price,city,paid,when\n")
        for i in range(200):
            price = "" if i % 50 == 7 else i * 1.5
            f.write(f"{i},{price},{'Rome' if i % 2 else 'Oslo'},"
                    f"{'true' if i % 3 else 'false'},"
                    f"2024-01-{i % 28 + 1:02}T10:00:00Z\n")
    return mlpipe.read_csv(path)


def test_tables_of_reports(sales):
    report = sales.profile()
    assert "findings" in report.tables and "columns" in report.tables
    columns = report.table("columns")
    assert len(columns) == 5
    assert columns.values(columns.columns[0]) == sales.columns
    with pytest.raises(mlpipe.Error, match="findings"):
        report.table("finding")


def test_a_number_that_is_none(sales):
    report = sales.drift(sales)
    with pytest.raises(KeyError, match="is a text: use .text..verdict.."):
        report["verdict"]
    with pytest.raises(KeyError, match="is a table: use .table..drift.."):
        report["drift"]
    with pytest.raises(KeyError, match="did you mean 'compared'"):
        report["compare"]


def test_values_have_their_types(sales, tmp_path):
    assert sales.types == {"id": "i64", "price": "f64", "city": "category",
                           "paid": "bool", "when": "timestamp[s]"}
    ids, price = sales.values("id"), sales.values("price")
    assert ids == list(range(200)) and type(ids[3]) is int
    assert price[7] is None and price[8] == 12 and type(price[8]) is float
    paid = sales.values("paid")
    assert paid[:4] == [False, True, True, False]
    assert type(paid[0]) is bool
    assert sales.values("when")[0] == 1704103200
    path = tmp_path / "large.csv"
    path.write_text(f"n,f\n{2**53 + 1},nan\n,2.5\n{-2**63},\n")
    large = mlpipe.read_csv(path)
    assert large.values("n") == [2**53 + 1, None, -2**63]
    part = sales.filter("id >= 9 and id < 75").sort("-id")
    assert part.values("id") == list(range(74, 8, -1))
    assert part.values("paid") == [bool(i % 3) for i in range(74, 8, -1)]
    assert sales.filter("id < 0").values("id") == []
    with pytest.raises(KeyError, match="did you mean 'price'"):
        sales.values("prise")


def test_a_dataset_shows_itself(sales):
    assert repr(sales).startswith(
        "<mlpipe.Dataset: 200 rows, 5 columns: id i64, price f64")
    lines = sales.head(3).split("\n")
    assert len(lines) == 4 and lines[0].split() == sales.columns
    assert lines[2].split()[:3] == ["1", "1.5", "Rome"]
    assert "2024-01-02" in lines[2]
    assert "null" in sales.head(8)
    assert sales.head(0).split() == sales.columns
    assert len(sales.head(1000).split("\n")) == 201


def test_what_one_tries_first(sales):
    for chosen in (sales.select(["id", "city"]), sales.select("id,city"),
                   sales.select("id, city"), sales.select("id", "city"),
                   sales.select("columns=id,city"),
                   sales.select(columns=("id", "city"))):
        assert chosen.columns == ["id", "city"]
    assert sales.select("id").columns == ["id"]
    odd = sales.select(rename={"price": "price, net", "city": "`town`"})
    assert odd.columns == ["id", "price, net", "`town`", "paid", "when"]
    assert odd.select(["price, net", "`town`"]).columns == [
        "price, net", "`town`"]
    assert odd.values("price, net") == sales.values("price")
    assert odd.sort(["-price, net"]).values("id")[0] == 199
    assert "`town`" not in odd.select(drop=["`town`"]).columns
    assert len(sales.sample(100)) == 100 and len(sales.sample(0.1)) == 20
    assert sales.sample(5, seed=3).values("id") == \
        sales.sample(rows=5, seed=3).values("id")
    for rows in (sales.sort(["city", "-id"]), sales.sort("city", "-id"),
                 sales.sort("city, -id"), sales.sort("by=city,-id")):
        assert rows.values("id")[:2] == [198, 196]
    with pytest.raises(TypeError):
        sales.select([1])


def test_expressions_of_a_pipeline(sales):
    recipe = (mlpipe.Pipeline("target=price id=id time=when")
              .derive("double = id * 2").filter("id > 10")
              .add("impute").add("onehot").add("ridge"))
    assert recipe.fit(sales).outputs == ["price"]
    with pytest.raises(mlpipe.Error, match="double"):
        mlpipe.Pipeline("target=price").derive("double = ").fit(sales)


def test_the_log_is_python_s(sales, caplog, tmp_path):
    store = mlpipe.Store(tmp_path / "store")
    store.commit("sales", sales)
    store.pin("sales", tmp_path / "a.pin")
    told = [r for r in caplog.records if r.name == "mlpipe"]
    assert [r.levelname for r in told] == ["WARNING"]
    assert "store: no tag keeps" in told[0].getMessage()
    caplog.clear()
    store.pin("sales", tmp_path / "b.pin", tag="paper")
    assert not caplog.records
    with pytest.raises(mlpipe.Error):  # says it; the log does not, too
        sales.filter("idd > 3")
    assert not caplog.records
    with caplog.at_level(logging.INFO, "mlpipe"):
        sales.filter("id > 3")
    assert any(r.levelno == logging.INFO and r.name == "mlpipe"
               for r in caplog.records)


def test_what_a_handler_raises_ends_there(sales, tmp_path, capfd):
    class Broken(logging.Filter):
        error = ValueError("broken")

        def filter(self, record):
            raise self.error

    store = mlpipe.Store(tmp_path / "store")
    store.commit("sales", sales)
    broken = Broken()
    logger = logging.getLogger("mlpipe")
    logger.addFilter(broken)
    try:
        store.pin("sales", tmp_path / "a.pin")
        assert "broken" in capfd.readouterr().err
        broken.error = KeyboardInterrupt()
        with pytest.raises(KeyboardInterrupt):
            store.pin("sales", tmp_path / "a.pin")
    finally:
        logger.removeFilter(broken)
    assert store.pinned(tmp_path / "a.pin").columns == sales.columns
