# SPDX-License-Identifier: MIT
"""Where the library tells of errors, and which of it no test has read.

    sites.py list            each call: file:line, function, format
    sites.py check           the entries of unreached.txt exist (no build)
    sites.py check BUILD...  and what the recorded tests say: every call is
                             reached by a program whose source has a part of
                             its text, or is listed in unreached.txt
    sites.py texts BUILD...  what people read, call by call

BUILD is a file that record.c wrote (see run.sh). A call counts as read where
a test program both provokes it and holds two words or more in a row of what
it then says; telling the row, file or detail of an error, and the NULL of an
argument, need only be reached, since others than the caller chose the words.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LISTED = ROOT / "tests/messages/unreached.txt"
ONE_IN = 20  # so many calls at least for each that is listed

# The helpers of base, and the functions of one file or folder that give their
# callers' words on to one of those. What is made of two words only, such as
# the name of a section, is a call of its own too: it has a text of its own.
HELPERS = """
mlpipe__fail mlpipe__params_fail mlpipe__io_fail mlpipe__null_arg
mlpipe__fail_at mlpipe__fail_where mlpipe__fail_detail
json_fail json_fail_as text_list_fail unpack_other unpack_damaged
mlpipe__json_broken ndjson_no_place rule_fail arrow_bad arrow_bad_at
bundle_bad container_damaged detector_damaged mlpipe__expr_error
mlpipe__expr_unexpected expr_refuse mlpipe__expr_mismatch mlpipe__expr_truth
expr_close plan_refuse journal_no_file given_bad
""".split()
QUIET = {"mlpipe__fail_at", "mlpipe__fail_where", "mlpipe__fail_detail",
         "mlpipe__null_arg"}
STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "0": "\0", "'": "'"}


def unescape(text):
    return re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[0]), text)


def without_comments(text):
    """Comments become spaces, so that places stay what they are."""
    return re.sub(r'"(?:[^"\\\n]|\\.)*"|/\*.*?\*/',
                  lambda m: m[0] if m[0][0] == '"' else
                  re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


def call_end(text, at):
    depth = 1
    while depth:
        if text[at] == '"':
            at = STRING.match(text, at).end()
            continue
        if text[at] == "'":
            at = text.index("'", at + (2 if text[at + 1] == "\\" else 1))
        depth += (text[at] == "(") - (text[at] == ")")
        at += 1
    return at


class Site:
    def __init__(self, file, text, match, end, function):
        self.file = file
        self.first = text.count("\n", 0, match.start()) + 1
        self.last = text.count("\n", 0, end) + 1
        self.helper = match[1]
        self.function = function
        parts = STRING.findall(text, match.end(), end)
        self.words = unescape("".join(parts)) if parts else " ".join(
            text[match.end():end - 1].split())
        self.texts = {}  # what it said: programs

    def key(self):
        words = self.words.replace("\n", "\\n")
        return f"{self.file} {self.function} {self.helper}: {words}"


def find_sites():
    call = re.compile(r"\b(" + "|".join(HELPERS) + r")\(")
    head = re.compile(r"^(?!#)[a-z][^;{}()=]*?\b(\w+)\([^;{}]*\)\n\{", re.M)
    sites = []
    for path in sorted((ROOT / "lib").rglob("*.c")):
        text = without_comments(path.read_text())
        heads = [(m.start(), m.end(), m[1]) for m in head.finditer(text)]
        for m in call.finditer(text):
            around = [h for h in heads if h[0] <= m.start()]
            if not around or m.start() < around[-1][1]:
                continue  # a declaration or a definition
            if text.find("\n}", around[-1][1], m.start()) >= 0:
                continue
            sites.append(Site(str(path.relative_to(ROOT)), text, m,
                              call_end(text, m.end()), around[-1][2]))
    # The call in a helper's own body has its callers' words: not counted.
    return [s for s in sites if s.function not in HELPERS or
            s.helper in QUIET]


def read_records(files):
    """{program: {addresses: texts}}"""
    out = {}
    for file in files:
        for line in open(file, errors="replace", newline="\n"):
            parts = line.rstrip("\n").split("\t", 2)
            if len(parts) == 3:
                texts = out.setdefault(parts[0], {})
                texts.setdefault(parts[1], set()).add(unescape(parts[2]))
    return out


def resolve(program, stacks):
    """{address: [(file, line)]}, what is inlined first."""
    # The address is where the call returns to: one before lies in it.
    wanted = sorted({a for s in stacks for a in s.split()}, key=int)
    asked = "\n".join(hex(max(int(a) - 1, 0)) for a in wanted)
    told = subprocess.run(["addr2line", "-a", "-i", "-e", program],
                          input=asked, capture_output=True, text=True,
                          check=True).stdout
    lines, places = None, {}
    for line in told.splitlines():
        if line.startswith("0x"):
            lines = places.setdefault(str(int(line, 16) + 1), [])
            continue
        file, _, number = line.partition(":")
        at = file.rfind("/lib/")
        number = re.match(r"\d+", number)
        if at >= 0 and number:
            lines.append((file[at + 1:], int(number[0])))
    return places


def place_records(sites, records):
    where = {}
    for s in sites:
        for n in range(s.first, s.last + 1):
            where.setdefault((s.file, n), []).append(s)
    for program, stacks in records.items():
        name = pathlib.Path(program).name
        places = resolve(program, stacks)
        for stack, texts in stacks.items():
            for address in stack.split():
                for place in places.get(address, ()):
                    found = where.get(place, ())
                    exact = [s for s in found if s.first == place[1]]
                    for s in exact or found:
                        for text in texts:
                            s.texts.setdefault(text, set()).add(name)


def texts_of(file):
    """The texts in quotes of a source, joined as the compiler does."""
    text = without_comments(file.read_text())
    for m in re.finditer(r'(?:"(?:[^"\\\n]|\\.)*"\s*)+', text):
        parts = STRING.findall(m[0])
        yield from (unescape(part) for part in ["".join(parts), *parts])


def golden_of(file):
    """What golden_text.h wrote: the first lines of texts, as they are read."""
    lines = [line for line in file.read_text().splitlines()]
    told = {line.strip() for before, line in zip(lines, lines[1:])
            if line[:4] == "    " and before[:4] != "    "}
    return {t for t in told | {t.partition(": ")[2] for t in told}
            if len(t) >= 8}


def as_golden(text):
    """The text, and what golden_text.h leaves of it."""
    text = re.sub(r"/tmp/[^/\" :;,]*", "/tmp/*", text)
    plain = re.sub(r"[0-9a-f]{12,}", "#", text)
    return text, plain, re.sub(r"[0-9a-f]{12,}|[0-9]+", "#", text), re.sub(
        r"process \d+", "process *", plain)


def words_of(program, cache={}):
    """What a test program looks for: two words or more in a row, from its
    source, the headers beside it and the golden texts that it names."""
    if program not in cache:
        found, golden = set(), set()
        for build in (ROOT / "tests").rglob("meson.build"):
            m = re.search(r"'" + program.removeprefix("test_") +
                          r"': files\(([^)]*)\)", build.read_text())
            files = [build.parent / name
                     for name in re.findall(r"'([^']+)'", m[1])] if m else []
            if m:
                files += build.parent.glob("*.h")
                files += (ROOT / "tests").glob("*.h")
            told = ROOT / "tests/golden/messages" / (
                files[0].stem.removeprefix("test_") + ".txt") if m else ROOT
            if told.is_file():
                golden |= golden_of(told)
            for file in files:
                for text in texts_of(file):
                    whole = ROOT / "tests/golden" / text.lstrip("/%s")
                    if text.endswith(".txt") and whole.is_file():
                        found |= {unescape(line.strip()) for line in
                                  whole.read_text().splitlines()}
                    found.add(text)
        found -= {text for text in found if len(text) < 8 or not
                  re.search(r"[A-Za-z0-9]+,? [A-Za-z0-9]+", text)}
        cache[program] = found | golden
    return cache[program]


def is_read(site):
    if site.helper in QUIET:
        return bool(site.texts)
    return any(part in form for text, programs in site.texts.items()
               for form in as_golden(text)
               for program in programs for part in words_of(program))


def listed():
    """{key: reason}: an entry is a key and, indented below it, its reason."""
    entries, key = {}, None
    for line in LISTED.read_text().splitlines():
        if line.startswith(" "):
            entries[key] += line.strip()
        elif line and not line.startswith("#"):
            key = line
            entries[key] = ""
    return entries


def check(sites, recorded):
    entries, wrong = listed(), []
    keys = {s.key() for s in sites}
    for key, reason in entries.items():
        if key not in keys:
            wrong.append(f"unreached.txt lists what is not there: {key}")
        if not reason:
            wrong.append(f"unreached.txt gives no reason for: {key}")
    skipped = sum(s.key() in entries for s in sites)
    most = len(sites) // ONE_IN
    if skipped > most:
        wrong.append(f"{skipped} of {len(sites)} calls are listed, and {most} "
                     f"may be, one in {ONE_IN}")
    summary = (f"{len(sites)} calls, {skipped} listed "
               f"({100 * skipped / len(sites):.1f} %)")
    if recorded:
        read = [s for s in sites if is_read(s)]
        summary += (f", {sum(bool(s.texts) for s in sites)} reached, "
                    f"{len(read)} read")
        for s in sites:
            if s.key() not in entries and not is_read(s):
                wrong.append(f"{s.file}:{s.first}: "
                             f"{'not read' if s.texts else 'not reached'}: "
                             f"{s.key()}")
        unread = {s.key() for s in sites if not is_read(s)}
        for s in read:
            if s.key() in entries and s.key() not in unread:
                wrong.append(f"{s.file}:{s.first}: is read, and yet listed")
    print(*wrong, summary, sep="\n")
    return not wrong


def main(what, *files):
    sites = find_sites()
    place_records(sites, read_records(files))
    if what == "list":
        for s in sites:
            print(f"{s.file}:{s.first}: {s.function}: {s.helper}: {s.words!r}")
    elif what == "texts":
        for s in sites:
            print(f"{s.file}:{s.first}: {s.helper}: {s.words!r}")
            for text in sorted(s.texts, key=len)[:3]:
                print("    " + text.replace("\n", "\n    | "),
                      sorted(s.texts[text])[:3])
    else:
        return check(sites, bool(files))
    return True


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in ("list", "check", "texts"):
        sys.exit(__doc__)
    sys.exit(0 if main(*sys.argv[1:]) else 1)
