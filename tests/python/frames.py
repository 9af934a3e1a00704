# SPDX-License-Identifier: MIT
"""A table with nulls in columns of all types, as columns and as a frame."""
import datetime

import numpy as np
import pandas as pd

ROWS = 300
UTC = datetime.timezone.utc
DAY = datetime.datetime(2024, 2, 29, 12, 30, tzinfo=UTC)
COLUMNS = {
    "n": [None if i % 7 == 3 else i - 5 for i in range(ROWS)],
    "x": [None if i % 5 == 2 else i / 8 for i in range(ROWS)],
    "b": [None if i % 11 == 9 else i % 3 == 0 for i in range(ROWS)],
    "city": [None if i % 4 == 1 else ["Bath", "Köln", ""][i % 3]
             for i in range(ROWS)],
    "at": [None if i % 9 == 8 else DAY + datetime.timedelta(hours=i)
           for i in range(ROWS)],
}


def frame():
    return pd.DataFrame({
        "n": pd.array(COLUMNS["n"], dtype="Int64"),
        "x": np.array(COLUMNS["x"], dtype=float),
        "b": pd.array(COLUMNS["b"], dtype="boolean"),
        "city": pd.Series(COLUMNS["city"], dtype=object),
        "at": pd.to_datetime(pd.Series(COLUMNS["at"])).dt.as_unit("us"),
    })
