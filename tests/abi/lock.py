# SPDX-License-Identifier: MIT
"""The lock of the public API, made from clang's syntax tree of the headers.

    lock.py write   writes current.json and all that is made from it
    lock.py check   fails where the headers, current.json and what is made from
                    it disagree, where a released declaration is gone or
                    changed, and where a declaration is not documented

Made from the lock: lib/mlpipe.map, lib/mlpipe-serve.map,
bindings/python/mlpipe/_raw.py and the manual pages, include/man/man3 (man.py).
Building the library needs no clang.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

import comments
import man

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CLANG = os.environ.get("CLANG", "clang")
THREADS = {"any", "shared", "ctx", "owner"}
OWNERSHIP = ("borrows", "keeps", "takes", "gives", "owned")


def syntax_tree():
    """Declarations of our own headers, as clang's JSON nodes."""
    header = os.path.join(ROOT, "include", "mlpipe", "mlpipe.h")
    text = subprocess.run(
        [CLANG, "-fsyntax-only", "-xc", "-std=c99", "-fparse-all-comments",
         "-I", os.path.join(ROOT, "include"), "-Xclang", "-ast-dump=json",
         header], check=True, capture_output=True, text=True).stdout
    where, ours = "", []
    for node in json.loads(text)["inner"]:
        loc = node.get("loc", {})
        loc = loc.get("expansionLoc", loc)
        where = loc.get("file", where)
        if "/include/mlpipe/" in where:
            ours.append((os.path.basename(where), node))
    return ours


def type_of(node):
    return node["type"]["qualType"]


def source(text, node):
    """A declaration as the header has it, blanks folded."""
    begin, end = node["range"]["begin"], node["range"]["end"]
    found = text[begin["offset"]:end["offset"] + end["tokLen"]]
    return comments.fold(re.sub(r"/\*.*?\*/", "", found, flags=re.S)
                         .split("\n"))


def read_headers():
    api = {"functions": {}, "structs": {}, "enums": {}, "types": {},
           "headers": {}, "groups": [], "docs": {}}
    texts = {}
    folder = os.path.join(ROOT, "include", "mlpipe")
    for header in sorted(os.listdir(folder)):
        with open(os.path.join(folder, header)) as f:
            texts[header] = f.read()
        api["headers"][header] = comments.of_file(texts[header])
        api["headers"][header]["includes"] = re.findall(
            r"#include <mlpipe/(\w+\.h)>", texts[header])
    for header, node in syntax_tree():
        kind, name = node["kind"], node.get("name", "")

        def documentation(of):
            return comments.of_node(texts[header], of)
        if kind == "FunctionDecl":
            api["functions"][name] = {
                "header": header,
                "returns": type_of(node).split("(")[0].strip(),
                "params": [[p.get("name", ""), type_of(p)]
                           for p in node.get("inner", [])
                           if p["kind"] == "ParmVarDecl"],
                "doc": documentation(node)}
        elif kind == "RecordDecl" and node.get("completeDefinition"):
            api["structs"][name] = {
                "header": header,
                "fields": [[f["name"], type_of(f)]
                           for f in node.get("inner", [])
                           if f["kind"] == "FieldDecl"]}
            api["docs"][name] = documentation(node)
            for f in node.get("inner", []):
                if f["kind"] == "FieldDecl":
                    api["docs"][f"{name}.{f['name']}"] = {
                        "declaration": source(texts[header], f),
                        **documentation(f)}
        elif kind == "EnumDecl":
            value = -1
            group = {"header": header, "doc": documentation(node),
                     "names": []}
            api["groups"].append(group)
            for c in node.get("inner", []):
                if c["kind"] != "EnumConstantDecl":
                    continue
                value = constant(c, value + 1)
                api["enums"][c["name"]] = value
                api["docs"][c["name"]] = documentation(c)
                group["names"].append(c["name"])
        elif kind == "TypedefDecl":
            api["types"][name] = type_of(node)
            api["docs"][name] = {"header": header,
                                 "declaration": source(texts[header], node),
                                 **documentation(node)}
    measure(api["structs"])
    return api


def constant(node, otherwise):
    for inner in node.get("inner", []):
        if "value" in inner:
            return int(inner["value"])
        got = constant(inner, None)
        if got is not None:
            return got
    return otherwise


