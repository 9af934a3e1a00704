# SPDX-License-Identifier: MIT
"""Lint of the sources: layers, names, lengths, words.

    source.py ROOT

Prints one line for each finding, and fails where there is one.
"""
import collections
import os
import re
import sys

# System headers that only these files of lib/ may include.
OWNERS = {
    "stdlib.h": {"os_posix.c"},
    "stdio.h": {"io_posix.c"},
    "time.h": {"os_posix.c"},
    "unistd.h": {"os_posix.c", "io_posix.c"},
    "pthread.h": {"pool_posix.c"},
    "signal.h": {"pool_posix.c"},
    "errno.h": {"io_posix.c"},
    "fcntl.h": {"io_posix.c"},
    "dirent.h": {"io_posix.c"},
    "sys/file.h": {"io_posix.c"},
    "sys/stat.h": {"io_posix.c"},
    "xmmintrin.h": {"fpenv.c"},
    "cjson/cJSON.h": {"json.c"},
    "cJSON.h": {"json.c"},
    "xxhash.h": {"hash.c"},
    "zlib.h": {"input_gzip.c"},
    "zstd.h": {"input_zstd.c"},
    "zstd_errors.h": {"input_zstd.c"},
    "cblas.h": {"blas.c"},
    "lapacke.h": {"blas.c"},
}
# What any file of lib/ may include.
COMMON = {"float.h", "limits.h", "stdarg.h", "stdatomic.h", "stdbool.h",
          "stddef.h", "stdint.h", "string.h"}
INTRINSICS = re.compile(r"(immintrin|emmintrin|cpuid|arm_neon)\.h$")

LINES_MAX = 800
COLUMNS_MAX = 80
FUNCTION_LINES_MAX = 62
FUNCTIONS_OVER_MAX = 0.01  # the share that may be longer
WORDS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")

findings = []


def find(path, line, text):
    findings.append(f"{path}:{line}: {text}")


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        return f.read()


def files(root, tops, endings):
    for top in tops:
        for folder, names, found in os.walk(os.path.join(root, top)):
            names[:] = sorted(n for n in names if n not in
                              ("__pycache__", "golden", "corpus"))
            for name in sorted(found):
                if name.endswith(endings):
                    yield os.path.relpath(os.path.join(folder, name), root)


def strip(text):
    """C without comments and literals; the line breaks stay."""
    pattern = re.compile(
        r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'",
        re.S)

    def blank(match):
        got = match.group(0)
        if got[0] == '"':
            return '""'
        if got[0] == "'":
            return "0"
        return re.sub(r"[^\n]", " ", got)
    return pattern.sub(blank, text)


def check_texts(root):
    endings = (".c", ".h", ".py", ".sh", ".hpp", ".cpp")
    tops = ("lib", "include", "tests", "examples", "bindings")
    for path in files(root, tops, endings + ("meson.build",)):
        try:
            text = read(root, path)
        except UnicodeDecodeError:
            find(path, 1, "is not UTF-8")
            continue
        lines = text.split("\n")
        head = lines[:2]
        if any("Made by " in line and "do not edit" in line
               for line in lines[:3]):
            continue
        if not any("SPDX-License-Identifier: MIT" in line for line in head):
            find(path, 1, "has no SPDX line")
        if len(lines) - 1 > LINES_MAX:
            find(path, len(lines), f"has more than {LINES_MAX} lines")
        if text and not text.endswith("\n"):
            find(path, len(lines), "does not end in a line break")
        for i, line in enumerate(lines, 1):
            if len(line) > COLUMNS_MAX:
                find(path, i, f"{len(line)} columns, not {COLUMNS_MAX}")
            if line != line.rstrip():
                find(path, i, "blanks at the end of the line")
            if "\t" in line and not path.endswith(".py"):
                find(path, i, "a tab")
            word = WORDS.search(line)
            if word:
                find(path, i, f"{word.group(0)}: do it, or leave it out")


def check_course(root):
    """README.md has a row for each example, with the lines of its files."""
    lines = collections.Counter()
    for path in files(root, ("examples",), (".c", ".h", ".cpp", ".py")):
        lines[os.path.basename(path)[:2]] += read(root, path).count("\n")
    rows = re.findall(r"^\| `((\d\d)_\w+\.\w+)` \|.*\| (\d+) \|$",
                      read(root, "README.md"), re.M)
    for name, number, told in rows:
        if not os.path.exists(os.path.join(root, "examples", name)):
            find("README.md", 1, f"there is no examples/{name}")
        elif int(told) != lines[number]:
            find("README.md", 1,
                 f"{name} has {lines[number]} lines, not {told}")
    for number in sorted(set(lines) - {row[1] for row in rows}):
        find("README.md", 1, f"the course has no row for examples/{number}*")


