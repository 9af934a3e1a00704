# SPDX-License-Identifier: MIT
"""The documentation comments of the headers, as text and not as HTML.

A comment is paragraphs, lists (lines that begin with "- ") and literal blocks
(four columns more, or between @code and @endcode), then tags: @param NAME,
@return, @status, @thread, @since. An empty line ends a tag. A block behind the
first tag, or one that calls the library, is an example.
"""
import re

TAG = re.compile(r"@(param|return|status|thread|since)\b ?(.*)")


def fold(lines):
    return re.sub(r"\s+", " ", " ".join(lines)).strip()


def lines_of(comment):
    """The lines of a comment without its stars."""
    body = re.sub(r"^/\*\*<?|\*/$", "", comment.strip())
    lines = [re.sub(r"^\s*\* ?", "", line) for line in body.split("\n")]
    return [lines[0].strip()] + [line.rstrip() for line in lines[1:]]


def literal(lines):
    """A block of lines without the blanks that all of them begin with."""
    depth = min(len(s) - len(s.lstrip()) for s in lines if s)
    return [s[depth:] for s in lines]


class Reader:
    """Takes the lines of one comment, one after the other."""

    def __init__(self):
        self.doc = {"summary": "", "params": {}}
        self.text, self.examples = [], []
        self.part, self.kind, self.tag = [], "", None

    def end(self):
        """The paragraph, item, block or tag that was read is complete."""
        if self.part and self.kind == "tag":
            if self.tag[0] == "param":
                name, _, text = fold(self.part).partition(" ")
                self.doc["params"][name] = text
            else:
                self.doc[self.tag[0]] = fold(self.part)
        elif self.part and self.kind == "code":
            self.block(literal(self.part))
        elif self.part and self.kind == "item":
            if not (self.text and isinstance(self.text[-1], dict)
                    and "list" in self.text[-1]):
                self.text.append({"list": []})
            self.text[-1]["list"].append(fold(self.part))
        elif self.part:
            self.text.append(fold(self.part))
        self.part, self.kind = [], ""

    def block(self, lines):
        calls = re.search(r"\bmlpipe_\w+\(", "\n".join(lines))
        if self.tag or calls:
            self.examples.append(lines)
        else:
            self.text.append({"code": lines})

    def take(self, line):
        tag = TAG.match(line)
        if line == "@code":
            self.end()
            self.kind = "@code"
        elif line == "@endcode":
            self.kind = "code"
            self.end()
        elif self.kind == "@code":
            self.part.append(line)
        elif tag:
            self.end()
            self.kind, self.tag, self.part = "tag", tag.groups(), [tag[2]]
        elif not line:
            self.end()
        elif line.startswith("- "):
            self.end()
            self.kind, self.part = "item", [line[2:]]
        elif line.startswith("    ") and (self.kind == "code" or
                                          not self.part):
            self.kind = "code"
            self.part.append(line)
        elif not line.startswith("@file"):
            self.part.append(line)

    def result(self):
        self.end()
        doc = self.doc
        flat = []
        for block in self.text:
            flat += [block] if isinstance(block, str) else []
            flat += block.get("list", []) if isinstance(block, dict) else []
        doc["summary"] = fold(flat)
        doc["text"] = self.text
        if self.examples:
            doc["examples"] = self.examples
        return doc


def read(comment):
    reader = Reader()
    for line in lines_of(comment):
        reader.take(line)
    return reader.result()


def of_file(header):
    """The comment that begins with @file."""
    found = re.search(r"/\*\*\n \* @file.*?\*/", header, re.S)
    return read(found[0]) if found else read("")


def of_node(header, node):
    """The comment of a declaration of clang's tree, or an empty one."""
    for child in node.get("inner", []):
        if child.get("kind") == "FullComment":
            at = child["range"]["begin"]["offset"]
            begin = header.rindex("/**", 0, at)
            return read(header[begin:header.index("*/", begin) + 2])
    return read("")