def measure(structs):
    """Sizes and offsets, told by a compiled program."""
    lines = ["#include <mlpipe/mlpipe.h>", "#include <stdio.h>",
             "int main(void){"]
    for name, struct in structs.items():
        lines.append(f'printf("{name} %zu\\n", sizeof(struct {name}));')
        for field, _ in struct["fields"]:
            lines.append(f'printf("{name}.{field} %zu\\n", '
                         f"offsetof(struct {name}, {field}));")
    lines.append("return 0;}")
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "sizes.c")
        with open(source, "w") as f:
            f.write("\n".join(lines))
        subprocess.run([CLANG, "-I", os.path.join(ROOT, "include"), "-o",
                        source[:-2], source], check=True)
        out = subprocess.run([source[:-2]], check=True, capture_output=True,
                             text=True).stdout
    for line in out.splitlines():
        name, value = line.split()
        struct, _, field = name.partition(".")
        if field:
            for f in structs[struct]["fields"]:
                if f[0] == field:
                    f.append(int(value))
        else:
            structs[struct]["size"] = int(value)


# ---- what is made from the lock ---------------------------------------------

def serve_names():
    with open(os.path.join(HERE, "serve.txt")) as f:
        return [n for n in f.read().split() if n.startswith("mlpipe_")]


def symbol_map(names):
    body = "".join(f"        {n};\n" for n in sorted(names))
    return ("/* SPDX-License-Identifier: MIT */\n"
            "/* Made by tests/abi/lock.py; do not edit. */\n"
            "MLPIPE_0 {\n    global:\n" + body + "    local:\n        *;\n"
            "};\n")


SCALARS = {"int32_t": "c_int32", "uint32_t": "c_uint32",
           "int64_t": "c_int64", "uint64_t": "c_uint64",
           "size_t": "c_size_t", "double": "c_double",
           "uint8_t": "c_uint8", "mlpipe_status": "c_int32", "int": "c_int32",
           "void": "None"}


def ctypes_of(c_type, api):
    t = c_type.replace("const ", "").replace(" const", "").strip()
    if "(*)" in t:
        head, args = t.split("(*)", 1)
        args = args.strip()[1:-1]
        parts = [ctypes_of(a, api) for a in split_args(args)]
        return f"CFUNCTYPE({', '.join([ctypes_of(head, api)] + parts)})"
    if t in api["types"] and "(*)" in api["types"][t]:
        return ctypes_of(api["types"][t], api)
    if t.endswith("*"):
        inner = t[:-1].strip()
        if inner in ("char", "void"):
            return "c_char_p" if inner == "char" else "c_void_p"
        return f"POINTER({ctypes_of(inner, api)})"
    t = t.replace("struct ", "")
    return SCALARS.get(t, t)


def split_args(text):
    depth, part, parts = 0, "", []
    for ch in text:
        depth += (ch == "(") - (ch == ")")
        if ch == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += ch
    return [p for p in (parts + [part]) if p.strip() not in ("", "void")]


def python_layer(api):
    out = ['# SPDX-License-Identifier: MIT',
           '"""The C API as it is. Made by tests/abi/lock.py; do not edit."""',
           "from ctypes import (CFUNCTYPE, POINTER, Structure, c_char_p, "
           "c_double,",
           "                    c_int32, c_int64, c_size_t, c_uint8, "
           "c_uint32, c_uint64,", "                    c_void_p)",
           "from typing import Any", ""]
    for name, value in api["enums"].items():
        out.append(f"{name} = {value}")
    out.append("")
    opaque = [n for n, t in api["types"].items()
              if t == f"struct {n}" and n not in api["structs"]]
    for name in opaque:
        out += ["", f"class {name}(Structure):", "    pass", ""]
    for name, struct in api["structs"].items():
        out += ["", f"class {name}(Structure):", "    pass", ""]
    for name, struct in api["structs"].items():
        out.append(f"\n{name}._fields_ = [")
        for field in struct["fields"]:
            out.append(f'    ("{field[0]}",')
            out.append(f"     {ctypes_of(field[1], api)}),")
        out.append("]")
    out += ["", "SIZES = {"]
    for name, struct in api["structs"].items():
        offsets = ", ".join(f'"{f[0]}": {f[2]}' for f in struct["fields"])
        out.append(f'    "{name}": ({struct["size"]}, {{{offsets}}}),')
    out += ["}", "", "FUNCTIONS = {"]
    for name, f in sorted(api["functions"].items()):
        args = ", ".join(ctypes_of(t, api) for _, t in f["params"])
        out.append(f'    "{name}": ({ctypes_of(f["returns"], api)},')
        out.append(f"        [{args}]),")
    out += ["}", "", "", "def declare(library: Any) -> Any:",
            '    """Give each function of a loaded library its types."""',
            "    for name, (result, arguments) in FUNCTIONS.items():",
            "        function = getattr(library, name)",
            "        function.restype = result",
            "        function.argtypes = arguments",
            "    return library", ""]
    return "\n".join(out)


