# SPDX-License-Identifier: MIT
"""The manual pages of section 7, made from the catalog of a built library.

    catalog.py write LIBRARY   writes them into include/man/man7
    catalog.py check LIBRARY   fails where they do not fit the library

mlpipe_steps(7): what mlpipe_pipeline_add takes; mlpipe_parameters(7): the
parameters of calls; mlpipe_expressions(7): functions and operators.
"""
import ctypes
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "bindings", "python", "mlpipe")]

import _raw  # noqa: E402  it lies beside a package that loads the library
import man  # noqa: E402
import roff  # noqa: E402

FOLDER = "include/man/man7"
SYNTAX = (
    "A text of parameters is items of the form name=value between spaces, or "
    "a JSON object, or NULL for the defaults. "
    "A value with spaces stands between apostrophes, with two of them for "
    "one; spaces inside brackets or backticks do not end it. "
    "Lists are separated by commas, and column names that are no plain words "
    "stand in backticks. "
    "An unknown name or a value out of its range is an error that tells the "
    "nearest name or the range.")
STEPS = (
    ("STEPS OF A ROW", "MLPIPE_KIND_ROW", "Functions of a row alone."),
    ("STEPS THAT LEARN", "MLPIPE_KIND_FIT",
     "They learn statistics of the training rows, and apply them to every "
     "row."),
    ("STEPS OF TRAINING ROWS", "MLPIPE_KIND_ROWS",
     "They change which rows train, and have no part in serving."),
    ("LEARNERS", "MLPIPE_KIND_LEARNER", "They make the prediction."),
    ("BEHIND THE LEARNER", "MLPIPE_KIND_TAIL",
     "They change what a learner says, or add to it."),
    ("DETECTORS", "MLPIPE_KIND_DETECTOR",
     "Kinds of mlpipe_detector_new, and of the parameter detector= of "
     "monitors."))
INTEGERS = (_raw.MLPIPE_PARAM_INT,)
NUMBERS = INTEGERS + (_raw.MLPIPE_PARAM_REAL, _raw.MLPIPE_PARAM_REALS,
                      _raw.MLPIPE_PARAM_SPAN)


def read(path):
    """[(kind, name, doc, [parameter])] of a library."""
    library = ctypes.CDLL(path)
    for name in ("mlpipe_catalog_count", "mlpipe_catalog_get",
                 "mlpipe_catalog_param", "mlpipe_version"):
        result, arguments = _raw.FUNCTIONS[name]
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    entries = []
    for i in range(library.mlpipe_catalog_count()):
        entry = _raw.mlpipe_catalog_entry()
        if library.mlpipe_catalog_get(i, ctypes.byref(entry)):
            sys.exit(f"entry {i} cannot be read")
        parameters = []
        for k in range(entry.params):
            p = _raw.mlpipe_catalog_parameter()
            if library.mlpipe_catalog_param(i, k, ctypes.byref(p)):
                sys.exit(f"parameter {k} of entry {i} cannot be read")
            parameters.append(p)
        entries.append((entry.kind, entry.name.decode(), entry.doc.decode(),
                        parameters))
    return entries, library.mlpipe_version()


def number(value):
    """As a person would write it."""
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    short = f"{value:.6g}"
    if float(short) != value and value == int(value):
        return str(int(value))
    return short.replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")


def allowed(p):
    """What a parameter takes, in words."""
    said = []
    if p.choices:
        said.append("one of " + p.choices.decode().replace(",", ", "))
    elif p.type == _raw.MLPIPE_PARAM_BOOL:
        said.append("true or false")
    elif p.type == _raw.MLPIPE_PARAM_NAMES:
        said.append("column names")
    elif p.type in NUMBERS and p.low < p.high:
        kind = "whole number, " if p.type in INTEGERS else ""
        said.append(f"{kind}{number(p.low)} to {number(p.high)}")
    if p.initial is None:
        said.append("required")
    return "; ".join(said)


def parameter(p):
    initial = "" if p.initial is None else p.initial.decode()
    name = f"{roff.bold(p.name.decode() + '=')}{roff.italic(initial)}" \
        if initial else roff.bold(p.name.decode() + "=")
    told = allowed(p)
    out = [".TP", name] + roff.prose(p.doc.decode())
    return out + (roff.prose(f"({told})") if told else [])


