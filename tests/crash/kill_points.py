#!/usr/bin/python3
"""SIGKILL at every named moment (src/base/killpoints.def), twice each.

usage: kill_points.py CONVOKE SOURCE-FOLDER [NAME...]

A server takes mail by SMTP, submits mail and meetings to another server and
gets answers, until the kill point ends it. It is started again, what was not
acknowledged is sent again (as any client does), and then: every message that
was accepted is in its mailbox exactly once, and the queues are empty.
"""
import base64
import os
import re
import smtplib
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from servers import Failure, Server, wait_until  # noqa: E402

CONF = ("[transport]\nretry-first=200ms\nretry-second=200ms\n"
        "retry-third=200ms\nretry-subsequent=300ms\ndelay-warning=0\n")
BIG = "x" * 70 + "\r\n"


def mail(message_id, sender, to, size=1):
    return ("From: <%s>\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: <%s>\r\n"
            "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n\r\n%s" % (
                sender, to, message_id, message_id, BIG * size))


class Traffic:
    """What is sent; each act may be repeated until it is acknowledged."""

    def __init__(self, north, south, tag):
        self.north, self.south, self.tag = north, south, tag
        self.acts = []
        for i in range(3):
            size = 15000 if i == 2 else 1
            self.acts.append(lambda i=i, size=size: self.smtp_in(i, size))
        for i in range(2):
            self.acts.append(lambda i=i: self.submit(
                "out%d" % i, south.user))
        for i in range(2):
            self.acts.append(lambda i=i: self.submit(
                "lost%d" % i, "nobody@" + north.domain))
            self.acts.append(lambda i=i: self.meeting(i))

    def smtp_in(self, i, size):
        mid = "in%d.%s@south.example" % (i, self.tag)
        with smtplib.SMTP("127.0.0.1", self.north.ports["smtp"],
                          timeout=20) as s:
            s.sendmail(self.south.user, [self.north.user],
                       mail(mid, self.south.user, self.north.user, size))

    def submit(self, name, to):
        mid = "%s.%s@north.example" % (name, self.tag)
        data = base64.b64encode(mail(mid, self.north.user, to).encode())
        self.north.ask("submit", data=data.decode(), name="m.eml", to=[to],
                       **{"from": self.north.user})

    def subject(self, i):
        return "Meeting %d of %s" % (i, self.tag)

    def has_meeting(self, server, i):
        return [m for m in server.ask("meeting.list", account=server.user)
                if m["subject"] == self.subject(i)]

    def meeting(self, i):
        if not self.has_meeting(self.north, i):
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


def count(server, message_id, account=None):
    wanted = "<%s>" % message_id
    return len([m for m in server.inbox(account) if m["messageId"] == wanted])


def complaints(t):
    """What is not as it must be, when everything has come to rest."""
    bad = []
    for i in range(3):
        n = count(t.north, "in%d.%s@south.example" % (i, t.tag))
        if n != 1:
            bad.append("mail in%d is %d times in Alice's Inbox" % (i, n))
    for i in range(2):
        n = count(t.south, "out%d.%s@north.example" % (i, t.tag))
        if n != 1:
            bad.append("mail out%d is %d times in Bob's Inbox" % (i, n))
    for i in range(2):
        mid = "lost%d.%s@north.example" % (i, t.tag)
        n = len([m for m in t.north.inbox()
                 if m["class"].startswith("REPORT.") and mid in m["subject"]])
        if n != 1:
            bad.append("%d reports about mail lost%d" % (n, i))
        for server, who in ((t.north, "Alice"), (t.south, "Bob")):
            n = len(t.has_meeting(server, i))
            if n != 1:
                bad.append("meeting %d is %d times in %s's calendar" % (
                    i, n, who))
        n = len([m for m in t.south.inbox()
                 if m["subject"] == t.subject(i) and
                 m["class"] == "IPM.Schedule.Meeting.Request"])
        if n != 1:
            bad.append("%d requests of meeting %d in Bob's Inbox" % (n, i))
    for server in (t.north, t.south):
        if server.ask("queue.list"):
            bad.append("the queue of %s is not empty" % server.domain)
    return bad


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
        return complaints(t)
    finally:
        north.remove()


def main():
    binary, source = sys.argv[1], sys.argv[2]
    with open(os.path.join(source, "src/base/killpoints.def"),
              encoding="utf-8") as f:
        points = re.findall(r'^KILL_POINT\("([^"]+)"', f.read(), re.M)
    points = sys.argv[3:] or points
    passed, failed = 0, 0
    south = Server(binary, "south.example", "bob", CONF)
    try:
        south.start().add_account()
        for point in points:
            for nth in (1, 2):
                tag = "%s-%d" % (point, nth)
                bad = one(binary, south, point, nth, tag)
                if bad is None:
                    bad = ["the point was not reached"]
                if bad:
                    failed += 1
                    print("%s, pass %d: %s" % (point, nth, "; ".join(bad)))
                else:
                    passed += 1
    finally:
        south.remove()
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