def read_layers(root):
    allowed, folder = {}, None
    for line in read(root, "tests/lint/layers.txt").split("\n\n", 1)[1] \
            .split("\n"):
        if ":" in line:
            folder, _, line = line.partition(":")
            allowed[folder] = {folder}
        if folder:
            allowed[folder] |= set(line.split())
    for name, wanted in allowed.items():
        for other in wanted - {name}:
            if other not in allowed:
                find("tests/lint/layers.txt", 1, f"no folder {other}")
            elif name in allowed[other]:
                find("tests/lint/layers.txt", 1,
                     f"{name} and {other} include each other")
    return allowed


def check_includes(root):
    allowed = read_layers(root)
    pattern = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
    for path in files(root, ("lib",), (".c", ".h")):
        folder, name = path.split("/")[1], os.path.basename(path)
        if folder not in allowed:
            find(path, 1, f"the folder {folder} is not in layers.txt")
            continue
        for i, line in enumerate(read(root, path).split("\n"), 1):
            got = pattern.match(line)
            if not got:
                continue
            what = got.group(2)
            if got.group(1) == '"':
                target = os.path.normpath(
                    os.path.join(folder, what) if what[0] == "."
                    or "/" not in what else what).split("/")[0]
                if target not in allowed[folder]:
                    find(path, i, f"{folder} may not include {what}")
            elif what in OWNERS:
                if name not in OWNERS[what]:
                    find(path, i, f"only {sorted(OWNERS[what])} may "
                         f"include <{what}>")
            elif (what not in COMMON and not INTRINSICS.search(what)
                  and not what.startswith("mlpipe/")):
                find(path, i, f"<{what}> is no header of this library")


def check_names(root):
    """File names, and file-scope names that a unity build would mix up."""
    seen = {}
    for path in files(root, ("lib",), (".c", ".h")):
        name = os.path.basename(path)
        if name in seen:
            find(path, 1, f"the name is taken by {seen[name]}")
        seen[name] = path
    where = collections.defaultdict(list)
    for path in files(root, ("lib",), (".c",)):
        for line, name in file_scope_names(strip(read(root, path))):
            where[name].append((path, line))
    for name, places in sorted(where.items()):
        if len({p for p, _ in places}) > 1:
            other = ", ".join(sorted({p for p, _ in places}))
            find(*places[0], f"{name} is defined in {other}")


def file_scope_names(text):
    """(line, name) of statics, tags and constants outside of functions."""
    depth = 0
    for i, line in enumerate(text.split("\n"), 1):
        if depth == 0:
            got = re.match(r"static\b[^=;({]*?(\w+)\s*[\[(=;]", line)
            if got:
                yield i, got.group(1)
            got = re.match(r"(?:typedef )?(?:struct|union|enum) (\w+) \{",
                           line)
            if got:
                yield i, got.group(1)
            got = re.match(r"#\s*define\s+(\w+)", line)
            if got:
                yield i, got.group(1)
        depth += line.count("{") - line.count("}")


def check_functions(root):
    total, long = 0, []
    for path in files(root, ("lib",), (".c",)):
        lines = strip(read(root, path)).split("\n")
        start = None
        for i, line in enumerate(lines, 1):
            if line.startswith("{"):
                start = i
            elif line.startswith("}") and start:
                total += 1
                if i - start > FUNCTION_LINES_MAX:
                    long.append((path, start, i - start))
                start = None
    if len(long) > FUNCTIONS_OVER_MAX * total:
        for path, start, n in long:
            find(path, start, f"a function of {n} lines; {len(long)} of "
                 f"{total} are longer than {FUNCTION_LINES_MAX}")
    return total


def check_comments(root):
    for path in files(root, ("lib", "include"), (".c", ".h")):
        text = re.sub(r"/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"",
                      lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                      read(root, path), flags=re.S)
        for i, line in enumerate(text.split("\n"), 1):
            if "//" in line:
                find(path, i, "a // comment")


def main():
    root = sys.argv[1]
    check_texts(root)
    check_course(root)
    check_includes(root)
    check_names(root)
    total = check_functions(root)
    check_comments(root)
    print("\n".join(findings))
    print(f"{total} functions in lib/, {len(findings)} findings")
    sys.exit(bool(findings))


main()
