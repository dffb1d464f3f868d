#!/usr/bin/python3
"""Every rule of src/base/rules.def is in a test: its symbol in a C test, or
its id in an expected report or a script.

usage: tests/house/rules_test.py
tests/house/untested-rules.txt lists those that are not, each with its reason;
a line for a rule that is not in the table fails.
"""
import os
import re
import sys

HOUSE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HOUSE, "..", "..")


def rules():
    with open(os.path.join(ROOT, "src/base/rules.def"),
              encoding="utf-8") as table:
        return dict(re.findall(r'^RULE\((\w+),\s*"([^"]+)"', table.read(),
                               flags=re.M))


def test_text():
    """All that tests say, in one piece."""
    text = []
    for top in ("src", "tests"):
        for folder, _, files in os.walk(os.path.join(ROOT, top)):
            for name in files:
                path = os.path.join(folder, name)
                if (name.endswith("_test.c") or top == "tests" and name.endswith(
                        (".c", ".py", ".report", ".txt"))) and \
                        name != "untested-rules.txt":
                    with open(path, encoding="utf-8", errors="replace") as f:
                        text.append(f.read())
    return "\n".join(text)


def main():
    table, text = rules(), test_text()
    words = set(re.findall(r"[A-Za-z0-9_-]+", text))
    excused = {}
    with open(os.path.join(HOUSE, "untested-rules.txt"),
              encoding="utf-8") as rows:
        for row in rows:
            if row.strip() and not row.startswith("#"):
                rule, _, why = row.rstrip("\n").partition("\t")
                excused[rule] = why
    failed = 0
    for rule, why in excused.items():
        if rule not in table.values() or not why:
            print("untested-rules.txt: %s is no rule, or has no reason" % rule)
            failed += 1
    for symbol, rule in table.items():
        if "CV_RULE_" + symbol in words or rule in words or rule in excused:
            continue
        print("rule %s (CV_RULE_%s) is in no test" % (rule, symbol))
        failed += 1
    print("%d rules, %d excused" % (len(table), len(excused)))
    print("%d passed, %d failed, 0 skipped" % (len(table) - failed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
