#!/usr/bin/python3
"""The views of docs/store.md: each is there with the columns it promises.

usage: views.py CONVOKE SOURCE-FOLDER
"""
import contextlib
import os
import re
import sqlite3
import subprocess
import sys
import tempfile


def promised(source):
    """{view: [column, ...]} of the table in docs/store.md."""
    with open(os.path.join(source, "docs/store.md"), encoding="utf-8") as f:
        rows = re.findall(r"^\| `(report_\w+)` \| (.*) \|$", f.read(), re.M)
    return {view: re.sub(r"\([^)]*\)", "", columns).replace(" ", "").split(",")
            for view, columns in rows}


def queries(source):
    """The example queries of docs/store.md."""
    with open(os.path.join(source, "docs/store.md"), encoding="utf-8") as f:
        (block,) = re.findall(r"^```sql\n(.*?)^```", f.read(), re.M | re.S)
    return [q for q in block.split(";") if q.strip()]


def main():
    binary, source = sys.argv[1], sys.argv[2]
    passed, failed = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([binary, "account", "add", "alice@north.example",
                        "--data", folder], check=True, input="demo\n",
                       text=True, stdout=subprocess.DEVNULL)
        path = "file:%s/convoke.db?mode=ro" % folder
        with contextlib.closing(sqlite3.connect(path, uri=True)) as db:
            there = {name for (name,) in db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'view'")}
            want = promised(source)
            for view in sorted(there | set(want)):
                columns = [d[0] for d in db.execute(
                    "SELECT * FROM %s" % view).description] \
                    if view in there else None
                if columns == want.get(view):
                    passed += 1
                else:
                    failed += 1
                    print("%s has %s, docs/store.md says %s" % (
                        view, columns, want.get(view)))
            for query in queries(source):
                db.execute(query).fetchall()
                passed += 1
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
