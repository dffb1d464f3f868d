#!/usr/bin/python3
"""The whole corpus in one command.

usage: whole.py CONVOKE CORPUS-FOLDER ($CONVOKE_CORPUS wins)

`convoke convert --to eml` on the folder: every file has a line in the report,
what is told as unread is on the list unread.txt, every line of that list is
still needed, and each output is mail in which Python's email package finds no
defect. Exit code 77 (skipped) without the folder.
"""
import collections
import email
import email.policy
import fnmatch
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SHOWN = 30


def allowed():
    with open(os.path.join(HERE, "unread.txt"), encoding="utf-8") as rows:
        return [row.split("\t")[0] for row in rows if not row.startswith("#")]


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(root, name), folder)
                  for root, _, names in os.walk(folder) for name in names
                  if not name.startswith("."))


def defects(path):
    """What Python's email package has to say about a mail."""
    with open(path, "rb") as file:
        mail = email.message_from_bytes(file.read(),
                                        policy=email.policy.default)
    found = [repr(d) for part in mail.walk() for d in part.defects]
    found += ["%s: %r" % (name, d) for part in mail.walk()
              for name, value in part.items()
              for d in getattr(value, "defects", ())]
    return found + ["no %s" % name for name in ("From", "Date", "Message-ID")
                    if mail[name] is None]


def convert(convoke, folder, scratch):
    report = os.path.join(scratch, "report.jsonl")
    done = subprocess.run(
        [convoke, "convert", "--to", "eml", "--report", report, "-o",
         os.path.join(scratch, "out") + "/", folder],
        stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit("exit code %d: %s" % (
            done.returncode, done.stderr.decode(errors="replace")[-2000:]))
    with open(report, encoding="utf-8") as rows:
        return [json.loads(row) for row in rows]


def main():
    convoke = os.path.abspath(sys.argv[1])
    folder = os.path.normpath(os.environ.get("CONVOKE_CORPUS", sys.argv[2]))
    if not os.path.isdir(folder):
        print("no folder %s: skipped" % folder)
        return 77
    wrong, judged = [], 0
    states = collections.Counter()
    patterns, used = allowed(), set()
    with tempfile.TemporaryDirectory(prefix="convoke-whole-") as scratch:
        told = set()
        for line in convert(convoke, folder, scratch):
            name = os.path.relpath(line["input"].split("#")[0], folder)
            told.add(name)
            states[line["status"]] += 1
            if line["status"] == "failed":
                known = [p for p in patterns if fnmatch.fnmatch(name, p)]
                used.update(known)
                if not known:
                    wrong.append("%s is not read: %s" % (
                        line["input"], line["findings"][-1:]))
                continue
            if not line["output"]:  # a container with nothing in it
                continue
            judged += 1
            wrong += ["%s: %s" % (line["input"], d)
                      for d in defects(line["output"])]
        wrong += ["%s has no line in the report" % name
                  for name in files_below(folder) if name not in told]
    wrong += ["unread.txt: %s is no longer needed" % p
              for p in patterns if p not in used]
    for text in wrong[:SHOWN]:
        print(text)
    print("%d messages: %s" % (sum(states.values()), dict(states)))
    print("%d passed, %d failed, 0 skipped" % (
        judged - min(judged, len(wrong)), len(wrong)))
    return 1 if wrong or not judged else 0


if __name__ == "__main__":
    sys.exit(main())
