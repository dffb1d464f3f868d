#!/usr/bin/python3
"""The program from outside: exit codes, outputs, reports, what is left over.

usage: tests/cli/commands.py CONVOKE
Makes its own inputs: objects in JSON and small mails.
"""
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

import olefile

CONVOKE = None

REQUEST = {
    "format": "convoke-object/1",
    "messageClass": "IPM.Schedule.Meeting.Request",
    "properties": [
        {"tag": "0x001A001F", "type": "PtypString",
         "value": "IPM.Schedule.Meeting.Request"},
        {"tag": "0x0037001F", "type": "PtypString", "value": "Budget"},
        {"tag": "0x0C1F001F", "type": "PtypString",
         "value": "alice@north.example"},
        {"tag": "0x0C1E001F", "type": "PtypString", "value": "SMTP"},
        {"tag": "0x8005001F", "type": "PtypString", "value": "Room 1",
         "set": "{00062002-0000-0000-C000-000000000046}", "lid": "0x8208"},
        {"tag": "0x80060040", "type": "PtypTime",
         "value": "2008-08-21T17:00:00Z",
         "set": "{00062002-0000-0000-C000-000000000046}", "lid": "0x820D"},
        {"tag": "0x80070040", "type": "PtypTime",
         "value": "2008-08-21T18:00:00Z",
         "set": "{00062002-0000-0000-C000-000000000046}", "lid": "0x820E"},
    ],
    "recipients": [{"properties": [
        {"tag": "0x3001001F", "type": "PtypString", "value": "Bob"},
        {"tag": "0x3003001F", "type": "PtypString",
         "value": "bob@south.example"},
        {"tag": "0x3002001F", "type": "PtypString", "value": "SMTP"},
        {"tag": "0x0C150003", "type": "PtypInteger32", "value": 1}]}],
    "attachments": [{"properties": [
        {"tag": "0x3707001F", "type": "PtypString", "value": "a.txt"},
        {"tag": "0x37050003", "type": "PtypInteger32", "value": 1}],
        "data": "00ff"}],
}

MAIL = (b"From: alice@north.example\r\nTo: bob@south.example\r\n"
        b"Subject: Hi\r\nDate: Thu, 21 Aug 2008 17:00:00 +0000\r\n"
        b"Message-ID: <1@north.example>\r\n\r\nHello\r\n")

EVENT = ("BEGIN:VEVENT\r\nUID:%d@x.example\r\nDTSTAMP:20080821T170000Z\r\n"
         "DTSTART:20080821T170000Z\r\nSUMMARY:Event %d\r\nEND:VEVENT\r\n")


