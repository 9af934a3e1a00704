# SPDX-License-Identifier: MIT
"""The area `models` of bench.py: learners beside their peers. Each row of
ROWS is a function that prints its lines; MLPIPE_BENCH_ROWS names some."""
import os

import models_near

ROWS = models_near.ROWS


def area():
    only = os.environ.get("MLPIPE_BENCH_ROWS", "").split()
    for row in ROWS:
        if not only or row.__name__ in only:
            row()
