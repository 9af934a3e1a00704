# SPDX-License-Identifier: MIT
"""Put the tables of an area into RESULTS.md, in place of its last ones."""
import os
import re
import sys

area, table = sys.argv[1:]
path = os.path.join(os.path.dirname(__file__), "RESULTS.md")
with open(table, encoding="utf-8") as f:
    new = f"## {area}\n\n{f.read().strip()}\n"
with open(path, encoding="utf-8") as f:
    top, *parts = re.split(r"^(?=## )", f.read(), flags=re.M)
parts = [p for p in parts if p.split("\n")[0] != f"## {area}"] + [new]
order = {"## row": 0, "## features": 1, "## train": 2, "## csv": 3,
         "## data": 4, "## models": 5, "## detectors": 6,
         "## monitor": 7, "## python": 8}
parts.sort(key=lambda p: order.get(p.split("\n")[0], 9))
with open(path, "w", encoding="utf-8") as f:
    f.write(top.rstrip() + "\n\n" + "\n".join(p.strip() + "\n"
                                              for p in parts))
