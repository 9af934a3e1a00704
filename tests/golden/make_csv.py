#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes csv_cases.json: dirty CSV texts and the cells that Python's csv
module reads from them. Texts keep to what RFC 4180 leaves no doubt about:
every quote that is opened is closed right before a delimiter or line end.
Rows with another number of cells than the first are expected as rejected,
blank lines as skipped.

    python3 make_csv.py > csv_cases.json
"""
import csv
import io
import json
import random

PLAIN = ["", "a", "0", "-1.5", " x ", "x y", "  ", "\u00e9t\u00e9",
         "\u65e5\u672c", "\U0001f600", "NA", "?", "null", "1e5", "tab\there",
         "semi;colon", "pi|pe", "com,ma", 'in"side', "two''s", "007",
         "2015-02-01", "yes", "\u2028", "x" * 70, "\u00a0", "=1+1", "#no"]
INSIDE = PLAIN + ["line\nbreak", "cr\rhere", "crlf\r\nhere", "\n", "\r\n",
                  '"', '""', 'say "hi"', ",", "'", ";\n|", "\n\n\n", '"\n"']


def cell(rng, delimiter, quote, first):
    """One cell as it is written."""
    if rng.random() < 0.45:
        text = rng.choice(INSIDE)
        return quote + text.replace(quote, quote * 2) + quote
    text = rng.choice(PLAIN)
    while delimiter in text or text.startswith(quote):
        text = rng.choice(PLAIN)
    return text


def case(rng, number):
    delimiter = rng.choice(",;\t|")
    quote = rng.choice('"""\'')
    width = rng.choice([1, 2, 2, 3, 3, 4, 5, 9, 40])
    ends = rng.choice([["\n"], ["\r\n"], ["\r"], ["\n", "\r\n", "\r"]])
    text = "\ufeff" if rng.random() < 0.1 else ""
    for row in range(rng.randint(1, 12)):
        cells = width
        if row and rng.random() < 0.15:
            cells = max(1, width + rng.choice([-2, -1, 1, 2]))
        line = delimiter.join(cell(rng, delimiter, quote, row == 0)
                              for _ in range(cells))
        if line == "" and row == 0:
            line = "first"
        unended = text + line
        text = unended + rng.choice(ends)
        if rng.random() < 0.1:
            text += rng.choice(ends)
    if rng.random() < 0.4:
        text = unended
    return text, delimiter, quote


def expected(text, delimiter, quote):
    body = text[1:] if text.startswith("\ufeff") else text
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter,
                        quotechar=quote, strict=False)
    rows = list(reader)
    blank = sum(row == [] for row in rows)
    rows = [row for row in rows if row != []]
    width = len(rows[0])
    good = [row for row in rows if len(row) == width]
    return good, len(rows) - len(good), blank


def main():
    rng = random.Random(20240501)
    cases = []
    while len(cases) < 300:
        text, delimiter, quote = case(rng, len(cases))
        if not text.strip("\r\n\ufeff"):
            continue
        rows, rejected, blank = expected(text, delimiter, quote)
        cases.append({"text": text, "delimiter": delimiter, "quote": quote,
                      "rows": rows, "rejected": rejected, "skipped": blank})
    print("[")
    print(",\n".join(json.dumps(c, ensure_ascii=True) for c in cases))
    print("]")


main()
