#!/usr/bin/python3
"""Every limit of src/base/limits.h is in a test by its name.

usage: tests/house/limits_test.py
tests/house/untested-limits.txt lists those that are not, each with its reason;
a line for a limit that is not in the header, or that is in a test, fails.
"""
import os
import re
import sys

HOUSE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HOUSE, "..", "..")


def limits():
    with open(os.path.join(ROOT, "src/base/limits.h"),
              encoding="utf-8") as header:
        return re.findall(r"^#define (CV_LIMIT_\w+)", header.read(),
                          flags=re.M)


def tested_names():
    """All names of limits that a test says."""
    names = set()
    for top in ("src", "tests"):
        for folder, _, files in os.walk(os.path.join(ROOT, top)):
            for name in files:
                if name.endswith("_test.c") or \
                        top == "tests" and name.endswith((".c", ".py")):
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8", errors="replace") as f:
                        names.update(re.findall(r"CV_LIMIT_[A-Z0-9_]+",
                                                f.read()))
    return names


def excused_limits():
    excused = {}
    with open(os.path.join(HOUSE, "untested-limits.txt"),
              encoding="utf-8") as rows:
        for row in rows:
            if row.strip() and not row.startswith("#"):
                limit, _, why = row.rstrip("\n").partition("\t")
                excused[limit] = why
    return excused


def main():
    table, tested, excused = limits(), tested_names(), excused_limits()
    failed = 0
    for limit, why in excused.items():
        if limit not in table or limit in tested or not why:
            print("untested-limits.txt: %s is no limit, is tested or has no "
                  "reason" % limit)
            failed += 1
    for limit in table:
        if limit not in tested and limit not in excused:
            print("limit %s is in no test" % limit)
            failed += 1
    print("%d limits, %d excused" % (len(table), len(excused)))
    print("%d passed, %d failed, 0 skipped" % (len(table) - failed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
