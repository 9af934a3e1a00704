# SPDX-License-Identifier: MIT
"""As-of joins by one clock as pandas makes them: tests/golden/asof.h.

    make_asof.py > asof.h     (pandas 3.1.1)

For each setting which right row each left row gets, or -1. Of equal times
pandas takes the last going backward but the first going forward, so that the
right times of a key are unique where the direction is not backward.
"""
import random

import pandas

LEFT, RIGHT = 40, 60


def rows(rng, count, keys, unique):
    seen, made = set(), []
    while len(made) < count:
        row = (rng.randrange(0, 100), rng.choice(keys))
        if unique and row in seen:
            continue
        seen.add(row)
        made.append(row)
    return made


def matches(left, right, direction, tolerance, strict):
    frames = []
    for name, side in (("l", left), ("r", right)):
        frame = pandas.DataFrame(side, columns=["t", "k"])
        frame["t"] = pandas.to_datetime(frame["t"], unit="s")
        frame[name] = range(len(side))
        frames.append(frame.sort_values("t", kind="stable"))
    joined = pandas.merge_asof(
        *frames, on="t", by="k", direction=direction,
        tolerance=None if tolerance < 0 else pandas.Timedelta(
            tolerance, unit="s"),
        allow_exact_matches=not strict)
    joined = joined.sort_values("l")
    return [-1 if r != r else int(r) for r in joined["r"]]


def lists(values):
    lines, line = [], "     "
    for value in values:
        word = f" {value},"
        if len(line) + len(word) > 78:
            lines.append(line)
            line = "     "
        line += word
    return "\n".join(lines + [line])


def main():
    rng = random.Random(5)
    print("/* Made by make_asof.py; do not edit. */")
    print(f"enum {{ GOLDEN_LEFT = {LEFT}, GOLDEN_RIGHT = {RIGHT} }};")
    print("static const struct {\n    const char *params;\n"
          "    int left_time[GOLDEN_LEFT], left_key[GOLDEN_LEFT];\n"
          "    int right_time[GOLDEN_RIGHT], right_key[GOLDEN_RIGHT];\n"
          "    int match[GOLDEN_LEFT];\n} golden_asof[] = {")
    for direction in ("backward", "forward", "nearest"):
        for tolerance in (-1, 0, 4):
            for strict in (False, True):
                left = rows(rng, LEFT, (1, 2, 3, 4), False)
                right = rows(rng, RIGHT, (1, 2, 3), direction != "backward")
                params = f"direction={direction} strict={str(strict).lower()}"
                if tolerance >= 0:
                    params += f" tolerance='{tolerance} s'"
                print(f'    {{"{params}",')
                for side in (left, right):
                    for i in (0, 1):
                        print("     {\n" + lists(r[i] for r in side)
                              + "\n     },")
                print("     {\n" + lists(matches(left, right, direction,
                                                 tolerance, strict))
                      + "\n     }},")
    print("};")


main()