class Commands(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="convoke-cli-")
        self.addCleanup(self.scratch.cleanup)
        self.dir = self.scratch.name

    def path(self, name):
        return os.path.join(self.dir, name)

    def make(self, name, data):
        if isinstance(data, dict):
            data = json.dumps(data)
        if isinstance(data, str):
            data = data.encode()
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as f:
            f.write(data)
        return self.path(name)

    def run_it(self, *args, code=0, stdin=b""):
        done = subprocess.run([CONVOKE, *args], input=stdin, cwd=self.dir,
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done

    def report(self, name):
        with open(self.path(name), encoding="utf-8") as rows:
            return [json.loads(row) for row in rows]

    def test_one_file_loads_few_libraries(self):
        """Loading takes longer than converting a message."""
        out = subprocess.run(["ldd", CONVOKE], capture_output=True, text=True,
                             check=True).stdout
        for name in ("glib", "pcre", "icu", "sqlite", "gnutls", "event"):
            self.assertNotIn("lib" + name, out)

    def test_msg_is_sound_for_olefile(self):
        self.make("r.json", REQUEST)
        self.run_it("convert", "--to", "msg", "-o", "r.msg", "r.json")
        ole = olefile.OleFileIO(self.path("r.msg"),
                                raise_defects=olefile.DEFECT_POTENTIAL)
        self.assertEqual(ole.root.clsid,
                         "00020D0B-0000-0000-C000-000000000046")
        subject = ole.openstream("__substg1.0_0037001F").read()
        self.assertEqual(subject.decode("utf-16-le"), "Budget")
        entries = ole.openstream("__properties_version1.0").read()
        counts = struct.unpack("<8x4I8x", entries[:32])
        self.assertEqual(counts, (1, 1, 1, 1))
        rows = {tag: (size, rest) for tag, _, size, rest in
                struct.iter_unpack("<4I", entries[32:])}
        self.assertEqual(rows[0x0037001F], (len(subject) + 2, 0))
        data = ole.openstream(["__attach_version1.0_#00000000",
                               "__substg1.0_37010102"]).read()
        self.assertEqual(data, b"\x00\xff")
        entries = ole.openstream(["__nameid_version1.0",
                                  "__substg1.0_00030102"]).read()
        self.assertEqual(len(entries), 24)
        ole.close()

    def test_msg_with_a_thousand_recipients_is_sound_for_olefile(self):
        many = dict(REQUEST, recipients=REQUEST["recipients"] * 1000)
        self.make("r.json", many)
        self.run_it("convert", "--to", "msg", "-o", "r.msg", "r.json")
        ole = olefile.OleFileIO(self.path("r.msg"),
                                raise_defects=olefile.DEFECT_POTENTIAL)
        rows = [e for e in ole.listdir(streams=False, storages=True)
                if e[0].startswith("__recip")]
        self.assertEqual(len(rows), 1000)
        ole.close()

    def test_json_to_msg_to_json_keeps_the_meeting(self):
        self.make("r.json", REQUEST)
        self.run_it("convert", "--to", "msg", "-o", "r.msg", "r.json")
        out = json.loads(self.run_it("inspect", "--json", "r.msg").stdout)
        self.assertEqual(out["source"], "msg")
        self.assertEqual(out["messageClass"], "IPM.Schedule.Meeting.Request")
        values = {p.get("name"): p["value"] for p in out["properties"]}
        self.assertEqual(values["PidLidAppointmentStartWhole"],
                         "2008-08-21T17:00:00Z")
        self.assertEqual(values["PidLidLocation"], "Room 1")

    def test_convert_makes_mail_with_a_calendar(self):
        self.make("r.json", REQUEST)
        mail = self.run_it("convert", "r.json").stdout
        self.assertIn(b"Subject: Budget", mail)
        self.assertIn(b"method=REQUEST", mail)
        ics = self.run_it("convert", "--to", "ics", "r.json").stdout
        self.assertTrue(ics.startswith(b"BEGIN:VCALENDAR\r\n"))

    def test_original_copies_mail(self):
        odd = MAIL.replace(b"Subject: Hi", b"subject:Hi")
        self.make("m.eml", odd)
        out = self.run_it("convert", "--original", "m.eml").stdout
        self.assertEqual(out, odd)

    def test_message_ids_become_grammatical(self):
        for given, made in (("<a@b>", "<a@b>"), ("a@b", "<a@b>"),
                            ("<1110>", "<1110@invalid>"),
                            ("<a@b@c.d>", "<a.b@c.d>"),
                            ("<a@>", "<a@invalid>"),
                            ("<@a>", "<a@invalid>"),
                            ('<"a@b"@c>', '<"a@b"@c>')):
            mail = MAIL.replace(b"<1@north.example>", given.encode())
            out = self.run_it("convert", "-", stdin=mail).stdout
            self.assertIn(b"\r\nMessage-ID: " + made.encode() + b"\r\n", out)

    def test_resent_fields_hold_addresses(self):
        out = self.run_it("convert", "-", stdin=b"Resent-To: k\r\n" +
                          b"Resent-Cc: Ann <a@b.example>\r\n" + MAIL).stdout
        self.assertIn(b"\r\nResent-To: k:;\r\n", out)
        self.assertIn(b"\r\nResent-Cc: Ann <a@b.example>\r\n", out)

    def test_a_calendar_without_component_travels_as_a_file(self):
        self.make("x.ics", b"(EBEGIN:VEV\nrubbish")
        out = self.run_it("convert", "x.ics").stdout
        self.assertIn(b'filename=x.ics', out)
        self.run_it("convert", "-o", "out/", "x.ics")
        self.assertEqual(os.listdir(self.path("out")), ["x.eml"])

    def test_standard_input_is_read(self):
        out = self.run_it("convert", "-", stdin=MAIL).stdout
        self.assertIn(b"Subject: Hi", out)

    def test_folder_becomes_folder_and_report(self):
        self.make("in/a.eml", MAIL)
        self.make("in/sub/a.json", REQUEST)
        self.run_it("convert", "-o", "out", "--report", "rep", "in")
        self.assertEqual(sorted(os.listdir(self.path("out"))),
                         ["a.eml", "sub"])
        lines = self.report("rep")
        self.assertEqual([l["input"] for l in lines],
                         ["in/a.eml", "in/sub/a.json"])
        self.assertEqual([l["output"] for l in lines],
                         ["out/a.eml", "out/sub/a.eml"])
        self.assertTrue(all(l["status"] == "converted" for l in lines))

    def test_one_failure_does_not_stop_the_others(self):
        self.make("bad.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
        self.make("m.eml", MAIL)
        done = self.run_it("convert", "-o", "out/", "--report", "rep",
                           "bad.msg", "nope.eml", "m.eml", code=1)
        self.assertEqual(os.listdir(self.path("out")), ["m.eml"])
        self.assertEqual([l["status"] for l in self.report("rep")],
                         ["failed", "failed", "converted"])
        self.assertIn(b"bad.msg: ", done.stderr)
        self.assertIn(b"nope.eml: No such file", done.stderr)

    def test_each_event_of_a_calendar_with_a_slash(self):
        self.make("c.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" +
                  "".join(EVENT % (i, i) for i in (1, 2, 3)) +
                  "END:VCALENDAR\r\n")
        self.run_it("convert", "-o", "out/", "--report", "rep", "c.ics")
        self.assertEqual(sorted(os.listdir(self.path("out"))),
                         ["c-2.eml", "c-3.eml", "c.eml"])
        self.assertEqual(self.report("rep")[1]["input"],
                         "c.ics#2@x.example")
        out = self.run_it("convert", "c.ics").stdout
        self.assertEqual(out.count(b"Subject:"), 1)

    def test_failure_leaves_the_old_output(self):
        self.make("old.eml", b"old")
        self.make("bad.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
        self.run_it("convert", "-o", "old.eml", "bad.msg", code=1)
        with open(self.path("old.eml"), "rb") as f:
            self.assertEqual(f.read(), b"old")
        self.assertEqual(sorted(os.listdir(self.dir)), ["bad.msg", "old.eml"])

    def test_legacy_setting_fails_by_name(self):
        row = {"properties": REQUEST["recipients"][0]["properties"] + [
            {"tag": "0x5FFB0040", "type": "PtypTime",
             "value": "1601-01-01T00:00:00Z"}]}
        self.make("r.json", dict(REQUEST, recipients=[row]))
        self.run_it("convert", "-o", "ok.eml", "r.json")
        done = self.run_it(
            "convert", "-o", "no.eml", "--report", "rep", "--set",
            "content-conversion.fix-recipient-track-status-time=false",
            "r.json", code=1)
        self.assertIn(b"fix-recipient-track-status-time=true", done.stderr)
        self.assertIn("legacy-tracking-time",
                      [f["rule"] for f in self.report("rep")[0]["findings"]])
        self.assertFalse(os.path.exists(self.path("no.eml")))

    def test_signatures_alone_say_so(self):
        self.make("winmail.dat", b"\x78\x9f\x3e\x22" + bytes(30))
        self.make("box.pst", b"!BDN" + bytes(600))
        for name in ("winmail.dat", "box.pst"):
            done = self.run_it("convert", "-o", "out/", name, code=1)
            self.assertIn(b"convoke: " + name.encode() + b": ", done.stderr)

    def test_wrong_usage_gives_2(self):
        self.make("m.eml", MAIL)
        for args in ([], ["nothing"], ["convert"], ["inspect"], ["check"],
                     ["convert", "--to", "pdf", "m.eml"],
                     ["convert", "--set", "novalue", "m.eml"],
                     ["convert", "--set", "no.such=1", "m.eml"],
                     ["convert", "-o", "-", "m.eml", "m.eml"],
                     ["inspect", "m.eml", "m.eml"]):
            done = self.run_it(*args, code=2)
            self.assertIn(b"--help", done.stderr)

    def test_every_command_has_help(self):
        top = self.run_it("--help").stdout.decode()
        names = [line.split()[0] for line in
                 top.split("Commands:\n")[1].split("\n\n")[0].splitlines()]
        self.assertIn("convert", names)
        for name in names:
            self.assertIn(b"usage: convoke " + name.encode(),
                          self.run_it(name, "--help").stdout)

    def test_check_looks_at_every_message_of_a_container(self):
        box = b"".join(b"From a@x Thu Aug 21 17:00:00 2008\nFrom: a@x.example"
                       b"\nSubject: %d\nDate: Thu, 21 Aug 2008 17:00:0%d +0000"
                       b"\nMessage-ID: <%d@x>\n\nHello\n\n" % (i, i, i)
                       for i in (1, 2))
        self.make("box.mbox", box)
        out = self.run_it("check", "box.mbox").stdout.decode()
        self.assertEqual(out, "box.mbox#1: IPM.Note, 0 findings\n"
                              "box.mbox#2: IPM.Note, 0 findings\n")

    def test_check_names_rule_and_repair(self):
        row = {"properties": REQUEST["recipients"][0]["properties"] + [
            {"tag": "0x5FFB0040", "type": "PtypTime",
             "value": "1601-01-01T00:00:00Z"}]}
        self.make("r.json", dict(REQUEST, recipients=[row]))
        out = self.run_it("check", "r.json").stdout.decode()
        self.assertIn("r.json: IPM.Schedule.Meeting.Request, ", out)
        self.assertIn("recipient-track-status-time", out)
        self.assertIn("KB938650", out)
        self.make("x.bin", b"\x00\x01\x02")
        self.run_it("check", "x.bin", code=1)

    def test_inspect_shows_rows_for_people(self):
        self.make("r.json", REQUEST)
        out = self.run_it("inspect", "r.json").stdout.decode()
        self.assertIn('PidTagSubject', out)
        self.assertIn('"Budget"', out)
        self.assertIn("recipient[0]", out)
        self.assertIn("attachment[0] 2 bytes", out)


if __name__ == "__main__":
    CONVOKE = os.path.abspath(sys.argv.pop(1))
    result = unittest.main(exit=False, verbosity=2).result
    bad = len(result.failures) + len(result.errors)
    print("%d passed, %d failed" % (result.testsRun - bad, bad))
    sys.exit(1 if bad else 0)
