#!/usr/bin/python3
"""Real meeting messages travel between two servers.

usage: meetings.py CONVOKE CORPUS-FOLDER ($CONVOKE_CORPUS wins)

Every .msg of a meeting class, every .eml and .ics with METHOD REQUEST, REPLY
or CANCEL is read to an object, written as .msg, read back and submitted; each
IPM.Appointment .msg is sent as a request. All go by SMTP from north.example
to south.example and must arrive as a meeting message of their class. Exit
code 77 (skipped) without the folder.
"""
import base64
import glob
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from servers import Failure, Server, wait_until  # noqa: E402

SLOW = "[transport]\nduplicate-window=0\ndelay-warning=0\n"
EVENTS = 3  # of one file: some calendars hold hundreds
MEETING = "ipm.schedule.meeting."


def read_all(binary, files, scratch):
    """Every object of every file as (input, class, .msg path); the report's
    lines say which output is whose."""
    out = os.path.join(scratch, "msg")
    lines = os.path.join(scratch, "report")
    os.mkdir(out)
    subprocess.run([binary, "convert", "--to", "msg", "-o", out + "/",
                    "--report", lines] + files,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=False)
    found, seen = [], {}
    with open(lines, encoding="utf-8") as f:
        for row in map(json.loads, f):
            if not row["output"]:
                continue  # about a container, or nothing was written
            path = row["input"].split("#")[0]
            seen[path] = seen.get(path, 0) + 1
            if row["status"] != "failed" and seen[path] <= EVENTS:
                found.append((row["input"], row["messageClass"],
                              row["output"]))
    return found


def arrives(north, south, send):
    """Sends something and gives the class of what arrives."""
    before = {m["id"] for m in south.inbox()}
    send()

    def new():
        return [m for m in south.inbox() if m["id"] not in before]
    got = wait_until(new)
    if got:
        return got[0]["class"]
    queue = north.ask("queue.list")
    return "nothing (queue: %s)" % [(e["failureClass"], e["lastError"])
                                    for e in queue]


def submit(north, south, path):
    with open(path, "rb") as f:
        data = base64.b64encode(f.read()).decode()
    north.ask("submit", **{"from": north.user, "to": [south.user],
                           "data": data, "name": os.path.basename(path)})


def invite(north, south, path):
    with open(path, "rb") as f:
        data = base64.b64encode(f.read()).decode()
    north.ask("meeting.create", account=north.user, data=data,
              name=os.path.basename(path),
              attendees=[{"address": south.user}])


def main():
    binary = sys.argv[1]
    corpus = os.environ.get("CONVOKE_CORPUS") or sys.argv[2]
    if not os.path.isdir(corpus):
        print("no corpus at %s" % corpus)
        return 77
    passed, failed, kinds = 0, [], {}
    with tempfile.TemporaryDirectory() as scratch:
        north = Server(binary, "north.example", "alice",
                       SLOW + "[content-conversion]\nprofile=exchange2003\n")
        south = Server(binary, "south.example", "bob",
                       SLOW + "[content-conversion]\nprofile=exchange2007\n")
        try:
            for s in (north, south):
                s.start().add_account()
            north.route(south)
            south.route(north)
            files = [f for kind in ("msg", "eml", "ics") for f in
                     sorted(glob.glob(os.path.join(corpus, kind, "*")))]
            for path, cls, msg in read_all(binary, files, scratch):
                low = cls.lower()
                if low.startswith(MEETING):
                    want = cls
                    act = lambda m=msg: submit(north, south, m)
                elif low.startswith("ipm.appointment") and \
                        path.endswith(".msg"):
                    want = "IPM.Schedule.Meeting.Request"
                    act = lambda m=path: invite(north, south, m)
                else:
                    continue
                try:
                    got = arrives(north, south, act)
                except Failure as e:
                    got = str(e)
                if got.lower() == want.lower():
                    passed += 1
                    kinds[want] = kinds.get(want, 0) + 1
                else:
                    failed.append("%s: %s arrived as %s" % (
                        os.path.basename(path), cls, got))
        finally:
            north.remove()
            south.remove()
    for cls, count in sorted(kinds.items()):
        print("%5d %s" % (count, cls))
    for line in failed:
        print(line)
    if not passed:
        failed.append("no meeting message was found")
    print("%d passed, %d failed, 0 skipped" % (passed, len(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
