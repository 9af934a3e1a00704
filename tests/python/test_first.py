# SPDX-License-Identifier: MIT
"""The first Python module: read, fit, predict, evaluate, save, load."""
import concurrent.futures
import ctypes
import os
import pickle
import random

import pytest

import mlpipe
from mlpipe import _raw


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "houses.csv"
    dice = random.Random(7)
    with open(path, "w") as f:
        f.write("id,sqft,city,price\n")
        for i in range(2000):
            sqft, city = dice.randrange(500, 4000), dice.choice("abc")
            price = 100 * sqft + 20000 * "abc".index(city)
            cell = "?" if i % 50 == 0 else sqft
            f.write(f"{i},{cell},{city},{price}\n")
    return mlpipe.read_csv(path)


@pytest.fixture(scope="module")
def model(houses):
    return (mlpipe.Pipeline("target=price id=id")
            .add("impute", numeric="median", indicator=True)
            .add("gbt", trees=40).fit(houses))


def test_structs_have_the_library_s_sizes():
    for name, (size, offsets) in _raw.SIZES.items():
        struct = getattr(_raw, name)
        assert ctypes.sizeof(struct) == size
        for field, offset in offsets.items():
            assert getattr(struct, field).offset == offset


def test_reads(houses):
    assert len(houses) == 2000
    assert houses.columns == ["id", "sqft", "city", "price"]
    assert houses.values("sqft").count(None) == 40
    assert len(houses.fingerprint()) == 32
    assert houses.reading()["rows_in"] == 2000
    with pytest.raises(KeyError):
        houses.values("none")


def test_transforms_tell_what_they_found(houses):
    steps = (mlpipe.Pipeline("features=sqft,price")
             .add("impute").add("scale").add("kmeans", k=3, keep=True))
    fitted, features = steps.fit_transform(houses)
    notes = fitted.notes()
    assert notes["rows"] == len(houses) == len(features)
    assert notes["kmeans.inertia"] > 0
    assert len(fitted.apply(houses)) == len(houses)
    assert features.columns == ["sqft", "price", "kmeans"]


def test_fits_and_predicts(houses, model):
    train, test = houses.split("parts=0.8,0.2")
    fitted = mlpipe.Pipeline("target=price id=id").add("gbt").fit(train)
    assert fitted.evaluate(test)["r2"] > 0.9
    ranked = fitted.evaluate(test, metrics="ndcg@5,mrr", query="city")
    assert ranked["queries"] == 3
    assert 0 < ranked["ndcg@5_baseline"] < ranked["ndcg@5"] <= 1
    assert len(model.predict(test)) == len(test)
    assert set(model.inputs) == {"sqft", "city"}
    assert model.outputs == ["price"]


def test_tells_what_columns_are_worth(houses, model):
    worth = model.importance(houses, repeats=3, metric="r2")
    assert worth["drop.sqft"] > 0.5 and worth["drop.city"] > 0
    again = model.importance(houses, "repeats=3 metric=r2 columns=sqft")
    assert again["drop.sqft"] == worth["drop.sqft"]


def test_saves_loads_and_pickles(houses, model, tmp_path):
    model.save(tmp_path / "m.mlpipe")
    wanted = list(model.predict(houses))
    assert list(mlpipe.load(tmp_path / "m.mlpipe").predict(houses)) == wanted
    again = pickle.loads(pickle.dumps(model))
    assert again.id == model.id
    assert list(again.predict(houses)) == wanted


def test_folds_cover_the_rows(houses):
    rows = sum(len(houses.fold(i, folds=3)[0]) for i in range(3))
    assert rows == len(houses)


def test_folds_by_group_share_no_group(houses):
    for i in range(3):
        fold, rest = houses.fold(i, kind="groups", group="city")
        assert len(set(fold.values("city"))) == 1
        assert not set(fold.values("city")) & set(rest.values("city"))


def test_parts_are_checked(houses):
    parts = houses.split("parts=0.8,0.2")
    clean = mlpipe.split_check(parts)
    assert clean.text("verdict") == "clean"
    leaks = mlpipe.split_check([houses, parts[1]], group="city")
    assert leaks.text("verdict") == "overlap"
    assert leaks["equal_rows"] == leaks["same_row"] == len(parts[1])
    assert leaks["groups"] == 3
    with pytest.raises(TypeError):
        mlpipe.split_check([houses, None])


def test_cross_validates(houses):
    recipe = (mlpipe.Pipeline("target=price id=id")
              .add("impute", numeric="median").add("onehot").add("ridge"))
    scores = recipe.cross_validate(houses, folds=3, metrics=["r2", "rmse"])
    table = scores.to_dict()
    assert scores["folds"] == 3
    assert len(table["r2_folds"]) == 3
    assert scores["rmse"] < scores["rmse_baseline"]


