# SPDX-License-Identifier: MIT
"""The library's messages name its functions as C has them; here they are told
as Python has them."""
from __future__ import annotations

import re

# What goes by another name than the rules below give it.
_OTHERS = {
    "mlpipe_compare": "Model.compare",
    "mlpipe_compare_recipes": "Pipeline.compare",
    "mlpipe_copula_fit": "Dataset.copula",
    "mlpipe_cross_validate": "Pipeline.cross_validate",
    "mlpipe_cycle_audit": "mlpipe.audit",
    "mlpipe_cycle_replay": "Pipeline.replay",
    "mlpipe_dataset_cell": "Dataset.values",
    "mlpipe_dataset_concat": "mlpipe.concat",
    "mlpipe_dataset_doubles": "Dataset.to_numpy",
    "mlpipe_dataset_from_arrow": "mlpipe.dataset",
    "mlpipe_dataset_from_arrow_stream": "mlpipe.dataset",
    "mlpipe_dataset_to_arrow_stream": "Dataset.arrow_stream",
    "mlpipe_evaluate": "Model.evaluate",
    "mlpipe_fit": "Pipeline.fit",
    "mlpipe_importance": "Model.importance",
    "mlpipe_model_bytes": "Model.to_bytes",
    "mlpipe_model_class": "Model.classes",
    "mlpipe_model_load": "mlpipe.load",
    "mlpipe_model_load_bytes": "mlpipe.from_bytes",
    "mlpipe_pipeline_json": "Pipeline.to_json",
    "mlpipe_pipeline_parse": "Pipeline.from_json",
    "mlpipe_predict": "Model.predict",
    "mlpipe_predictor_new": "Model.row",
    "mlpipe_report_table_name": "Report.tables",
    "mlpipe_search": "Pipeline.search",
    "mlpipe_store_get_dataset": "Store.dataset",
    "mlpipe_store_get_model": "Store.model",
    "mlpipe_store_get_pinned": "Store.pinned",
    "mlpipe_store_get_report": "Store.report",
    "mlpipe_store_commit_model": "Store.commit",
    "mlpipe_store_open": "mlpipe.Store",
    "mlpipe_synth_dirty": "Dataset.dirty",
    "mlpipe_transform_bytes": "Transform.to_bytes",
    "mlpipe_transform_fit": "Pipeline.fit_transform",
    "mlpipe_transform_load_bytes": "Transform.from_bytes",
    "mlpipe_detector_bytes": "Detector.to_bytes",
    "mlpipe_detector_load_bytes": "Detector.from_bytes",
    "mlpipe_write_csv": "Dataset.write_csv",
    "mlpipe_write_json": "Dataset.write_json",
}
_HERE = ("csv_dialect", "read_csv", "read_json", "split_check", "synth")
_CLASS = re.compile("(copula|cycle|dataset|detector|model|monitor|pipeline|"
                    "report|slot|store|transform|trigger|worker)_(.+)")
# No method of Python's has these names.
_ABSENT = ("cell", "get", "render", "error", "check", "put_dataset",
           "put_model", "predictor", "slice")
_WORD = re.compile(r"\bmlpipe_([a-z][a-z0-9_]*)")


def _python(found: re.Match[str]) -> str:
    name, rest = found.group(), found.group(1)
    if name in _OTHERS:
        return _OTHERS[name]
    if rest in _HERE:
        return f"mlpipe.{rest}"
    of = _CLASS.fullmatch(rest)
    if of is None or of.group(2) in _ABSENT:
        return name
    kind = of.group(1).capitalize()
    return f"mlpipe.{kind}" if of.group(2) == "new" else (
        f"{kind}.{of.group(2)}")


def told(text: str) -> str:
    """A message with Python's names; as= is written as_=, since as is a
    keyword."""
    return re.sub(r"(?<![\w.])as=", "as_=", _WORD.sub(_python, text))
