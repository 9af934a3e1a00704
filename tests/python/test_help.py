# SPDX-License-Identifier: MIT
"""What the catalog tells, by the names that one would try."""
import inspect

import pytest

import mlpipe


def taking():
    """Everything public that takes parameters as a text or keywords."""
    for name in mlpipe.__all__:
        thing = getattr(mlpipe, name)
        methods = [getattr(thing, of) for of in vars(thing)
                   if of[0] != "_"] if isinstance(thing, type) else []
        for call in [thing, *filter(callable, methods)]:
            try:
                if "params" in inspect.signature(call).parameters:
                    yield call
            except (TypeError, ValueError):
                pass


def test_docstrings_tell_all_parameters():
    found = {call.__qualname__: call for call in taking()}
    assert len(found) >= 35
    for name, call in found.items():
        if name == "Pipeline.add":
            continue  # help(step) has them
        page = mlpipe.help(call)
        lines = [line for line in page.splitlines() if line[:2] == "  "]
        assert lines and "\n".join(lines[:2]) in inspect.getdoc(call), name


@pytest.mark.parametrize("name, call", [
    ("slot", "mlpipe_slot_new"), ("monitor", "mlpipe_monitor_new"),
    ("cycle", "mlpipe_cycle_new"), ("store", "mlpipe_store_open"),
    ("Pipeline", "mlpipe_pipeline_new"), ("replay", "mlpipe_cycle_replay"),
    ("mlpipe_evaluate", "mlpipe_evaluate"), ("filter", "filter"),
    ("Pipeline.compare", "mlpipe_compare_recipes"),
    ("Model.compare", "mlpipe_compare"), ("adwin", "adwin"),
    ("split", "mlpipe_dataset_split"), ("dirty", "mlpipe_synth_dirty"),
    (mlpipe.Dataset.write_csv, "mlpipe_write_csv"),
    (mlpipe.Store.commit, "mlpipe_store_commit")])
def test_help_finds_the_call(name, call):
    assert mlpipe.help(name).startswith(call + " (")


def test_help_of_several_and_of_none():
    page = mlpipe.help("sample")
    assert "mlpipe_copula_sample" in page and "mlpipe_dataset_sample" in page
    assert mlpipe.help("detector").count("(detector)") == 5
    assert "learner: gbt, " in mlpipe.help()
    with pytest.raises(KeyError, match="did you mean 'gbt'"):
        mlpipe.help("gbd")
    for wrong in (7, b"gbt", object()):
        with pytest.raises(TypeError):
            mlpipe.help(wrong)


def test_slots_and_monitors_take_keywords():
    rows = {"a": [float(i % 5) for i in range(60)],
            "y": [i / 7 for i in range(60)]}
    model = mlpipe.Pipeline(target="y").add("ridge").fit(rows)
    slot = mlpipe.Slot(model, workers=2, latency=16)
    mlpipe.Monitor(slot, pane=100, capture=1000)
    with pytest.raises(mlpipe.ParameterError, match="did you mean .workers."):
        mlpipe.Slot(model, worker=2)


def test_what_parameters_take():
    for name in ("span", "time", "rule", "metrics"):
        assert mlpipe.help(name).startswith(name + ": ")
        assert name in mlpipe.help().splitlines()[-1]
        assert all(len(line) < 80 for line in mlpipe.help(name).splitlines())
    assert mlpipe.help("timedelta") == mlpipe.help("span")
    assert "1970-01-01 UTC" in mlpipe.help("time")
    assert mlpipe.help("month") != mlpipe.help("time")  # a function's page


@pytest.mark.parametrize("task", ["numbers", "two", "more"])
def test_the_list_of_metrics_is_whole(task):
    page = mlpipe.help("metrics").replace(",", " ").split()
    rows = {"a": [float(i % 5) for i in range(60)],
            "y": [i % 7 + 1.0 if task == "numbers"
                  else "klmn"[i % (2 if task == "two" else 4)]
                  for i in range(60)]}
    report = mlpipe.Pipeline(target="y").add("gbt", trees=2).fit(
        rows).evaluate(rows, metrics="all")
    names = [name.removesuffix("_baseline") for name in report
             if name.endswith("_baseline")]
    assert len(names) >= 20 and set(names) <= set(page)


def test_keywords_of_python_are_written_with_a_line_behind():
    for page in (mlpipe.help("scale"), mlpipe.help("read_csv"),
                 inspect.getdoc(mlpipe.read_csv)):
        assert "\n  as_: " in page and "\n  as: " not in page
    assert "as_={" in inspect.getdoc(mlpipe.read_csv)
    assert "as_=" in inspect.getdoc(mlpipe.Pipeline.add)


def test_what_is_raised_comes_last():
    raised = [issubclass(thing, Exception) if isinstance(thing, type) else
              False for thing in map(vars(mlpipe).get, mlpipe.__all__)]
    assert raised == sorted(raised) and sum(raised) > 20
    assert mlpipe.__version__ == mlpipe.version()
