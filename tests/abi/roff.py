# SPDX-License-Identifier: MIT
"""Text as the macros of man(7) want it: escaped, a sentence a line."""
import re

COLUMNS = 78
# What must not be taken for a request, an escape or a typographic sign.
SIGNS = {"\\": "\\e", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti", "'": "\\(aq",
         "-": "\\-"}
NAME = re.compile(r"(\bmlpipe_\w+|\bMLPIPE_\w+)")
# Names that are not to be cut at the end of a line, nor at their hyphens.
WHOLE = re.compile(r"[_=<>]|mlpipe|pkg-config")
# A full stop that ends no sentence: initials, and a few abbreviations.
NO_END = re.compile(r"(\b[A-Z]|\bal|\be\.g|\bi\.e)\.$")


def plain(text):
    """Every character as it stands, for names, code and arguments."""
    return "".join(SIGNS.get(c) or (c if c < "\x7f" else f"\\[u{ord(c):04X}]")
                   for c in text)


def words(text):
    """Prose: apostrophes and the hyphens within words may look their best."""
    out = []
    for i, c in enumerate(text):
        before = text[i - 1:i].isalpha()
        behind = text[i + 1:i + 2].isalpha()
        inner = before and (behind or c == "'" and text[i - 1] == "s"
                            and text.count("'") % 2)
        out.append(c if c in "'-" and inner else plain(c))
    return "".join(out)


def whole(word):
    """A word of prose, kept together where it is a name."""
    if not WHOLE.search(word):
        return word
    return "\\%" + re.sub(r"(?<!\\)-", "\\-", word)


def argument(text):
    """One argument of a macro."""
    return '"' + plain(text).replace('"', "\\(dq") + '"'


def bold(text):
    return f"\\fB{plain(text)}\\fP"


def italic(text):
    return f"\\fI{plain(text)}\\fP"


def guarded(line):
    """A line of text that no reader takes for a request."""
    if line.startswith((".", "'")):
        line = "\\&" + line
    return line + "\\&" if NO_END.search(line) else line


def marked(text):
    """Names of the library, and what stands in backticks, in bold."""
    out = []
    for i, part in enumerate(re.split(r"`([^`]+)`", text)):
        if i % 2:
            out.append(bold(part))
            continue
        for k, piece in enumerate(NAME.split(part)):
            out.append(bold(piece) if k % 2 else words(piece))
    return "".join(out)


def sentences(text):
    parts = []
    for part in re.split(r"(?<=[.!?])\s+(?=[A-Z(\"`]|\w+=)", text):
        if parts and NO_END.search(parts[-1]):
            parts[-1] += " " + part
        else:
            parts.append(part)
    return parts


def wrapped(text, guard=whole):
    """Escaped text in lines; one word is never cut."""
    lines, line = [], ""
    for word in text.split(" "):
        word = guard(word)
        if line and len(line) + 1 + len(word) > COLUMNS - 4:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    lines.append(line)
    return [guarded(line.replace("\0", " ")) for line in lines]


def prose(text):
    """The lines of a paragraph."""
    # What stands in backticks must not be cut at a blank.
    text = re.sub(r"`[^`]+`", lambda m: m[0].replace(" ", "\0"), text)
    lines = []
    for sentence in sentences(text) if text else []:
        lines += wrapped(marked(sentence))
    return lines


def literal(lines):
    """A block that is shown as it stands."""
    out = [".PP", ".RS 2", ".nf"]
    for line in lines:
        line = plain(line)
        out.append("\\&" + line if line[:1] in (".", "'") else line)
    return out + [".fi", ".RE"]


def item(name, text):
    """An item of a list: its name, already escaped, and what it is."""
    return [".TP", name] + (prose(text) or ["\\&"])


def listing(items):
    out = []
    for text in items:
        name, colon, rest = text.partition(": ")
        if colon and len(name) <= 30 and "." not in name.rstrip(".h"):
            out += item(marked(name) if "`" in name else bold(name), rest)
        else:
            out += [".IP \\(bu 3"] + prose(text)
    return out


def blocks(text):
    """What a comment says, without a macro at its beginning."""
    out = []
    for block in text:
        if isinstance(block, str):
            out += [".PP"] + prose(block)
        elif "list" in block:
            out += listing(block["list"])
        else:
            out += literal(block["code"])
    return out[1:] if out[:1] == [".PP"] else out


def section(name, lines):
    return [f".SH {name}"] + lines if lines else []


def references(names, number=3):
    """A list of other pages."""
    names = sorted(names)
    return [f".BR \\%{plain(name)} ({number})" + "," * (i + 1 < len(names))
            for i, name in enumerate(names)]


def page(title, number, date, source, parts, maker="lock.py"):
    """A whole page of its sections."""
    head = ['.\\" SPDX-License-Identifier: MIT',
            f'.\\" Made by tests/abi/{maker}; do not edit.',
            f".TH {plain(title.upper())} {number} {date} "
            f"{argument(source)} {argument('libmlpipe')}", ".ad l"]
    return "\n".join(head + parts) + "\n"
