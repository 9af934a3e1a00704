# SPDX-License-Identifier: MIT
"""What `meson test` of some suites runs, and so what has to be built for it.

    needs.py FOLDER [--suite NAME ...] [--no-suite NAME ...] [FILE ...]

prints the files, as ninja knows them in the build folder FOLDER, and behind
them those that are named.
"""
import json
import os
import sys

folder, words = sys.argv[1], sys.argv[2:]
suites = {"--suite": set(), "--no-suite": set()}
while words and words[0] in suites:
    suites[words[0]].add(words[1])
    words = words[2:]
wanted, unwanted = suites["--suite"], suites["--no-suite"]


def told(what):
    with open(os.path.join(folder, "meson-info", f"intro-{what}.json")) as f:
        return json.load(f)


files = {target["id"]: target["filename"] for target in told("targets")}
needed = set()
for test in told("tests"):
    its = {suite.rpartition(":")[2] for suite in test["suite"]}
    if (its & wanted or not wanted) and not its & unwanted:
        for target in test["depends"]:
            needed.update(files[target])
if not needed:
    sys.exit(f"needs.py: no test of {folder} is in {sorted(wanted)}")
print(*sorted(os.path.relpath(file, os.path.realpath(folder))
              for file in needed), *words, sep="\n")
