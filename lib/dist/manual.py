#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the manual page brood(3), which is brood.h in the shape of one:

    manual.py VERSION brood.h > brood.3

Each comment of the header comes after what it is about. A comment has
paragraphs, lists, indented code, tables of errors, and titles: lines that stand
alone and end without a full stop.
"""

import re
import sys

HEAD = r""".\" Made of brood.h.
.TH brood 3 "" "Brood {version}" "Library Functions Manual"
.ad l
.hy 0
.nr HY 0
.ss 12 0
.SH NAME
brood \- process contexts: processes, shared objects, queues, pools, managers
.SH LIBRARY
Brood
.RI ( libbrood ", " \-lbrood ", " \-lpthread
where the static one is linked)
.SH SYNOPSIS
.nf
.B #include <brood.h>
.fi
.SH DESCRIPTION"""

FOOT = r""".SH SEE ALSO
.BR fork (2),
.BR posix_spawn (3),
.BR pthreads (7),
.BR mq_overview (7),
.BR sem_overview (7)"""

TITLE = re.compile(r"^-{3,} (.*?) --")
ERROR = re.compile(r"^((?:BROOD_|NULL)\w*)  +(.*)")


def escaped(text):
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)


def prose(text):
    """Names that can be looked for in the page stand out."""
    text = re.sub(r"\*(\w[\w\s]*\w)\*", r"\\fI\1\\fR", escaped(text))
    return re.sub(r"\b((?:brood|BROOD)_\w+(?:\(\))?)", r"\\fB\1\\fR", text)


def code(lines):
    return [".EX", *map(escaped, lines), ".EE"]


def paragraph(lines):
    """The lines of one paragraph of a comment, as roff."""
    first = lines[0]
    if ERROR.match(first):
        out = []
        for line in lines:
            match = ERROR.match(line)
            if match:
                out += [".TP", prose(match[1]), prose(match[2])]
            else:
                out.append(prose(line.strip()))
        return out
    if first.startswith("  "):
        indent = len(first) - len(first.lstrip())
        return [".PP", ".RS 4", *code(l[indent:] for l in lines), ".RE"]
    if first.startswith("- "):
        out = []
        for line in lines:
            if line.startswith("- "):
                out.append(r".IP \(bu 2")
            out.append(prose(line[2:]))
        return out
    if len(lines) == 1 and first[-1] not in ".:;" and first[0].isupper():
        return [".SS " + prose(first)]
    return [".PP", prose("\n".join(lines))]


def comment_of(text):
    """A comment's lines, without what makes it one."""
    text = re.sub(r"^/\*|\*/$", "", text.strip())
    return [re.sub(r"^ \*? ?", "", line, 1).rstrip() for line in
            text.splitlines()]


def described(comment):
    out, block = [], []
    for line in comment + [""]:
        # Code follows a sentence that ends with a colon, without a blank line.
        if line:
            block.append(line)
        elif block:
            out += paragraph(block)
            block = []
    return out


def items(text):
    """Pairs of a comment and the code behind it."""
    parts = re.split(r"^(/\*.*?\*/)$", text, flags=re.MULTILINE | re.DOTALL)
    for comment, following in zip(parts[1::2], parts[2::2]):
        lines = following.strip("\n").splitlines()
        # What is between #ifs, or has a name with _ at its end, is not public.
        shown = re.sub(r"^#(?:ifdef|if) .*?^#endif.*?$|^#(?:pragma|include).*?$"
                       r"|^#define \w+_\(.*?[^\\]$", "",
                       "\n".join(lines), flags=re.MULTILINE | re.DOTALL)
        # What a macro of several lines stands for is in the header.
        shown = re.sub(r" *\\\n(?:.*\\\n)*.*", "", shown)
        shown = re.sub(r"\n{3,}", "\n\n", shown).strip("\n")
        yield comment_of(comment), shown.splitlines()


def main():
    version, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    text = text[:text.rindex("#pragma")]  # behind it are #endifs
    top, rest = text.split("#include <stdint.h>\n")
    print(HEAD.format(version=version))
    preamble = comment_of(re.sub(r"\n#.*", "", top, flags=re.DOTALL))
    print("\n".join(described(preamble[2:])))
    for comment, declarations in items(rest):
        title = TITLE.match(comment[0].strip())
        if title:
            print(".SH " + escaped(title[1].upper()))
            comment = []
        if declarations:
            print("\n".join([".PP", r".ft B", *code(declarations), ".ft R"]))
        print("\n".join([".RS 4", *described(comment), ".RE"]))
    print(FOOT)


if __name__ == "__main__":
    main()
