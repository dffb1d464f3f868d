#!/usr/bin/python3
"""convoke convert at batch size, from outside: trees, reports, children that
die, runs that are cut off and continued, full disks, mbox and Maildir.

usage: tests/cli/batch.py CONVOKE
"""
import glob
import json
import mailbox
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest

CONVOKE = None

MAIL = ("From: alice@north.example\r\nTo: bob@south.example\r\n"
        "Subject: %s\r\nDate: Thu, 21 Aug 2008 17:00:0%d +0000\r\n"
        "Message-ID: <%d@north.example>\r\n\r\n%s\r\n")
EVENT = ("BEGIN:VEVENT\r\nUID:%d@x.example\r\nDTSTAMP:20080821T170000Z\r\n"
         "DTSTART:20080821T170000Z\r\nSUMMARY:Event %d\r\nEND:VEVENT\r\n")


def mail(number, subject="Hi", text="Hello"):
    return MAIL % (subject, number % 10, number, text)


def calendar(numbers):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" +
            "".join(EVENT % (i, i) for i in numbers) + "END:VCALENDAR\r\n")


class Batch(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="convoke-batch-")
        self.addCleanup(self.scratch.cleanup)
        self.dir = self.scratch.name

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def make(self, name, data):
        if isinstance(data, str):
            data = data.encode()
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as f:
            f.write(data)
        return self.path(name)

    def run_it(self, *args, code=0, **more):
        done = subprocess.run([CONVOKE, "convert", *args], cwd=self.dir,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=120, check=False, **more)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done

    def start(self, *args):
        # pylint: disable=consider-using-with
        child = subprocess.Popen([CONVOKE, "convert", *args], cwd=self.dir,
                                 stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE)
        self.addCleanup(child.stderr.close)
        return child

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def report(self, name):
        return [json.loads(row) for row in self.read(name).splitlines()]

    def tree(self, name):
        """Path -> bytes of every file below, hidden ones included."""
        found = {}
        for root, _, names in os.walk(self.path(name)):
            for n in names:
                path = os.path.join(root, n)
                found[os.path.relpath(path, self.path(name))] = self.read(path)
        return found

    def make_many(self, count=60):
        for i in range(count):
            self.make("in/%s/m%d.eml" % ("abc"[i % 3], i), mail(i))
        self.make("in/cal.ics", calendar(range(40)))
        self.make("in/bad.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
        self.make("in/b/nothing.bin", b"\x00\x01")

    # -- trees and reports --

    def test_the_tree_is_kept(self):
        self.make("in/a.eml", mail(1))
        self.make("in/sub/deep/a.eml", mail(2))
        self.make("in/sub/c.ics", calendar([1, 2]))
        self.run_it("-o", "out/", "in")
        self.assertEqual(sorted(self.tree("out")),
                         ["a.eml", "sub/c-2.eml", "sub/c.eml",
                          "sub/deep/a.eml"])
        self.run_it("-o", "two/", "in/sub", "in/a.eml")
        self.assertEqual(sorted(self.tree("two")),
                         ["a.eml", "sub/c-2.eml", "sub/c.eml",
                          "sub/deep/a.eml"])

    def test_any_number_of_children_gives_the_same(self):
        self.make_many()
        done = {}
        for jobs in ("0", "1", "4"):
            self.run_it("-j", jobs, "-o", "out/", "--report", "rep", "in",
                        code=1)
            done[jobs] = (self.tree("out"), self.read("rep"))
            os.rename(self.path("out"), self.path("out" + jobs))
        self.assertEqual(len(done["1"][0]), 60 + 40)
        self.assertEqual(len(done["1"][1].splitlines()), 60 + 40 + 2)
        for jobs in ("0", "4"):
            self.assertEqual(done["1"][0], done[jobs][0])
            self.assertEqual(done["1"][1], done[jobs][1])

    def test_the_report_is_in_order_and_the_summary_counts(self):
        self.make_many(12)
        done = self.run_it("-j", "3", "-o", "out/", "-r", "rep", "in", code=1)
        lines = self.report("rep")
        inputs = [l["input"].split("#")[0] for l in lines]
        self.assertEqual(inputs, sorted(inputs))
        self.assertIn(b"54 items: 52 converted (", done.stderr)
        self.assertIn(b"2 unreadable", done.stderr)
        self.assertIn(b"2  not-a-message\n", done.stderr)
        for line in lines:
            if line["status"] != "failed":
                self.assertTrue(os.path.exists(self.path(line["output"])))

    def test_names_suit_every_file_system(self):
        for name in ("con.eml", "a:b.eml", "A_b.eml", "a_b.eml",
                     "tr\u0065\u0301s.eml", "tr\u00e9s.eml", "x" * 240 + ".eml"):
            self.make("in/" + name, mail(1))
        self.make("in/dot./m.eml", mail(2))
        self.run_it("-o", "out/", "in")
        names = sorted(self.tree("out"))
        self.assertEqual(names, sorted([
            "A_b.eml", "_con.eml", "a_b-2.eml", "a_b-3.eml", "dot/m.eml",
            "tr\u00e9s-2.eml", "tr\u00e9s.eml", "x" * 180 + ".eml"]))

    def test_the_output_folder_is_no_input(self):
        self.make("in/a.eml", mail(1))
        self.run_it("-o", "in/out/", "in")
        self.run_it("-o", "in/out/", "in")
        self.assertEqual(list(self.tree("in/out")), ["a.eml"])
        done = self.run_it("-o", "in", "in", code=1)
        self.assertIn(b"output folder itself", done.stderr)

    def test_a_mail_is_not_written_over_itself(self):
        self.make("a.eml", mail(1) + "\r\n\r\n")
        self.make("b.eml", mail(2))
        before = self.read("a.eml")
        self.run_it("a.eml", "b.eml")
        self.assertEqual(self.read("a.eml"), before)
        self.assertEqual(sorted(n for n in os.listdir(self.dir)),
                         ["a-2.eml", "a.eml", "b-2.eml", "b.eml"])

    def test_no_output_replaces_another_input(self):
        self.make("a.eml", mail(1, "One"))
        self.make("b.eml", mail(2, "Two"))
        self.run_it("--to", "msg", "-o", "b.msg", "a.eml")
        self.run_it("--to", "mbox", "-o", "c.mbox", "a.eml")
        before = self.tree("")
        self.run_it("b.msg", "b.eml", "c.mbox")
        self.run_it("--to", "mbox", "c.mbox", "b.eml")
        after = self.tree("")
        self.assertEqual({n: after[n] for n in before}, before)
        self.assertEqual(sorted(set(after) - set(before)),
                         ["b-2.eml", "b-3.eml", "c.eml", "messages.mbox"])

    def test_what_has_no_such_form_is_told_and_no_failure(self):
        self.make("in/a.eml", mail(1))
        self.make("in/b.ics", calendar([1]))
        self.make("box.mbox", "".join(
            "From a@x.example Thu Aug 21 17:00:0%d 2008\n%s\n"
            % (i, mail(i).replace("\r", "")) for i in range(2)))
        done = self.run_it("--to", "ics", "-o", "out/", "-r", "rep", "in",
                           "box.mbox")
        lines = self.report("rep")
        self.assertEqual(
            [(l["input"], l["output"], l["status"]) for l in lines],
            [("in/a.eml", None, "skipped"),
             ("in/b.ics#1@x.example", "out/in/b.ics", "converted"),
             ("box.mbox#1", None, "skipped"),
             ("box.mbox#2", None, "skipped")])
        self.assertEqual(lines[0]["messageClass"], "IPM.Note")
        self.assertIn(b"1 item: 1 converted (", done.stderr)
        self.assertIn(b"3 without such a form", done.stderr)
        done = self.run_it("--to", "ics", "-o", "two/", "in/a.eml", code=1)
        self.assertIn(b"no single calendar item; use --to eml", done.stderr)

    # -- filters --

    def test_filters_choose(self):
        self.make("in/cal.ics", calendar([1, 2]))
        self.make("in/old.eml", mail(1).replace("2008", "1999"))
        self.make("in/x/new.eml", mail(2))
        self.run_it("-o", "m/", "--only", "meetings", "in")
        self.assertEqual(sorted(self.tree("m")), ["cal-2.eml", "cal.eml"])
        done = self.run_it("-o", "n/", "--only", "mail", "--since",
                           "2008-08-21", "in")
        self.assertEqual(sorted(self.tree("n")), ["x/new.eml"])
        self.assertIn(b"3 passed over", done.stderr)
        self.run_it("-o", "f/", "--folder", "X", "in")
        self.assertEqual(sorted(self.tree("f")), ["x/new.eml"])
        self.run_it("-o", "g/", "--since", "yesterday", "in", code=2)
        self.run_it("-o", "g/", "--only", "birds", "in", code=2)

    # -- mbox and Maildir --

    def test_mbox_is_read_by_python(self):
        self.make("in/a.eml", mail(1, "One", "From here\r\n>From there"))
        self.make("in/b.eml", mail(2, "Two"))
        self.make("in/sub/c.eml", mail(3, "Three"))
        self.run_it("--to", "mbox", "-o", "out/", "in")
        self.assertEqual(sorted(self.tree("out")),
                         ["messages.mbox", "sub.mbox"])
        box = mailbox.mbox(self.path("out/messages.mbox"))
        self.assertEqual([m["Subject"] for m in box], ["One", "Two"])
        self.assertEqual(box[0].get_from(),
                         "MAILER-DAEMON Thu Aug 21 17:00:01 2008")
        self.assertIn(b"\n>From here\n>>From there", box[0].as_bytes())
        box.close()

    def test_one_input_gives_one_mbox(self):
        self.make("a.eml", mail(1, "One"))
        out = self.run_it("--to", "mbox", "a.eml").stdout
        self.assertTrue(out.startswith(b"From MAILER-DAEMON Thu Aug 21 "))
        self.run_it("--to", "mbox", "-o", "x.mbox", "a.eml")
        self.assertEqual(self.read("x.mbox"), out)

    def test_a_file_is_no_target_for_several_mailboxes(self):
        self.make("in/a.eml", mail(1, "One"))
        done = self.run_it("--to", "mbox", "-o", "x.mbox", "in", code=2)
        self.assertIn(b"name a folder (-o OUT/)", done.stderr)
        self.assertFalse(os.path.exists(self.path("x.mbox")))
        self.run_it("--to", "mbox", "-o", "x.mbox/", "in")
        self.assertEqual(list(self.tree("x.mbox")), ["messages.mbox"])

    def test_maildir_both_ways(self):
        source = mailbox.Maildir(self.path("in"))
        made = mailbox.MaildirMessage(mail(1, "One").encode())
        made.set_flags("FRS")
        made.set_subdir("cur")
        source.add(made)
        source.add(mail(2, "Two").encode())
        sub = source.add_folder("Sent.Entw&APw-rfe")
        sub.add(mail(3, "Three").encode())
        self.run_it("--to", "maildir", "-o", "out", "in")
        box = mailbox.Maildir(self.path("out"))
        flags = {m["Subject"]: m.get_flags() for m in box}
        self.assertEqual(flags, {"One": "FRS", "Two": ""})
        self.assertEqual(box.list_folders(), ["Sent.Entw&APw-rfe"])
        self.assertEqual([m["Subject"] for m in
                          box.get_folder("Sent.Entw&APw-rfe")], ["Three"])
        self.run_it("-o", "mails", "in")
        self.assertEqual(sorted(self.tree("mails")),
                         ["One.eml", "Sent/Entw\u00fcrfe/Three.eml",
                          "Two.eml"])
        self.run_it("--to", "mbox", "-o", "boxes", "in")
        box = mailbox.mbox(self.path("boxes/messages.mbox"))
        self.assertEqual({m["Subject"]: m.get_flags() for m in box},
                         {"One": "ROAF", "Two": "O"})
        box.close()

    # -- children that die --

    def children_of(self, pid):
        with open("/proc/%d/task/%d/children" % (pid, pid),
                  encoding="ascii") as f:
            return [int(word) for word in f.read().split()]

    def test_a_killed_child_costs_one_item(self):
        """A pipe that nobody writes to holds the child at a known item."""
        for name in ("a", "c"):
            self.make(name + ".eml", mail(1, name))
        os.mkfifo(self.path("b.eml"))
        run = self.start("-j", "1", "-o", "out/", "-r", "rep", "a.eml",
                         "b.eml", "c.eml")
        held = os.open(self.path("b.eml"), os.O_WRONLY)  # it is reading
        os.kill(self.children_of(run.pid)[0], signal.SIGKILL)
        os.close(held)
        while run.poll() is None:  # the rescue reads it, too
            try:
                os.close(os.open(self.path("b.eml"),
                                 os.O_WRONLY | os.O_NONBLOCK))
            except OSError:  # not yet, or no longer
                time.sleep(0.005)
        _, text = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 0, text)
        lines = self.report("rep")
        self.assertEqual([l["status"] for l in lines],
                         ["converted", "partial", "converted"])
        self.assertEqual(lines[1]["ladder"], "minimal")
        self.assertEqual(lines[1]["findings"][0]["rule"], "child-died")
        self.assertIn("Killed", lines[1]["findings"][0]["found"])
        self.assertIn(b"Subject: b\r\n", self.read("out/b.eml"))

    def test_a_killed_child_of_a_container_costs_one_item(self):
        self.make("cal.ics", calendar(range(2000)))
        run = self.start("-j", "2", "-o", "out/", "-r", "rep", "cal.ics")
        while not os.path.exists(self.path("out/cal-2.eml")):
            self.assertIsNone(run.poll())
            time.sleep(0.002)
        os.kill(self.children_of(run.pid)[0], signal.SIGKILL)
        _, text = run.communicate(timeout=100)
        self.assertEqual(run.returncode & ~1, 0, text)
        lines = self.report("rep")
        self.assertEqual(len(lines), 2000)
        died = [l for l in lines
                if any(f["rule"] == "child-died" for f in l["findings"])]
        self.assertLessEqual(len(died), 1)
        self.assertGreaterEqual(len(self.tree("out")), 1999)

    def test_a_vanishing_input_costs_one_item(self):
        for name in ("a", "b", "c"):
            self.make("in/%s.eml" % name, mail(1, name))
        os.chmod(self.path("in/b.eml"), 0)
        os.remove(self.path("in/b.eml"))
        os.symlink("nowhere", self.path("in/b.eml"))
        self.run_it("-o", "out/", "-r", "rep", "in/a.eml", "in/b.eml",
                    "in/c.eml", code=1)
        lines = self.report("rep")
        self.assertEqual([l["status"] for l in lines],
                         ["converted", "failed", "converted"])
        self.assertEqual(lines[1]["findings"][0]["rule"], "io")

    def check_costs_one(self, text, rule, found="", ladder="minimal"):
        """Of the report's three items the second is a minimal message."""
        lines = self.report("rep")
        self.assertEqual([l["status"] for l in lines],
                         ["converted", "partial", "converted"], text)
        self.assertEqual(lines[1]["ladder"], ladder)
        self.assertEqual(lines[1]["findings"][-1]["rule"], rule)
        self.assertIn(found, lines[1]["findings"][-1]["found"])
        return lines[1]

    def make_three(self, name, data):
        self.make("in/a.eml", mail(1, "a"))
        self.make("in/" + name, data)
        self.make("in/c.eml", mail(3, "c"))

    def make_slow(self, tags=3000000):
        text = mail(2, "b").replace(
            "Hello", "<div><b>x</b>" * tags).replace(
            "\r\n\r\n", "\r\nContent-Type: text/html\r\n\r\n", 1)
        self.make_three("b.eml", text)

    def test_the_time_of_an_item_is_bounded(self):
        self.make_slow()
        done = self.run_it("-j", "1", "--child-seconds", "0", "-o", "out/",
                           "-r", "rep", "in")
        self.check_costs_one(done.stderr, "child-died", "CPU time limit")
        self.assertGreater(len(self.read("out/b.eml")), 39000000)

    def test_the_memory_of_a_child_is_bounded(self):
        if b"asan" in subprocess.run(["ldd", CONVOKE], check=True,
                                     capture_output=True).stdout:
            self.skipTest("the sanitizer needs all memory there is")
        text = mail(2, "b").replace("Hello", "hello \u3042\r\n" * 1000000)
        self.make_three("b.eml", text.replace(
            "\r\n\r\n",
            "\r\nContent-Type: text/plain; charset=shift_jis\r\n\r\n", 1))
        for form in ("eml", "json", "msg"):
            done = self.run_it("-j", "1", "--child-mb", "20", "--to", form,
                               "-o", form + "/", "-r", "rep", "in")
            line = self.check_costs_one(done.stderr, "ladder-minimal")
            self.assertIn("out of memory", line["findings"][-1]["done"])
        crowd = "".join("ATTENDEE:mailto:a%d@x.example\r\n" % i
                        for i in range(150000))
        os.remove(self.path("in/b.eml"))
        self.make("in/b.ics", calendar([1]).replace("UID", crowd + "UID"))
        for each in ("", "/"):
            done = self.run_it("-j", "1", "--child-mb", "16", "-o",
                               "out" + each, "-r", "rep", "in")
            line = self.check_costs_one(done.stderr, "child-died", "memory")
            self.assertGreater(len(self.read(line["output"])), 5000000)

    def test_an_input_that_is_cut_while_it_is_read_costs_itself(self):
        self.make_slow(1000000)
        run = self.start("-j", "1", "-o", "out/", "-r", "rep", "in")
        mapped = ""
        while "/in/b.eml" not in mapped:
            self.assertIsNone(run.poll())
            for child in self.children_of(run.pid):
                with open("/proc/%d/maps" % child, encoding="ascii") as f:
                    mapped = f.read()
        os.truncate(self.path("in/b.eml"), 0)
        _, text = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 0, text)
        # A sanitizer turns the signal into an exit.
        self.check_costs_one(text, "child-died", "the converting process")

    # -- cut off and continued --

    def test_a_killed_run_goes_on_to_the_same_tree(self):
        self.make_many()
        for form in ("eml", "mbox", "maildir"):
            whole, rep = "whole-" + form, "rep-" + form
            self.run_it("--to", form, "-o", whole + "/", "-r", rep, "in",
                        code=1)
            for wait in (0.0, 0.01, 0.03, 0.06, 0.1):
                out = "out-%s-%g" % (form, wait)
                args = ("-j", "2", "--to", form, "-o", out + "/", "-r",
                        out + ".rep", "in")
                run = self.start(*args)
                time.sleep(wait)
                run.kill()
                run.communicate()
                self.run_it(*args, "--resume", code=1)
                self.assertEqual(self.tree(out), self.tree(whole), out)
                lines = self.report(out + ".rep")
                self.assertEqual(
                    [l["status"] for l in lines],
                    [l["status"] for l in self.report(rep)])

    def hold(self, *more):
        """A run that stands at its second input, a pipe."""
        self.make("a.eml", mail(1, "a"))
        self.make("c.eml", mail(3, "c"))
        os.mkfifo(self.path("b.eml"))
        run = self.start("-j", "1", "-o", "out/", *more, "a.eml", "b.eml",
                         "c.eml")
        held = os.open(self.path("b.eml"), os.O_WRONLY)
        for _ in range(500):
            if os.path.exists(self.path("out/a.eml")):
                break
            time.sleep(0.01)
        self.addCleanup(os.close, held)
        return run

    def test_ctrl_c_says_how_to_go_on_and_redoes_nothing(self):
        run = self.hold()
        run.send_signal(signal.SIGINT)
        _, text = run.communicate(timeout=60)
        self.assertEqual(run.returncode, -signal.SIGINT)
        self.assertIn(b"interrupted", text)
        self.assertIn(b"--resume", text)
        self.assertEqual(sorted(os.listdir(self.path("out"))),
                         [".convoke", "a.eml"])
        os.remove(self.path("b.eml"))
        self.make("b.eml", mail(2, "b"))
        before = os.stat(self.path("out/a.eml"))
        done = self.run_it("-o", "out/", "--resume", "a.eml", "b.eml", "c.eml")
        after = os.stat(self.path("out/a.eml"))
        self.assertEqual((before.st_ino, before.st_mtime_ns),
                         (after.st_ino, after.st_mtime_ns))
        self.assertEqual(sorted(os.listdir(self.path("out"))),
                         ["a.eml", "b.eml", "c.eml"])
        self.assertIn(b"1 of them done before", done.stderr)

    def test_other_options_are_refused(self):
        run = self.hold()
        run.terminate()
        run.communicate(timeout=60)
        args = ("-o", "out/", "a.eml", "b.eml", "c.eml")
        done = self.run_it("--resume", "--to", "msg", *args, code=1)
        self.assertIn(b"other options or inputs", done.stderr)
        os.remove(self.path("b.eml"))
        done = self.run_it(*args, code=1)
        self.assertIn(b"beginning again", done.stderr)
        done = self.run_it("--resume", *args, code=1)
        self.assertIn(b"no unfinished run", done.stderr)
        self.run_it("--resume", "a.eml", code=2)

    def test_two_runs_do_not_share_a_folder(self):
        run = self.hold()
        done = self.run_it("-o", "out/", "a.eml", "c.eml", code=1)
        self.assertIn(b"another run is writing there", done.stderr)
        run.kill()
        run.communicate()

    # -- targets that fail --

    def test_a_full_disk_ends_the_run_whole(self):
        """A file-size limit meets the mbox, which every item goes into."""
        for i in range(8):
            self.make("in/m%d.eml" % i, mail(i, "S%d" % i, "x" * 2000))
        self.run_it("--to", "mbox", "-o", "whole/", "in")

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))
        done = self.run_it("--to", "mbox", "-o", "out/", "in", code=1,
                           preexec_fn=limit)
        self.assertIn(b"File too large", done.stderr)
        self.assertIn(b"stopped at in/m", done.stderr)
        self.assertEqual(os.listdir(self.path("out")), [".convoke"])
        self.run_it("--to", "mbox", "-o", "out/", "--resume", "in")
        self.assertEqual(self.tree("out"), self.tree("whole"))

    def test_a_file_system_without_room_ends_the_run_whole(self):
        """A real one, in a name space of its own."""
        script = ("mount -t tmpfs -o size=64k none out || exit 77\n"
                  "\"$0\" convert -j 2 -o out/ in 2>full\n"
                  "[ $? = 1 ] || exit 1\n"
                  "find out -name '*.eml' | wc -l >count\n"
                  "mount -o remount,size=4m none out\n"
                  "\"$0\" convert -j 2 -o out/ --resume in 2>again\n"
                  "[ $? = 0 ] && cp -r out kept")
        for i in range(40):
            self.make("in/m%02d.eml" % i, mail(i, "S%d" % i, "x" * 3000))
        self.run_it("-o", "whole/", "in")
        os.mkdir(self.path("out"))
        done = subprocess.run(["unshare", "-Urm", "sh", "-c", script, CONVOKE],
                              cwd=self.dir, check=False, capture_output=True)
        if done.returncode == 77 or not os.path.exists(self.path("full")):
            self.skipTest("no file system may be mounted here")
        self.assertIn(b"No space left on device; stopped at in/m",
                      self.read("full"))
        self.assertIn(b"--resume goes on", self.read("full"))
        self.assertEqual(done.returncode, 0, self.tree("").keys())
        self.assertLess(int(self.read("count")), 40)
        self.assertEqual(self.tree("kept"), self.tree("whole"))

    def test_an_item_too_large_for_the_target_costs_itself(self):
        self.make("in/a.eml", mail(1, "a"))
        self.make("in/b.eml", mail(2, "b", "x" * 20000))
        self.make("in/c.eml", mail(3, "c"))

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))
        done = self.run_it("-o", "out/", "in", code=1, preexec_fn=limit)
        self.assertIn(b"in/b.eml: ", done.stderr)
        self.assertEqual(sorted(self.tree("out")), ["a.eml", "c.eml"])

    @unittest.skipIf(os.geteuid() == 0, "root may write anywhere")
    def test_an_unwritable_target_says_so(self):
        self.make("in/a.eml", mail(1))
        os.mkdir(self.path("out"), 0o500)
        done = self.run_it("-o", "out/", "in", code=1)
        self.assertIn(b"out/: Permission denied", done.stderr)

    def test_a_target_below_a_file_says_so(self):
        self.make("in/a.eml", mail(1))
        self.make("file", "x")
        done = self.run_it("-o", "file/out/", "in", code=1)
        self.assertIn(b"Not a directory", done.stderr)

    def test_nothing_is_left_over(self):
        self.make_many(9)
        self.run_it("-o", "out/", "in", code=1)
        self.assertEqual([n for n in self.tree("out")
                          if not n.endswith(".eml")], [])
        self.assertEqual(glob.glob(self.path("out", ".*")), [])

    def test_c007_the_bad_one_of_three_says_which_it_is(self):
        # The second does not convert under the old rules: the others do, and
        # its line says which message, where in it and why.
        for number, value in ((1, "2008-08-20T18:44:00Z"),
                              (2, "1601-01-01T00:00:00Z"),
                              (3, "2008-08-20T18:44:00Z")):
            self.make("in/Inbox/%d.json" % number, json.dumps({
                "format": "convoke-object/1",
                "messageClass": "IPM.Schedule.Meeting.Request",
                "properties": [
                    {"tag": "0x0037001F", "value": "Budget %d" % number},
                    {"tag": "0x1035001F", "value": "<%d@x>" % number}],
                "recipients": [{"properties": [
                    {"tag": "0x39FE001F", "value": "bob@south.example"},
                    {"tag": "0x5FFB0040", "type": "PtypTime",
                     "value": value}]}]}))
        done = self.run_it(
            "-o", "out/", "--report", "r", "--set",
            "content-conversion.fix-recipient-track-status-time=false", "in",
            code=1)
        lines = self.report("r")
        self.assertEqual([line["status"] == "failed" for line in lines],
                         [False, True, False])
        self.assertEqual(lines[1]["input"], "in/Inbox/2.json")
        self.assertEqual(lines[1]["subject"], "Budget 2")
        self.assertEqual(lines[1]["messageId"], "<2@x>")
        finding, = [f for f in lines[1]["findings"]
                    if f["rule"] == "legacy-tracking-time"]
        self.assertEqual(finding["path"], "recipient[0]")
        self.assertEqual(finding["property"],
                         "PidTagRecipientTrackStatusTime")
        self.assertIn(b"in/Inbox/2.json", done.stderr)
        for number in (1, 3):
            self.assertIn(b"Subject: Budget %d\r\n" % number,
                          self.read("out/Inbox/%d.eml" % number))



if __name__ == "__main__":
    CONVOKE = os.path.abspath(sys.argv.pop(1))
    result = unittest.main(exit=False, verbosity=2).result
    bad = len(result.failures) + len(result.errors)
    print("%d passed, %d failed, %d skipped" % (
        result.testsRun - bad - len(result.skipped), bad,
        len(result.skipped)))
    sys.exit(1 if bad else 0)
