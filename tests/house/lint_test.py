#!/usr/bin/python3
"""tools/lint and tools/check-layers find what they are for: a small tree with
one breach of each rule is made, and one without any.

usage: tests/house/lint_test.py
"""
import os
import shutil
import subprocess
import sys
import tempfile

HOUSE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")

LONG = "    x++;\n" * 101
BRANCHES = "    if (x)\n        x++;\n" * 20
# What the file holds, and the one breach it must give.
BREACHES = {
    "src/base/sibling.c": ('#include "mapi/tags.h"\n',
                           "layers: base/ may not include mapi/"),
    "src/mapi/icu.c": ("#include <unicode/ucnv.h>\n",
                       "layers: <unicode/ucnv.h> may appear in base/ only"),
    "src/mapi/odd.c": ("#include <curl/curl.h>\n",
                       "layers: <curl/curl.h> is in no table"),
    "src/mapi/test.c": ("#include <cmocka.h>\n#include <glib.h>\n", None),
    "src/mapi/late.c": ('#include <stdio.h>\n#include "mapi/late.h"\n',
                        'layers: the first include is not "mapi/late.h"'),
    "src/mapi/late.h": ("typedef int late;\n", None),
    "src/mapi/alone.h": ("size_t cv_alone(void);\n", "header-alone: "),
    "src/mapi/long.c": ("void cv_f(int x)\n{\n" + LONG + "}\n",
                        "function-size: cv_f has 104 lines"),
    "src/mapi/branches.c": ("void cv_f(int x)\n{\n" + BRANCHES + "}\n",
                            "complexity: cv_f has complexity 21"),
    "src/mapi/huge.c": ("extern int cv_x;\n" * 1001, "file-size: 1001 lines"),
    "src/mapi/banned.c": ("void cv_f(char *s)\n{\n    sprintf(s, s);\n}\n",
                          "banned: sprintf()"),
    "src/mapi/member.c": ("void cv_f(env e)\n{\n    e.random(0);\n}\n", None),
    "src/mapi/clock.c": ("long cv_f(void)\n{\n    return time(0);\n}\n",
                         "ambient: time() below server/"),
    "src/server/clock.c": ("long core_f(void)\n{\n    return time(0);\n}\n",
                           None),
    "src/mapi/words.c": ("/* TO" "DO: more */\n", "unfinished: "),
    "src/mapi/quoted.c": ('static const char s[] = "strcpy(a, b)";\n', None),
    "src/mapi/space.def": ("ROW(x) \n", "trailing-space: "),
    "src/mapi/format.c": ("int  cv_x;\n", "format: "),
    "tools/broken": ("#!/bin/sh\nif\n", "script: "),
}
ALLOWED = ("# comment\n"
           "banned src/mapi/allowed.c: because\n"
           "banned src/mapi/gone.c: no longer there\n")


def write(root, path, text):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    if text.startswith("#!"):
        os.chmod(path, 0o755)


def lint(files, allowed):
    """Lines that tools/lint prints for a tree with these files."""
    with tempfile.TemporaryDirectory() as root:
        for name in ("lint", "check-layers", "csource.py"):
            os.makedirs(root + "/tools", exist_ok=True)
            shutil.copy(os.path.join(HOUSE, "tools", name), root + "/tools")
        shutil.copy(os.path.join(HOUSE, ".clang-format"), root)
        write(root, "src/mapi/tags.h", "typedef int cv_tag;\n")
        write(root, "tools/lint-allow", allowed)
        for path, text in files.items():
            write(root, path, text)
        run = subprocess.run([root + "/tools/lint"], text=True, check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return run.stdout.splitlines(), run.returncode


def cases():
    """Yields (name, whether it is as it should be, what was seen)."""
    lines, code = lint({path: text for path, (text, _) in BREACHES.items()},
                       "")
    yield "breaches give exit code 1", code == 1, code
    for path, (_, want) in BREACHES.items():
        seen = [line.split(": ", 1)[1] for line in lines
                if line.startswith(path + ":")]
        good = [line.startswith(want) for line in seen] == [True] if want \
            else not seen
        yield path, good, seen
    lines, code = lint({}, "")
    yield "a clean tree has no breach", code == 0 and not lines, lines
    banned = "void cv_f(char *s)\n{\n    gets(s);\n}\n"
    lines, code = lint({"src/mapi/allowed.c": banned}, ALLOWED)
    yield ("an exception is accepted, one that nothing needs is not",
           code == 1 and lines == ["tools/lint-allow:3: nothing needs `banned "
                                   "src/mapi/gone.c` any more"], lines)


def main():
    passed = failed = 0
    for name, good, seen in cases():
        passed += good
        failed += not good
        if not good:
            print("FAILED %s: %s" % (name, seen))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
