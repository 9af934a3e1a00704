# SPDX-License-Identifier: MIT
"""The manual pages of section 3, made from the lock of the API (lock.py).

One page for each function, one for each header, and mlpipe(3). Names of types
lead to the page of their header.
"""
import re

import roff

FOLDER = "include/man/man3"
BUILD = "include/man/meson.build"
STEPS = ("mlpipe_expressions", "mlpipe_parameters", "mlpipe_steps")
# The day of the pages: it changes with the version and not with each build.
DATE = "2026-11-26"
THREADS = {
    "any": "callable from any thread at any time.",
    "shared": "the object is immutable: any number of threads at once.",
    "ctx": "one thread at a time for each context.",
    "owner": "one thread at a time for each object."}
OWNERSHIP = re.compile(r"^(borrows|keeps|takes|gives)\b")
LOOP = """\
failed = mlpipe_ctx_new(NULL, &c)
    || mlpipe_read_csv(c, "houses.csv", NULL, &all)
    || mlpipe_dataset_split(c, all, "order=date parts=0.8,0.2", part, 2)
    || mlpipe_pipeline_new(c, "target=log(price) id=id time=date", &p)
    || mlpipe_pipeline_add(c, p, "impute", "numeric=median")
    || mlpipe_pipeline_add(c, p, "gbt", "trees=300")
    || mlpipe_fit(c, p, part[0], NULL, &m)
    || mlpipe_evaluate(c, m, part[1], NULL, &score)
    || mlpipe_model_save(c, m, "houses.mlpipe");
if (failed)
    fprintf(stderr, "%s\\n", mlpipe_ctx_error(c)->text);"""


def version(api):
    v = api["enums"]["MLPIPE_VERSION"]
    return f"libmlpipe {v >> 16}.{v >> 8 & 255}.{v & 255}"


def overview(header, api):
    """The name of a header's page."""
    name = "mlpipe_" + header[:-2]
    if header == "mlpipe.h":
        return "mlpipe"
    return name + "_h" if name in api["functions"] else name


def brief(summary):
    """The first sentence, as it stands behind a name."""
    text = roff.sentences(summary)[0].rstrip(".:")
    if len(text) > 150:
        text = re.split(r"[:;] ", text)[0]
    if re.match(r"[A-Z][a-z]*\b", text):
        text = text[0].lower() + text[1:]
    return text.replace("`", "")


def name_section(names, summary):
    text = f"{', '.join(names)} \\- {roff.words(brief(summary))}"
    # As plain as can be: this line is read by indexers.
    return roff.section("NAME", roff.wrapped(text, str))


def prototype(name, f):
    """The declaration, in lines that fit between the margins."""
    args, widths = [], []
    for param, c_type in f["params"]:
        c_type += "" if c_type.endswith("*") else " "
        args.append(f"{roff.plain(c_type)}\\fI{roff.plain(param)}\\fB")
        widths.append(len(c_type + param) + 2)
    args, widths = args or ["void"], widths or [6]
    head = f["returns"] + ("" if f["returns"].endswith("*") else " ")
    lines, indent = [], len(head + name) + 1
    if indent + max(widths) > 71:
        lines, head, indent = [roff.bold(head.rstrip())], "", 8
    if head == "" and len(name) + 1 + widths[0] > 71:
        indent = 8
    line, used = head + name + "(", len(head + name) + 1
    for i, (arg, width) in enumerate(zip(args, widths)):
        if used + width > 71:
            lines.append(f"\\fB{line.rstrip()}\\fP")
            line, used = " " * indent, indent
        line += arg + (");" if i + 1 == len(args) else ", ")
        used += width
    lines.append(f"\\fB{line}\\fP")
    return lines


def split_codes(text):
    """A list of codes: (text before it, [(code, cause)])."""
    parts, part, depth = [], "", 0
    for c in text:
        depth += (c == "(") - (c == ")")
        if c in ",;" and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += c
    parts.append(part.strip())
    codes = [re.fullmatch(r"(MLPIPE_\w+)(?: \((.*)\))?\.?", p) for p in parts]
    first = next((i for i, c in enumerate(codes) if c), len(parts))
    if not all(codes[first:]) or first == len(parts):
        return text, []
    cut = text.index(parts[first]) if first else 0
    return text[:cut].rstrip(" ,;"), [c.groups() for c in codes[first:]]


