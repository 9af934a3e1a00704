#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes ndjson_cases.json: random NDJSON and what Python's json module reads
from it. A case is {text, keys, rows}: keys in the order of their first
appearance, and each value as [kind, text]: absent, null, bool, i64 and f64
(their shortest text), text, nested (as json.loads reads it, sorted and without
spaces). Columns keep to one kind, so that types hide nothing.

    python3 make_ndjson.py > ndjson_cases.json
"""
import json
import random
import struct

random.seed(20151)
PIECES = ["", "a", " ", "\t", "\n", "\\", '"', "/", "\b", "\f", "\r", "\u007f",
          "\u00e9", "\u65e5", "\U0001f600", "\u2028", "{", "}", "[", ",", ":",
          "12", "true", "null", "NA", "\\u0041", "\x01", "\x1f", "\u0000"]


def string():
    return "".join(random.choice(PIECES) for _ in range(random.randrange(6)))


def escaped(s):
    """One of the ways to write a string."""
    if random.random() < 0.3:
        return json.dumps(s, ensure_ascii=False)
    out = []
    for c in s:
        if random.random() < 0.3:
            units = c.encode("utf-16-be")
            out.append("".join(random.choice(("\\u%04x", "\\u%04X"))
                               % (units[i] << 8 | units[i + 1])
                               for i in range(0, len(units), 2)))
        elif c == "/" and random.random() < 0.5:
            out.append("\\/")
        else:
            out.append(json.dumps(c, ensure_ascii=random.random() < 0.5)[1:-1])
    return '"' + "".join(out) + '"'


def number(real):
    if not real:
        return str(random.choice((0, 1, -1, 2**63 - 1, -2**63, 2**53 + 1,
                                  random.randrange(-10**6, 10**6))))
    return random.choice((
        lambda: repr(struct.unpack("d", random.randbytes(8))[0]),
        lambda: "%d.%de%+d" % (random.randrange(10), random.randrange(10**9),
                               random.randrange(-320, 300)),
        lambda: "%d.%030d" % (random.randrange(10**6),
                              random.randrange(10**30)),
        lambda: "-0.0", lambda: "1E3", lambda: "0e-1"))()


def nested(depth=0):
    pick = random.random()
    if depth == 0 or (pick < 0.3 and depth < 3):
        return ("[" + space() + ("," + space()).join(
            nested(depth + 1) for _ in range(random.randrange(4))) + "]")
    if pick < 0.5 and depth < 3:
        return "{" + ",".join('"k%d":%s' % (i, nested(depth + 1)) for i in
                              range(random.randrange(3))) + space() + "}"
    return random.choice((escaped(string()), "true", "null", number(False)))


def space():
    return random.choice(("", "", " ", "\t", "  "))


def value(kind):
    if random.random() < 0.15:
        return "null"
    if kind == "bool":
        return random.choice(("true", "false"))
    if kind == "text":
        return escaped(string())
    if kind == "nested":
        return nested()
    while True:
        s = number(kind == "f64")
        if "n" not in s:
            return s


def told(kind, v):
    if v is None:
        return ["null", ""]
    if kind == "bool":
        return [kind, "1" if v else "0"]
    if kind == "text":
        return [kind, v.encode().hex()]
    if kind == "nested":
        return [kind, json.dumps(v, sort_keys=True, separators=(",", ":"))]
    return [kind, repr(float(v)) if kind == "f64" else str(v)]


def case():
    kinds = {}
    while len(kinds) < random.randrange(1, 7):
        key = string().replace("\0", "")
        if key and "." not in key:
            kinds[key] = random.choice(("bool", "i64", "f64", "text",
                                        "nested"))
    lines, keys, rows = [], [], []
    for _ in range(random.randrange(1, 9)):
        row = [k for k in kinds if random.random() < 0.8]
        if random.random() < 0.4:
            random.shuffle(row)
        lines.append("{" + space() + ("," + space()).join(
            escaped(k) + space() + ":" + space() + value(kinds[k]) + space()
            for k in row) + "}" + random.choice(("", " ", "\r")))
        keys += [k for k in row if k not in keys]
        rows.append(json.loads(lines[-1]))
    if not keys or all(not r for r in rows):
        return case()
    return {"text": ("\n".join(lines)).encode().hex(),
            "keys": [k.encode().hex() for k in keys],
            "kinds": [kinds[k] for k in keys],
            "rows": [[told(kinds[k], r[k]) if k in r else ["absent", ""]
                      for k in keys] for r in rows]}


print("[\n" + ",\n".join(json.dumps(case(), separators=(",", ":"))
                         for _ in range(150)) + "\n]")
