"""Reads C as clang-format leaves it: functions, calls, tables.

Shared by tools/lint and tools/gen-mapping. No parser: a function opens and
closes with a brace in the first column, which clang-format guarantees.
"""
import re

NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'
                      r"'(?:\\.|[^'\\\n])*'", re.S)
ATTRIBUTE = re.compile(r"\b(CV_PRINTF|__attribute__)\s*\(.*?\)+")


def without_text(source):
    """The source with comments and literals blanked, lines kept."""
    return NOT_CODE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), source)


def functions(code):
    """Yields (name, head, first line, number of lines, body)."""
    lines = code.split("\n")
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line.startswith("}") and start is not None:
            first = start
            while first > 0 and lines[first - 1].strip() and \
                    not re.match(r"[#}]|.*;\s*$", lines[first - 1]):
                first -= 1
            head = ATTRIBUTE.sub("", " ".join(lines[first:start]))
            name = re.search(r"(\w+)\s*\(", head)
            yield (name[1] if name else "?", head, first + 1,
                   number - first + 1, "\n".join(lines[start:number]))
            start = None


def tables(code):
    """Yields (name, text) of initialized objects outside functions."""
    lines = code.split("\n")
    depth_of_function = False
    number = 0
    while number < len(lines):
        line = lines[number]
        if line == "{":
            depth_of_function = True
        elif line.startswith("}"):
            depth_of_function = False
        found = re.search(r"(\w+)(?:\[[^\]]*\])*\s*=\s*\{", line)
        if not depth_of_function and found and not line.startswith(" "):
            text = []
            while number < len(lines):
                text.append(lines[number])
                if lines[number].rstrip().endswith("};"):
                    break
                number += 1
            yield found[1], "\n".join(text)
        number += 1


def calls(text):
    """Yields (name, [arguments]) of every call, the inner ones too."""
    for found in re.finditer(r"(\w+)\s*\(", text):
        depth, start, args = 1, found.end(), []
        at = start
        while at < len(text) and depth:
            char = text[at]
            if char in "([{":
                depth += 1
            elif char in ")]}":
                depth -= 1
            if (char == "," and depth == 1) or depth == 0:
                args.append(text[start:at].strip())
                start = at + 1
            at += 1
        yield found[1], args