def sentence(text):
    """As it stands behind nothing else."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", ":", "?")) else text + "."


def errors(f, api):
    before, codes = split_codes(f["doc"].get("status", ""))
    out = roff.prose(sentence(before)) if before else []
    for code, cause in codes:
        text = cause or api["docs"].get(code, {}).get("summary", "")
        out += roff.item(roff.bold(code), text)
    return out


def library(name, serve):
    text = "libmlpipe (pkg-config mlpipe)"
    if name in serve:
        text += ", libmlpipe-serve (pkg-config mlpipe-serve)"
    return roff.wrapped(text)


def parameters(f):
    out = []
    for param, _ in f["params"]:
        lines = roff.item(roff.italic(param), f["doc"]["params"][param])
        lines[2] = OWNERSHIP.sub(r"\\fB\1\\fP", lines[2])
        out += lines
    return out


def returned(f):
    text = f["doc"].get("return", "")
    if f["returns"] == "void":
        return []
    if text != "MLPIPE_OK":
        return roff.prose(sentence(text))
    told = any(t == "mlpipe_ctx *" for _, t in f["params"])
    out = ["\\fBMLPIPE_OK\\fP, or one of the codes under ERRORS,",
           "with \\fBMLPIPE_E_ARG\\fP for a NULL where none is allowed."]
    if told:
        out += [".BR mlpipe_ctx_error (3)",
                "says what happened, where, and what to do."]
    return out


def said_of(doc):
    """All that is said in a comment."""
    parts = [doc["summary"], doc.get("status", ""), doc.get("return", "")]
    return " ".join(parts + list(doc.get("params", {}).values()))


def tables_of(name, f):
    """The pages of section 7 that tell what its texts may hold."""
    names = {p for p, _ in f["params"]}
    if name in ("mlpipe_pipeline_add", "mlpipe_detector_new"):
        return {"mlpipe_steps"}
    told = {"params": "mlpipe_parameters",
            "expressions": "mlpipe_expressions",
            "condition": "mlpipe_expressions"}
    return {page for name, page in told.items() if name in names}


def see(functions, tables):
    """References to both sections, with commas between."""
    lines = roff.references(functions)
    if tables:
        lines[-1] += ","
    return lines + roff.references(tables, 7)


def function_page(name, f, api, serve):
    doc = f["doc"]
    near = {n for n in re.findall(r"\bmlpipe_\w+", said_of(doc))
            if n in api["functions"] and n != name}
    near |= {overview(f["header"], api), "mlpipe"}
    if any(t == "mlpipe_ctx *" for _, t in f["params"]):
        near.add("mlpipe_ctx_error")
    near.discard(name)
    examples = []
    for lines in doc.get("examples", []):
        examples += roff.literal(lines)
    parts = name_section([name], doc["summary"])
    parts += roff.section("LIBRARY", library(name, serve))
    parts += roff.section("SYNOPSIS", [
        ".nf", f"\\fB#include <mlpipe/{f['header']}>\\fP", ".PP"]
        + prototype(name, f) + [".fi"])
    parts += roff.section("DESCRIPTION", roff.blocks(doc["text"]))
    parts += roff.section("PARAMETERS", parameters(f))
    parts += roff.section("RETURN VALUE", returned(f))
    parts += roff.section("ERRORS", errors(f, api))
    parts += roff.section("THREADS", [
        f"{roff.bold(doc['thread'])}: {THREADS[doc['thread']]}"])
    parts += roff.section("EXAMPLES", examples[1:])
    parts += roff.section("HISTORY", [f"Since libmlpipe {doc['since']}."])
    parts += roff.section("SEE ALSO", see(near, tables_of(name, f)))
    return roff.page(name, 3, DATE, version(api), parts)


def fields(name, struct, api):
    out = []
    for field in struct["fields"]:
        doc = api["docs"][f"{name}.{field[0]}"]
        shown = roff.plain(doc["declaration"])
        shown = re.sub(rf"\b{field[0]}\b", f"\\\\fI{field[0]}\\\\fB", shown, 1)
        out += roff.item(f"\\fB{shown}\\fP", doc["summary"])
    return [".RS 4"] + out + [".RE"]


def types_of(header, api):
    names = [n for n in api["types"]
             if api["docs"][n].get("header") == header]
    return names + [n for n, s in api["structs"].items()
                    if s["header"] == header and n not in names]


def type_part(name, api):
    out = [f".SS {roff.plain(name)}"]
    out += roff.blocks(api["docs"][name]["text"])
    kind = api["types"].get(name, "struct")
    if name in api["structs"]:
        out += fields(name, api["structs"][name], api)
    elif not kind.startswith("struct"):
        out += roff.literal([api["docs"][name]["declaration"] + ";"])
    return out


def constants(header, api):
    out = []
    for group in api["groups"]:
        if group["header"] != header:
            continue
        out += [".PP"] + roff.blocks(group["doc"]["text"])
        out += [".RS 4"]
        for name in group["names"]:
            shown = f"{roff.bold(name)} = {roff.plain(str(api['enums'][name]))}"
            out += roff.item(shown, api["docs"][name]["summary"])
        out += [".RE"]
    return out[1:]


def aliases(header, api):
    """Types whose names lead to the page of their header."""
    taken = {overview(h, api) for h in api["headers"]}
    return [n for n in types_of(header, api)
            if n not in api["functions"] and n not in taken]


def header_page(header, api):
    doc, name = api["headers"][header], overview(header, api)
    functions = []
    for n, f in api["functions"].items():
        if f["header"] == header:
            functions += [".TP", f".BR \\%{roff.plain(n)} (3)"]
            functions += roff.prose(sentence(brief(f["doc"]["summary"])))
    types = []
    for n in types_of(header, api):
        types += type_part(n, api)
    examples = []
    for lines in doc.get("examples", []):
        examples += roff.literal(lines)
    near = {overview(h, api) for h in api["headers"]
            if h in doc["includes"]
            or re.search(rf"\b{re.escape(h)}\b", said_of(doc))}
    near = (near | {"mlpipe"}) - {name}
    parts = name_section([name] + aliases(header, api), doc["summary"])
    parts += roff.section("SYNOPSIS", [
        f"\\fB#include <mlpipe/{header}>\\fP"])
    parts += roff.section("DESCRIPTION", roff.blocks(doc["text"]))
    parts += roff.section("FUNCTIONS", functions)
    parts += roff.section("TYPES", types)
    parts += roff.section("CONSTANTS", constants(header, api))
    parts += roff.section("EXAMPLES", examples[1:])
    parts += roff.section("SEE ALSO", roff.references(near))
    return roff.page(name, 3, DATE, version(api), parts)


def umbrella_list(items, api):
    """The headers, each by the name of its page."""
    out = []
    for text in items:
        header, _, rest = text.partition(": ")
        if header not in api["headers"]:
            return roff.listing(items)
        out += [".TP", f".BR \\%{overview(header, api)} (3)"]
        out += roff.prose(sentence(rest))
    return out


def umbrella_page(api):
    """mlpipe(3): what mlpipe.h says, cut where its laws begin."""
    cuts = {"Every fallible": "ERRORS", "Ownership words": "OWNERSHIP",
            "Thread classes": "THREADS"}
    doc = api["headers"]["mlpipe.h"]
    out, rest = [], []
    for block in doc["text"]:
        start = block if isinstance(block, str) else ""
        title = next((t for s, t in cuts.items() if start.startswith(s)), "")
        if title:
            out += [f".SH {title}"] + roff.prose(block)
        elif start:
            out += [".PP"] + roff.prose(block)
        else:
            out += umbrella_list(block["list"], api)
        if title == "ERRORS":
            group = next(g for g in api["groups"] if "MLPIPE_OK" in g["names"])
            for name in group["names"][1:]:
                out += roff.item(roff.bold(name),
                                 api["docs"][name]["summary"])
    rest += roff.section("LIBRARY", [
        *roff.wrapped("libmlpipe (pkg-config mlpipe); libmlpipe-serve "
                      "(pkg-config mlpipe-serve) holds what a program needs "
                      "that only predicts, see"), ".BR \\%mlpipe_deploy (3)."])
    parts = roff.section("NAME", [
        "mlpipe \\- machine learning on tables, from file to watched model"])
    parts += rest
    parts += roff.section("SYNOPSIS", [
        "\\fB#include <mlpipe/mlpipe.h>\\fP"]
        + roff.literal(LOOP.split("\n")))
    parts += [".SH DESCRIPTION"] + out[1:]
    names = {overview(h, api) for h in api["headers"]} - {"mlpipe"}
    parts += roff.section("SEE ALSO", see(names, STEPS))
    return roff.page("mlpipe", 3, DATE, version(api), parts)


def pages(api, serve):
    """name of the file -> content"""
    made = {"mlpipe.3": umbrella_page(api)}
    for header in api["headers"]:
        if header == "mlpipe.h":
            continue
        name = overview(header, api)
        made[f"{name}.3"] = header_page(header, api)
    for name, f in api["functions"].items():
        made[f"{name}.3"] = function_page(name, f, api, serve)
    return made


def build_file(made, api):
    """What meson installs: the pages, and the names of types that lead there.

    The pages of section 7 are made by catalog.py.
    """
    out = ["# SPDX-License-Identifier: MIT",
           "# Made by tests/abi/lock.py; do not edit.", "install_man("]
    out += [f"  'man3/{name}'," for name in sorted(made)]
    out += [f"  'man7/{name}.7'," for name in STEPS]
    out += [")", "foreach name, page : {"]
    for header in sorted(api["headers"]):
        out += [f"  '{alias}': '{overview(header, api)}',"
                for alias in aliases(header, api)]
    out += ["}", "  install_symlink(name + '.3', pointing_to: page + '.3',",
            "    install_dir: get_option('mandir') / 'man3',",
            "    install_tag: 'man')", "endforeach", ""]
    return "\n".join(out)
