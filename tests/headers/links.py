# SPDX-License-Identifier: MIT
"""A header as Doxygen links it: functions named in comments with (), constants
behind #. In the headers they stand plain, as in any text.

    links.py HEADER
"""
import json
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
NAME = re.compile(r"`[^`]*`|(?<![\"#\w])(mlpipe_\w+|MLPIPE_\w+)\b(?!\()")


def main():
    with open(os.path.join(ROOT, "tests", "abi", "current.json")) as f:
        api = json.load(f)

    def link(match):
        name = match[1]
        if name in api["functions"]:
            return name + "()"
        return "#" + name if name in api["enums"] else match[0]

    def comment(match):
        lines, code, block = match[0].split("\n"), False, False
        for i, line in enumerate(lines):
            code = code and "@endcode" not in line or "@code" in line
            # Literal blocks stand four columns in, behind an empty line.
            empty = i > 0 and lines[i - 1].strip() in ("*", "/**")
            block = line.startswith(" *     ") and (empty or block)
            if not code and not block:
                lines[i] = NAME.sub(link, line)
        return "\n".join(lines)

    with open(sys.argv[1]) as f:
        text = f.read()
    sys.stdout.write(re.sub(r"/\*\*.*?\*/", comment, text, flags=re.S))


main()
