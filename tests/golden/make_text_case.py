# SPDX-License-Identifier: MIT
"""Makes tests/golden/text_case.h: case by Python's Unicode database.

Run from the top of the tree: python3 tests/golden/make_text_case.py
Python has the full mapping; where it gives several letters the simple one is
none, except for U+0130.
"""
import unicodedata

RANGES = [(0x01, 0x17F), (0x370, 0x52F)]


def simple(c, mapped):
    if c == "\u0130" and mapped != c:
        return "i"
    return mapped if len(mapped) == 1 else c


def main():
    lines = ["/* SPDX-License-Identifier: MIT */",
             "/* Case by Unicode %s. Made by tests/golden/make_text_case.py; "
             "do not edit. */" % unicodedata.unidata_version,
             "#ifndef MLPIPE_GOLDEN_TEXT_CASE_H",
             "#define MLPIPE_GOLDEN_TEXT_CASE_H", "",
             "/* letter, lower, upper, where one of them differs */",
             "static const unsigned golden_case[][3] = {"]
    for first, last in RANGES:
        for code in range(first, last + 1):
            c = chr(code)
            row = (code, ord(simple(c, c.lower())),
                   ord(simple(c, c.upper())))
            if row != (code,) * 3:
                lines.append("    {0x%x, 0x%x, 0x%x}," % row)
    lines += ["};", "", "/* letter, its base letter in ASCII */",
              "static const unsigned golden_base[][2] = {"]
    for code in range(0xC0, 0x180):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base < "\x80":
            lines.append("    {0x%x, 0x%x}," % (code, ord(base)))
    lines += ["};", "", "#endif", ""]
    with open("tests/golden/text_case.h", "w") as f:
        f.write("\n".join(lines))


main()
