# SPDX-License-Identifier: MIT
"""Adds up a meson testlog.json: "passed failed skipped".

A CMocka program prints TAP, so its single tests count; any other test counts
once. --why prints the last lines of what failed.
"""
import json
import re
import sys

why = sys.argv[1] == "--why"
passed = failed = skipped = 0
for line in open(sys.argv[-1]):
    run = json.loads(line)
    text = run.get("stdout", "")
    plan = sum(int(n) for n in re.findall(r"^1\.\.(\d+)", text, re.M))
    bad = re.findall(r"^not ok (?!.*# SKIP)(.*)$", text, re.M)
    skips = len(re.findall(r"^(?:not )?ok .*# SKIP", text, re.M))
    ok = len(re.findall(r"^ok (?!.*# SKIP)", text, re.M))
    good = run["result"] in ("OK", "EXPECTEDFAIL")
    if run["result"] == "SKIP":
        skipped += 1
    elif plan:
        skipped += skips
        passed += ok
        # A crash ends the list early: what the plan promised is missing.
        lost = plan - ok - skips
        failed += lost if lost or good else 1
    else:
        passed += good
        failed += not good
    if why and not good and run["result"] != "SKIP":
        tail = (text + run.get("stderr", "")).splitlines()
        print(f"--- {run['name']}: {run['result']}", *bad, sep="\n    ")
        print("\n".join(tail[-25:]))
if not why:
    print(passed, failed, skipped)