def products(api):
    """path -> content of everything that is made from the lock."""
    made = {
        "tests/abi/current.json":
            json.dumps(api, indent=1, sort_keys=True) + "\n",
        "lib/mlpipe.map": symbol_map(api["functions"]),
        "lib/mlpipe-serve.map": symbol_map(serve_names()),
        "bindings/python/mlpipe/_raw.py": python_layer(api),
    }
    pages = man.pages(api, set(serve_names()))
    for name, page in pages.items():
        made[f"{man.FOLDER}/{name}"] = page
    made[man.BUILD] = man.build_file(pages, api)
    return made


def left_over(made):
    """Manual pages of what is no longer there."""
    folder = os.path.join(ROOT, man.FOLDER)
    there = os.listdir(folder) if os.path.isdir(folder) else []
    paths = [f"{man.FOLDER}/{name}" for name in sorted(there)]
    return [path for path in paths if path not in made]


# ---- checks ------------------------------------------------------------------

def check_docs(api):
    bad = [f"{name}: not documented" for name, doc in api["docs"].items()
           if not doc["summary"]]
    for name, f in api["functions"].items():
        doc = f["doc"]
        if len(doc["summary"].split()) < 3:
            bad.append(f"{name}: no summary")
        if doc.get("thread") not in THREADS:
            bad.append(f"{name}: @thread is {doc.get('thread')!r}")
        if not re.fullmatch(r"\d+\.\d+( .*)?", doc.get("since", "")):
            bad.append(f"{name}: no @since")
        if f["returns"] != "void" and not doc.get("return"):
            bad.append(f"{name}: no @return")
        if f["returns"] == "mlpipe_status" and not doc.get("status"):
            bad.append(f"{name}: no @status")
        for unknown in set(doc["params"]) - {p for p, _ in f["params"]}:
            bad.append(f"{name}: @param {unknown} names no parameter")
        for param, c_type in f["params"]:
            text = doc["params"].get(param, "")
            if not text:
                bad.append(f"{name}: @param {param} is missing")
            elif "struct" in api["types"].get(
                    c_type.replace("const ", "").strip("* "), ""):
                handle = "mlpipe_" in c_type and c_type.endswith("*")
                if (handle and not any(w in text for w in OWNERSHIP)
                        and "written here" not in text):
                    bad.append(f"{name}: @param {param} says nothing of "
                               "ownership")
    return bad


def check_released(api):
    """What was released may be added to, never changed."""
    bad = []
    folder = os.path.join(HERE, "released")
    for file in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        with open(os.path.join(folder, file)) as f:
            old = json.load(f)
        for name, f in old["functions"].items():
            new = api["functions"].get(name)
            if not new:
                bad.append(f"{file}: {name} is gone")
            elif ([t for _, t in new["params"]] !=
                  [t for _, t in f["params"]] or
                  new["returns"] != f["returns"]):
                bad.append(f"{file}: {name} has another signature")
        for name, value in old["enums"].items():
            if api["enums"].get(name) != value:
                bad.append(f"{file}: {name} was {value}")
        for name, struct in old["structs"].items():
            new = api["structs"].get(name, {"fields": []})["fields"]
            if new[:len(struct["fields"])] != struct["fields"]:
                bad.append(f"{file}: struct {name} changed")
    return bad


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in ("write", "check"):
        sys.exit(__doc__)
    api = read_headers()
    bad = check_docs(api) + check_released(api)
    made = products(api)
    for path in left_over(made):
        if sys.argv[1] == "write":
            os.remove(os.path.join(ROOT, path))
        else:
            bad.append(f"{path} is of nothing: tests/abi/lock.py write")
    for path, content in made.items():
        full = os.path.join(ROOT, path)
        if sys.argv[1] == "write":
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w") as f:
                f.write(content)
            continue
        try:
            same = open(full).read() == content
        except OSError:
            same = False
        if not same:
            bad.append(f"{path} does not fit the headers: "
                       "tests/abi/lock.py write")
    print(f"{len(api['functions'])} functions, {len(api['structs'])} structs, "
          f"{len(api['enums'])} constants")
    print("\n".join(bad))
    sys.exit(bool(bad))


main()