def test_search_is_never_worse(houses):
    train, valid = houses.split("parts=0.7,0.3")
    recipe = mlpipe.Pipeline("target=price").add("gbt", trees=5)
    space = {"gbt.leaves": "3..15", "gbt.rate": [0.1, 0.3]}
    tuned, trials = recipe.search(train, valid, space, trials=5)
    assert trials["best"] <= trials["default"]
    assert len(trials.to_dict()["trials"]["rows"]) == 5
    score = tuned.fit(train, valid).evaluate(valid, metrics="rmse")
    assert score["rmse"] == trials["best"]
    tuned, trials = recipe.search(train, None, "gbt.leaves=3,7", folds=2,
                                  method="grid")
    assert trials["trials_tried"] == 3
    with pytest.raises(mlpipe.Error) as caught:
        recipe.search(train, valid, "gbt.leafs=3..15")
    assert "gbt.leaves" in caught.value.text


def test_losses(houses):
    train, test = houses.split("parts=0.7,0.3")
    recipe = mlpipe.Pipeline("target=price id=id")
    high = recipe.add("gbt", trees=40, loss="quantile", level=0.9).fit(train)
    scores = high.evaluate(test, metrics=["pinball@0.9", "huber@1000"])
    assert 0 < scores["pinball@0.9"] < scores["pinball@0.9_baseline"]
    assert "loss=" in str(mlpipe.help("gbt"))
    tuned, _ = mlpipe.Pipeline("target=price id=id").add(
        "gbt", trees=5, loss="poisson").search(
        train, test, "gbt.leaves=3,7", method="grid",
        metric="mean_poisson_deviance")
    assert all(p > 0 for p in tuned.fit(train).predict(test))
    with pytest.raises(mlpipe.ParameterError, match="loss=quantile alone"):
        mlpipe.Pipeline("target=price").add("gbt", level=0.9)


def test_compares(houses, model):
    encoded = mlpipe.Pipeline("target=price id=id").add("onehot")
    train, test = houses.split("parts=0.7,0.3")
    few = (mlpipe.Pipeline("target=price id=id").add("onehot")
           .add("gbt", trees=1).fit(train))
    many = encoded.add("gbt", trees=60).fit(train)
    report = few.compare(many, test, metric="mae")
    assert report.text("verdict") == "b better"
    assert report["difference"] < 0 and report["p"] < 0.05
    same = encoded.compare(encoded, houses, folds=3)
    assert same.text("verdict") == "no difference shown"
    with pytest.raises(TypeError):
        few.compare(None, test)


def test_notes_stand_in_the_card(model):
    noted = model.note("owner", "The <data> office")
    card = noted.card()
    assert card.to_dict()["model_details"]["owners"] == [
        {"name": "The <data> office"}]
    assert "The &lt;data> office" in card.to_markdown()
    assert model.card().text("owner") is None
    with pytest.raises(mlpipe.Error):
        model.note("ownr", "x")


def test_errors_say_what_to_do(houses):
    with pytest.raises(mlpipe.Error) as caught:
        mlpipe.Pipeline("target=price").add("impyte")
    assert caught.value.name == "MLPIPE_E_PARAM"
    assert "impute" in caught.value.text
    with pytest.raises(mlpipe.Error):
        mlpipe.read_csv("/no/such/file.csv")
    with pytest.raises(mlpipe.Error):
        mlpipe.from_bytes(b"no model")


def test_wrong_types_are_type_errors(houses, model):
    for wrong in ([1, 2], None, {}):
        with pytest.raises(TypeError):
            model.predict(wrong)
        with pytest.raises(TypeError):
            model.evaluate(wrong)
    with pytest.raises(TypeError):
        mlpipe.read_csv(17)
    with pytest.raises((TypeError, ctypes.ArgumentError)):
        mlpipe._ctx().call("mlpipe_predict", houses._p, houses._p, None, 0)


def test_catalog_lists_the_steps():
    steps = mlpipe.steps()
    for name in ("impute", "dedupe", "gbt", "ridge", "mlpipe_read_csv"):
        assert name in steps
    assert "numeric" in steps["impute"]
    assert "bucket" not in steps


def test_catalog_lists_the_functions():
    functions = mlpipe.functions()
    assert functions["max"].startswith("max(a, b, ...): ")
    assert "**" in functions and "gbt" not in functions


def test_same_model_for_any_threads(houses):
    ids = set()
    for threads in (1, 2, 3):
        mlpipe.configure(threads=threads)
        ids.add(mlpipe.Pipeline("target=price id=id")
                .add("gbt", trees=10).fit(houses).id)
    mlpipe.configure()
    assert len(ids) == 1


