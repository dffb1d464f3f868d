#!/usr/bin/python3
"""Inputs with the outputs and reports expected of them.

usage: tests/golden/golden.py [--write] CONVOKE
A line of cases.txt is: input, form, then settings (KEY=VALUE). The expected
output is out/INPUT[.N].FORM, the expected findings stand beside it in
out/INPUT[.N].FORM.report, one a line. --write makes them anew: read the
difference before committing it. No output may depend on the clock or on
chance: inputs carry every time that is asked for.
"""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def cases():
    """(name of the expected file, input, form, settings) a line."""
    seen = {}
    with open(os.path.join(HERE, "cases.txt"), encoding="utf-8") as lines:
        for line in lines:
            words = line.split("#")[0].split()
            if not words:
                continue
            source, form, settings = words[0], words[1], words[2:]
            seen[source] = seen.get(source, 0) + 1
            yield ("%s.%d.%s" % (source, seen[source], form), source, form,
                   settings)


def convert(convoke, source, form, settings, scratch):
    """Output bytes (None on failure) and the findings as lines of text."""
    out = os.path.join(scratch, "out")
    report = os.path.join(scratch, "report")
    argv = [convoke, "convert", "--to", form, "-o", out, "--report", report]
    for setting in settings:
        argv += ["--set", setting]
    for path in (out, report):
        if os.path.exists(path):
            os.remove(path)
    subprocess.run(argv + [os.path.join(HERE, "in", source)], timeout=30,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   stdin=subprocess.DEVNULL, check=False)
    with open(report, encoding="utf-8") as lines:
        line = json.loads(lines.readline())
    text = ["%s %s" % (line["status"], line.get("messageClass", ""))]
    for f in line["findings"]:
        text.append(" | ".join((f["rule"], f["severity"], f["path"],
                                f["property"], f["found"], f["done"])))
    data = None
    if os.path.exists(out):
        with open(out, "rb") as file:
            data = file.read()
    return data, ("\n".join(text) + "\n").encode()


def read(path):
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        return file.read()


def store(path, data):
    if data is None:
        if os.path.exists(path):
            os.remove(path)
        return
    with open(path, "wb") as file:
        file.write(data)


def difference(path, want, got):
    """The first line that is not as expected."""
    a, b = (want or b"").splitlines(), (got or b"").splitlines()
    for i in range(max(len(a), len(b))):
        x = a[i] if i < len(a) else b"(end)"
        y = b[i] if i < len(b) else b"(end)"
        if x != y:
            return "%s:%d\n  want %r\n  got  %r" % (path, i + 1, x, y)
    return "%s: line ends differ" % path


def main():
    write = "--write" in sys.argv
    convoke = os.path.abspath(sys.argv[-1])
    passed = failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name, source, form, settings in cases():
            got = convert(convoke, source, form, settings, scratch)
            paths = [os.path.join(HERE, "out", name),
                     os.path.join(HERE, "out", name + ".report")]
            for path, data in zip(paths, got):
                if write:
                    store(path, data)
                elif read(path) != data:
                    print(difference(path, read(path), data))
                    failed += 1
                    continue
                passed += 1
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
