#!/usr/bin/python3
"""SIGKILL at every named moment (src/base/killpoints.def), twice each.

usage: kill_points.py [--passes N] CONVOKE SOURCE-FOLDER [NAME...]

A server takes mail by SMTP, sends mail, meetings and the founding case's
message to another server, retries, holds, is set right, until the kill point
ends it. It is started again, what was not acknowledged is sent again (as any
client does), and then: every message that was accepted is in its mailbox
exactly once, the queues are empty and the database is whole.
"""
import argparse
import base64
import contextlib
import json
import os
import queue
import re
import smtplib
import sqlite3
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from servers import Failure, Server, wait_until  # noqa: E402

CONF = ("[transport]\nretry-first=200ms\nretry-second=200ms\n"
        "retry-third=200ms\nretry-subsequent=300ms\ndelay-warning=0\n")
BIG = "x" * 70 + "\r\n"
THREADS = 4  # mostly they wait for servers that start and for retries


def mail(message_id, sender, to, size=1):
    return ("From: <%s>\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: <%s>\r\n"
            "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n\r\n%s" % (
                sender, to, message_id, message_id, BIG * size))


FIX = "content-conversion.fix-recipient-track-status-time"


def stuck(message_id, sender, to):
    """An object that only converts with the fix: FILETIME 0 as a reply time.
    """
    def text(tag, value):
        return {"tag": tag, "type": "PtypString", "value": value}
    row = [text("0x3001001F", to), text("0x39FE001F", to),
           text("0x3002001F", "SMTP"), text("0x3003001F", to),
           {"tag": "0x0C150003", "type": "PtypInteger32", "value": 1},
           {"tag": "0x5FFB0040", "type": "PtypTime",
            "value": "1601-01-01T00:00:00Z"}]
    return json.dumps({
        "format": "convoke-object/1", "messageClass": "IPM.Note",
        "properties": [text("0x0037001F", message_id),
                       text("0x1035001F", "<%s>" % message_id)],
        "recipients": [{"properties": row}], "attachments": []})


class Traffic:
    """What is sent; each act may be repeated until it is acknowledged."""

    def __init__(self, north, south, tag):
        self.north, self.south, self.tag = north, south, tag
        self.acts = [
            lambda: self.smtp_in(0, 1),
            lambda: self.smtp_in(1, 15000),
            lambda: self.submit("lost0", "nobody@" + north.domain),
            lambda: self.submit("lost1", "nobody@" + north.domain),
            lambda: self.meeting(0),
            lambda: self.meeting(1),
            # Nobody listens where south should be: retries, hold, release.
            lambda: self.set("routing.routes", "%s=127.0.0.1:1" %
                             south.domain),
            lambda: self.submit("out0", south.user),
            lambda: self.wait_retry("out0"),
            lambda: self.hold("out0", False),
            lambda: self.hold("out0", True),
            lambda: north.route(south),
            # The founding case.
            lambda: self.set(FIX, "false"),
            lambda: self.submit_stuck("out1"),
            lambda: self.submit_stuck("out2"),
            lambda: self.wait_retry("out1"),
            lambda: self.set(FIX, "true"),
            lambda: self.set(FIX, "false"),
            lambda: self.submit_stuck("out3"),
            lambda: self.wait_retry("out3"),
            lambda: self.set(FIX, "true"),
        ]

    def smtp_in(self, i, size):
        mid = "in%d.%s@south.example" % (i, self.tag)
        with smtplib.SMTP("127.0.0.1", self.north.ports["smtp"],
                          timeout=20) as s:
            s.sendmail(self.south.user, [self.north.user],
                       mail(mid, self.south.user, self.north.user, size))

    def mid(self, name):
        return "%s.%s@north.example" % (name, self.tag)

    def queue(self, name, data, to, file_name):
        self.north.ask("submit", data=base64.b64encode(data.encode()).decode(),
                       name=file_name, to=[to], **{"from": self.north.user})

    def submit(self, name, to):
        self.queue(name, mail(self.mid(name), self.north.user, to), to,
                   "m.eml")

    def submit_stuck(self, name):
        to = self.south.user
        self.queue(name, stuck(self.mid(name), self.north.user, to), to,
                   "m.json")

    def entry(self, name):
        wanted = "<%s>" % self.mid(name)
        found = [e for e in self.north.ask("queue.list")
                 if e["messageId"] == wanted]
        return found[0] if found else None

    def is_tried(self, name):
        e = self.entry(name)
        return e is None or e["attempts"] > 0

    def wait_retry(self, name):
        if not wait_until(lambda: self.is_tried(name), 10):
            raise Failure("%s was not tried" % name)

    def hold(self, name, release):
        e = self.entry(name)
        if e:
            self.north.ask("queue.hold", id=e["id"], release=release)

    def set(self, name, value):
        self.north.ask("config.set", name=name, value=value)

    def subject(self, i):
        return "Meeting %d %s" % (i, self.tag)

    def meetings(self, server, i):
        return [m for m in server.ask("meeting.list", account=server.user)
                if m["subject"] == self.subject(i)]

    def meeting(self, i):
        if not self.meetings(self.north, i):
            self.north.ask("meeting.create", account=self.north.user,
                           subject=self.subject(i),
                           start="2030-01-07T09:00:00Z",
                           attendees=[{"address": self.south.user}])

    def run(self):
        """Sends what is left; False when the server died on the way."""
        while self.acts:
            try:
                self.acts[0]()
            except (OSError, smtplib.SMTPException, Failure):
                if not wait_until(lambda: not self.north.alive(), 2):
                    raise
                return False
            self.acts.pop(0)
        return True


