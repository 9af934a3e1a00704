# SPDX-License-Identifier: MIT
"""Two data frames, one call: which columns changed, and how far.

    python3 07_drift.py [page.html]

The frames may be pandas', polars' or pyarrow's.
"""
import sys

import numpy as np
import pandas

import mlpipe


def customers(dice: np.random.Generator, rows: int,
              late: int) -> pandas.DataFrame:
    """A month of customers; in a late one, three things have happened."""
    frame = pandas.DataFrame({
        "age": dice.normal(41, 12, rows).round().clip(18, 90),
        "income": dice.lognormal(10.4 + 0.2 * late, 0.5, rows).round(),
        "city": dice.choice(["Paris", "Rome", "Oslo"], rows,
                            p=[0.3, 0.3, 0.4] if late else [0.5, 0.3, 0.2]),
        "visits": dice.poisson(4, rows)})
    # A form that changed: it is left empty more often.
    frame.loc[dice.random(rows) < (0.15 if late else 0.02), "age"] = np.nan
    return frame


def main() -> None:
    dice = np.random.default_rng(7)
    march, april = customers(dice, 4000, 0), customers(dice, 4000, 1)

    report = mlpipe.Dataset.from_arrow(march).drift(
        mlpipe.Dataset.from_arrow(april))

    table = report.table("drift")
    for name, verdict, reason, psi, q in zip(
            *map(table.values, ("column", "verdict", "reason", "psi", "q"))):
        print(f"{name:8} {verdict:6} {reason or '':13} psi {psi:6.3f}   "
              f"q {q:.2g}")
    print("verdict:", report.text("verdict"))
    page = sys.argv[1] if len(sys.argv) > 1 else "drift.html"
    with open(page, "w", encoding="utf-8") as file:
        file.write(report.to_html())
    print("the page:", page)


if __name__ == "__main__":
    main()
