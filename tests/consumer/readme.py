#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The C of README.md, and the synopsis of mlpipe(3), as one program.

    readme.py README.md readme.c

The first block is the chain; the others begin with || and are links of it: a
derive stands before the learner, the rest behind the model that is saved. What
a block names and no block declares is declared here. Of the trials of the
search only their number is another, so that a test is short.
"""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root / "tests" / "abi"))
import man  # noqa: E402

MORE = """\
mlpipe_pipeline *tuned;
mlpipe_report *trials, *profile, *changes;
mlpipe_buffer *page;
mlpipe_store *store;
"""
LAST = '|| mlpipe_model_save(c, m, "houses.mlpipe")'


def blocks(text):
    part = text[text.index("\n## In C\n"):text.index("\n## In C++\n")]
    return re.findall(r"```c\n(.*?)```", part, re.S)


def chain(text):
    first, *more = blocks(text)
    if first.count(LAST) != 1 or len(more) < 3:
        sys.exit("readme.py: README.md has other blocks than it had")
    learner = "    || mlpipe_pipeline_add(c, p, \"gbt\""
    for links in more:
        if links.count("trials=20") > 1 or not links.startswith("    || "):
            sys.exit("readme.py: no links of the chain:\n" + links)
        links = links.replace("trials=20", "trials=2")
        at = (first.index(learner) if "pipeline_derive" in links
              else first.index(";", first.index(LAST)))
        between = "" if "pipeline_derive" in links else "\n"
        first = first[:at] + between + links.rstrip() + (
            "" if between else "\n") + first[at:]
    return first


def main(readme, out):
    text = chain(pathlib.Path(readme).read_text())
    include, body = text.split("\n", 1)
    declared = body[:body.index("failed = ")]
    pathlib.Path(out).write_text(f"""{include}
#include <stdio.h>
#include <stdlib.h>
#include "04_houses.h"

static int synopsis(void)
{{
{declared}
{man.LOOP}
return failed;
}}

int main(void)
{{
if (system("rm -rf houses.store") || houses_write("houses.csv"))
    return 1;
{MORE}{body}
if (failed || synopsis())
    return 1;
printf("%g rows more than in june\\n",
       mlpipe_report_get(changes, "rows_added"));
return !(mlpipe_report_get(changes, "rows_added") > 0);
}}
""")


if __name__ == "__main__":
    main(*sys.argv[1:])