def entry(title, doc, parameters):
    out = [f".SS {roff.plain(title)}"] + roff.prose(doc)
    for p in parameters:
        out += parameter(p)
    return out


def entries_of(entries, kind):
    wanted = getattr(_raw, kind)
    return sorted((e for e in entries if e[0] == wanted), key=lambda e: e[1])


def steps_page(entries):
    parts = roff.section("NAME", [
        "mlpipe_steps \\- the steps of a recipe and their parameters"])
    parts += roff.section("SYNOPSIS", [
        ".nf",
        "\\fBmlpipe_pipeline_add(\\fIctx\\fB, \\fIpipeline\\fB, "
        "\\fIstep\\fB, \\fIparameters\\fB);\\fP",
        ".fi"])
    parts += roff.section("DESCRIPTION", roff.prose(
        "The steps that mlpipe_pipeline_add takes, each with its parameters; "
        "behind the name of a parameter stands its default. " + SYNTAX))
    for title, kind, doc in STEPS:
        lines = roff.prose(doc)
        for _, name, text, parameters in entries_of(entries, kind):
            lines += entry(name, text, parameters)
        parts += roff.section(title, lines)
    return parts + see(["mlpipe_pipeline_add", "mlpipe_detector_new",
                        "mlpipe_catalog"],
                       ["mlpipe_expressions", "mlpipe_parameters"])


def parameters_page(entries):
    parts = roff.section("NAME", [
        "mlpipe_parameters \\- the parameters of calls"])
    parts += roff.section("DESCRIPTION", roff.prose(
        "The calls that take a text of parameters, and what stands in it; "
        "behind the name of a parameter stands its default. " + SYNTAX))
    calls, names = [], []
    for _, name, text, parameters in entries_of(entries, "MLPIPE_KIND_CALL"):
        calls += entry(name, text, parameters)
        names.append(name)
    parts += roff.section("CALLS", calls)
    known = [n for n in names if n in _raw.FUNCTIONS]
    return parts + see(known + ["mlpipe_catalog"],
                       ["mlpipe_expressions", "mlpipe_steps"])


def expressions_page(entries):
    parts = roff.section("NAME", [
        "mlpipe_expressions \\- functions and operators of expressions"])
    parts += roff.section("DESCRIPTION", roff.prose(
        "What the expressions of mlpipe_pipeline_derive, "
        "mlpipe_pipeline_filter, mlpipe_dataset_filter and "
        "mlpipe_dataset_with_column are made of. "
        "Where the line of a function says nothing else, a null among its "
        "arguments gives null."))
    for title, kind in (("OPERATORS AND LITERALS", "MLPIPE_KIND_SYNTAX"),
                        ("FUNCTIONS", "MLPIPE_KIND_FUNCTION")):
        lines = []
        for _, _, text, _ in entries_of(entries, kind):
            name, _, said = text.partition(": ")
            lines += roff.item(roff.bold(name), said)
        parts += roff.section(title, lines)
    return parts + see(["mlpipe_pipeline_derive", "mlpipe_pipeline_filter",
                        "mlpipe_dataset_filter",
                        "mlpipe_dataset_with_column", "mlpipe_catalog"],
                       ["mlpipe_steps"])


def see(functions, pages):
    return roff.section("SEE ALSO", man.see(functions + ["mlpipe"], pages))


def pages(path):
    entries, v = read(path)
    source = f"libmlpipe {v >> 16}.{v >> 8 & 255}.{v & 255}"
    made = {"mlpipe_steps": steps_page(entries),
            "mlpipe_parameters": parameters_page(entries),
            "mlpipe_expressions": expressions_page(entries)}
    return {f"{FOLDER}/{name}.7": roff.page(name, 7, man.DATE, source, parts,
                                              "catalog.py")
            for name, parts in made.items()}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("write", "check"):
        sys.exit(__doc__)
    bad = []
    for path, content in pages(sys.argv[2]).items():
        full = os.path.join(ROOT, path)
        if sys.argv[1] == "write":
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as f:
                f.write(content)
            continue
        try:
            with open(full, encoding="utf-8") as f:
                same = f.read() == content
        except OSError:
            same = False
        if not same:
            bad.append(f"{path} does not fit the catalog: python3 "
                       f"tests/abi/catalog.py write {sys.argv[2]}")
    print("\n".join(bad))
    sys.exit(bool(bad))


main()