def wrong_counts(t):
    """(what, how often it is there) where that is not once."""
    north, south = t.north.inbox(), t.south.inbox()
    requests = [m["subject"] for m in south
                if m["class"] == "IPM.Schedule.Meeting.Request"]
    there = {}
    for i in range(2):
        mid = "<in%d.%s@south.example>" % (i, t.tag)
        there["mail in%d in Alice's Inbox" % i] = \
            len([m for m in north if m["messageId"] == mid])
        there["request %d in Bob's Inbox" % i] = requests.count(t.subject(i))
        there["meeting %d in Alice's calendar" % i] = \
            len(t.meetings(t.north, i))
        there["meeting %d in Bob's calendar" % i] = len(t.meetings(t.south, i))
    for i in range(4):
        mid = "<%s>" % t.mid("out%d" % i)
        there["mail out%d in Bob's Inbox" % i] = \
            len([m for m in south if m["messageId"] == mid])
    return [(what, n) for what, n in there.items() if n != 1]


def complaints(t):
    """What is not as it must be, when everything has come to rest."""
    bad = ["%s: %d times" % row for row in wrong_counts(t)]
    # A report is not acknowledged to anybody: a submission that was repeated
    # because its answer was lost may have one of its own.
    reports = [m["subject"] for m in t.north.inbox()
               if m["class"].startswith("REPORT.")]
    for i in range(2):
        if not [s for s in reports if t.mid("lost%d" % i) in s]:
            bad.append("no report about mail lost%d" % i)
    if len(reports) > 3:
        bad.append("%d reports about two lost mails" % len(reports))
    for server in (t.north, t.south):
        if server.ask("queue.list"):
            bad.append("the queue of %s is not empty" % server.domain)
    return bad


def database_complaint(server):
    path = os.path.join(server.dir, "convoke.db")
    with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % path,
                                            uri=True)) as db:
        (answer,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    return [] if answer == "ok" else ["the database: " + answer]


def one(binary, south, point, nth, tag):
    """Kills at the n-th pass of a point; complaints, None when not hit."""
    north = Server(binary, "north.example", "alice", CONF)
    try:
        north.start().add_account()
        north.route(south)
        north.stop()
        north.start({"CONVOKE_KILL_AT": "%s:%d" % (point, nth)})
        south.route(north)
        t = Traffic(north, south, tag)
        finished = t.run()
        hit = north.wait_killed(8 if finished else 2)
        if not hit:
            return None
        north.start()
        south.route(north)
        if not t.run():
            return ["the server died again"]
        wait_until(lambda: not complaints(t), 15)
        return complaints(t) + database_complaint(north)
    finally:
        north.remove()


def run_jobs(binary, jobs, results):
    """Takes jobs until none is left; each thread has a south of its own."""
    south = Server(binary, "south.example", "bob", CONF)
    try:
        south.start().add_account()
        while True:
            try:
                point, nth = jobs.get_nowait()
            except queue.Empty:
                return
            bad = one(binary, south, point, nth, "%s-%d" % (point, nth))
            if bad is None and nth <= 2:
                bad = ["the point was not reached"]
            results.append((point, nth, bad))
    finally:
        south.remove()


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--passes", type=int, default=2)
    options.add_argument("binary")
    options.add_argument("source")
    options.add_argument("point", nargs="*")
    options = options.parse_args()
    with open(os.path.join(options.source, "src/base/killpoints.def"),
              encoding="utf-8") as f:
        points = re.findall(r'^KILL_POINT\("([^"]+)"', f.read(), re.M)
    jobs, results = queue.Queue(), []
    for point in options.point or points:
        for nth in range(1, options.passes + 1):
            jobs.put((point, nth))
    wanted = jobs.qsize()
    threads = [threading.Thread(target=run_jobs,
                                args=(options.binary, jobs, results))
               for _ in range(THREADS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    failed = [row for row in results if row[2]]
    for point, nth, bad in sorted(failed):
        print("%s, pass %d: %s" % (point, nth, "; ".join(bad)))
    skipped = len([row for row in results if row[2] is None])
    passed = len(results) - len(failed) - skipped
    missing = wanted - passed - skipped
    print("%d passed, %d failed, %d skipped" % (passed, missing, skipped))
    return 1 if missing or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