def test_a_dialect_is_told(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("Title\n\nname;n\nx;1,5\ny;2\n")
    found = mlpipe.csv_dialect(path)
    assert found.text("delimiter") == ";" and found["before_header"] == 2
    assert found["margin"] > 0.3 and not found["ambiguous"]
    assert mlpipe.read_csv(path).values("n") == [1.5, 2]
    path.write_text("a,b;c\n1,5;2\n2,5;3\n")
    assert mlpipe.csv_dialect(path)["ambiguous"]
    with pytest.raises(mlpipe.Error):
        mlpipe.read_csv(path)


def test_texts_end_where_they_end(tmp_path):
    path = tmp_path / "words.csv"
    words = ["one", "", "three", "four" * 20]
    path.write_text("id,word\n" +
                    "".join(f'{i},"{w}"\n' for i, w in enumerate(words)))
    for kind in ("text", "category"):
        read = mlpipe.read_csv(path, text=kind, na="").values("word")
        assert read == words


def test_threads_have_contexts_of_their_own(houses, model):
    wanted = list(model.predict(houses))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert all(list(got) == wanted for got in
                   pool.map(model.predict, [houses] * 16))
        others = set(pool.map(lambda _: id(mlpipe._ctx()), range(16)))
    assert id(mlpipe._ctx()) not in others


def test_a_child_reads_files(houses, model, tmp_path):
    path = str(tmp_path / "m.mlpipe")
    mlpipe.configure(threads=2)
    model.predict(houses)
    child = os.fork()
    if not child:
        try:
            model.save(path)
            os._exit(0 if mlpipe.load(path).id == model.id else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    mlpipe.configure()


def test_configure_refuses_what_cannot_be():
    with pytest.raises(ValueError):
        mlpipe.configure(threads=5000)
    assert mlpipe._base._settings == (1, 0)


def test_a_store_tells_versions_apart(houses, model, tmp_path):
    store = mlpipe.Store(tmp_path / "store", author="ada")
    part = houses.split("parts=0.9,0.1 order=id")[0]
    first = store.commit("houses", houses, note="all", key="id",
                         uri="https://example.org/houses")
    assert store.commit("houses", houses) == first
    store.tag("houses", "v1")
    store.pin("v1", tmp_path / "houses.pin")
    second = store.commit("houses", part, expect=first)
    with pytest.raises(mlpipe.Error, match=second):
        store.commit("houses", houses, expect=first)
    assert store.history("houses")["versions"] == 2
    assert store.changed("v1", houses).text("verdict") == "same"
    assert store.changed("v1", part).text("verdict") == "rows differ"
    diff = store.diff("v1", "houses")
    assert (diff["rows_removed"], diff["rows_changed"]) == (200, 0)
    assert store.commit("price", model, code="4f5e") == model.id
    store.put_report("score", "price", model.evaluate(houses))
    assert store.report("score").keys() == model.evaluate(houses).keys()
    made = store.lineage("price")
    assert made.text("train_version") == first
    assert made.text("model_code") == "4f5e"
    assert store.model("price").id == model.id
    assert store.gc(keep=1)["versions_dropped"] == 0
    assert store.verify()["damaged"] == 0
    assert store.pinned(tmp_path / "houses.pin").fingerprint() == \
        houses.fingerprint() == store.dataset("v1").fingerprint()
    assert "put" in str(store.log())


def test_datasets_of_datasets(houses, tmp_path):
    few = houses.select(columns="id,price").sort("-price", nulls="first")
    prices = few.values("price")
    assert few.columns == ["id", "price"]
    assert prices == sorted(prices, reverse=True)
    dear = few.filter(f"price > {prices[10]}")
    assert dear.values("price") == [p for p in prices if p > prices[10]]
    more = dear.with_column("twice = price * 2; big = price > 0")
    assert more.values("twice") == [2 * p for p in dear.values("price")]
    assert len(houses.sample(rows=7, seed=3)) == 7
    both = mlpipe.concat([dear, more], columns="union")
    assert both.values("twice")[:len(dear)] == [None] * len(dear)
    assert both.reading()["new_ids"] == 1
    assert mlpipe.concat(houses.split("parts=0.5,0.5")
                         ).columns == houses.columns
    with pytest.raises(mlpipe.Error) as error:
        houses.filter("pric > 3")
    assert "price" in error.value.text and "^" in error.value.text


def test_asof_joins_what_was_known(tmp_path):
    left, right = tmp_path / "left.csv", tmp_path / "right.csv"
    left.write_text("t,k\n10,a\n20,a\n20,b\n")
    right.write_text("t,k,known,v\n5,a,5,1\n9,a,15,2\n")
    joined = mlpipe.read_csv(left).asof(mlpipe.read_csv(right), on="t",
                                        by="k", known="known", columns="v")
    assert joined.values("v") == [1, 2, None]
    report = joined.reading()
    assert (report["matched"], report["no_key"]) == (2, 1)
    assert report["held_back"] == 1


def test_makes_data():
    made = mlpipe.synth("mixed", rows=500, nulls=0.1)
    assert len(made) == 500 and made.reading()["spend_sd"] == 10
    dirty, key = made.dirty(defects=["typos:0.1", "missing"])
    assert len(dirty) == 500
    assert key["columns_shared"] == len(made.columns) - 2
    copula = made.copula(private="income")
    drawn = copula.sample(200, given={"region": "north", "age": "30..40"})
    assert set(drawn.values("region")) == {"north"}
    assert all(30 <= age <= 40 for age in drawn.values("age"))
    assert "income" not in drawn.columns
    assert copula.notes()["rows"] == 500
    with pytest.raises(mlpipe.Error) as caught:
        copula.sample(given="age=500")
    assert caught.value.column == "age"
