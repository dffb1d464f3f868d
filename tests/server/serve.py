#!/usr/bin/python3
"""The running server, seen from outside.

usage: serve.py CONVOKE
"""
import base64
import os
import smtplib
import ssl
import stat
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from servers import Failure, Server, wait_until  # noqa: E402

BINARY = sys.argv.pop(1)
CONF = "[transport]\nretry-first=200ms\nretry-subsequent=300ms\n"


def convoke(server, *args, text=None):
    """Runs the program on a server's data: (exit code, stdout, stderr)."""
    run = subprocess.run([BINARY, *args, "--data", server.dir], input=text,
                         capture_output=True, text=True, check=False)
    return run.returncode, run.stdout, run.stderr


# A request whose attendee has FILETIME 0 as reply time.
LEGACY_REQUEST = """{"format": "convoke-object/1",
 "messageClass": "IPM.Schedule.Meeting.Request", "properties": [
 {"name": "PidTagMessageClass", "type": "PtypString",
  "value": "IPM.Schedule.Meeting.Request"},
 {"name": "PidTagSubject", "type": "PtypString", "value": "Stuck"},
 {"name": "PidTagSentRepresentingSmtpAddress", "type": "PtypString",
  "value": "alice@north.example"},
 {"name": "PidLidAppointmentStartWhole", "type": "PtypTime",
  "value": "2030-01-07T09:00:00Z"},
 {"name": "PidLidAppointmentEndWhole", "type": "PtypTime",
  "value": "2030-01-07T10:00:00Z"}],
 "recipients": [{"properties": [
 {"name": "PidTagSmtpAddress", "type": "PtypString",
  "value": "b@south.example"},
 {"name": "PidTagRecipientType", "type": "PtypInteger32", "value": 1},
 {"name": "PidTagRecipientTrackStatus", "type": "PtypInteger32", "value": 3},
 {"name": "PidTagRecipientTrackStatusTime", "type": "PtypTime",
  "value": "1601-01-01T00:00:00Z"}]}],
 "attachments": []}"""


class OneServer(unittest.TestCase):
    """alice and bob in one organization."""

    @classmethod
    def setUpClass(cls):
        cls.s = Server(BINARY, "north.example", "alice", CONF).start()
        cls.s.add_account()
        cls.s.add_account("bob@north.example")

    @classmethod
    def tearDownClass(cls):
        cls.s.remove()

    def smtp(self, door="smtp"):
        return smtplib.SMTP("127.0.0.1", self.s.ports[door], timeout=20)

    def arrived(self, message_id, account="alice@north.example"):
        return wait_until(lambda: [
            m for m in self.s.inbox(account)
            if m["messageId"] == "<%s>" % message_id])

    def test_mail_is_served_byte_for_byte(self):
        mail = ("From: x@east.example\r\nTo: alice@north.example\r\n"
                "Message-ID: <bytes@x>\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\n"
                "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n\r\n.dot\r\nend\r\n")
        with self.smtp() as c:
            c.sendmail("x@east.example", ["alice@north.example"], mail)
        (m,) = self.arrived("bytes@x")
        self.assertEqual(m["subject"], "café")
        rc, out, _ = convoke(self.s, "mailbox", "export", str(m["id"]))
        self.assertEqual(rc, 0)
        self.assertTrue(out.replace("\r\n", "\n").endswith(
            mail.replace("\r\n", "\n")))
        self.assertTrue(out.startswith("Received: from "))

    def test_nested_groups_that_overrun_a_parser_are_delivered(self):
        mail = ("From: x@east.example\r\nTo: %s\r\nMessage-ID: <groups@x>\r\n"
                "Subject: groups\r\n\r\nhello groups\r\n" %
                "\r\n ".join(["g: " * 20] * 2000))
        with self.smtp() as c:
            c.sendmail("x@east.example", ["alice@north.example"], mail)
        (m,) = self.arrived("groups@x")
        shown = self.s.ask("mailbox.show", message=m["id"])
        text = [p["value"] for p in shown["properties"]
                if p.get("name") == "PidTagBody"]
        self.assertIn("hello groups", text[0])
        self.assertTrue(self.s.alive())

    def test_relaying_is_refused(self):
        with self.smtp() as c:
            c.ehlo("x")
            c.mail("x@east.example")
            code, text = c.rcpt("y@west.example")
            self.assertEqual((code, text[:5]), (550, b"5.7.1"))
            code, text = c.rcpt("nobody@north.example")
            self.assertEqual((code, text[:5]), (550, b"5.1.1"))

    def test_submission_wants_a_password_and_the_own_address(self):
        with self.smtp("submission") as c:
            c.ehlo("x")
            self.assertEqual(c.mail("alice@north.example")[0], 530)
            with self.assertRaises(smtplib.SMTPAuthenticationError):
                c.login("alice@north.example", "wrong")
        with self.smtp("submission") as c:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            c.starttls(context=context)
            c.login("alice@north.example", "demo")
            with self.assertRaises(smtplib.SMTPException):
                c.sendmail("bob@north.example", ["bob@north.example"], "x")
            c.sendmail("alice@north.example", ["bob@north.example"],
                       "Message-ID: <sub@x>\r\nSubject: s\r\n\r\nx\r\n")
        self.assertTrue(self.arrived("sub@x", "bob@north.example"))

    def test_swaks_delivers(self):
        run = subprocess.run(
            ["swaks", "--server", "127.0.0.1:%d" % self.s.ports["submission"],
             "--tls", "--auth", "PLAIN", "--auth-user", "alice@north.example",
             "--auth-password", "demo", "--from", "alice@north.example",
             "--to", "bob@north.example", "--h-Subject", "by swaks"],
            capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stdout[-1500:])
        self.assertTrue(wait_until(lambda: [
            m for m in self.s.inbox("bob@north.example")
            if m["subject"] == "by swaks"]))

    def test_a_second_server_on_the_same_data_is_refused(self):
        rc, _, err = convoke(self.s, "serve")
        self.assertEqual(rc, 1)
        self.assertIn(self.s.dir, err)

    def test_the_control_socket_is_private(self):
        mode = os.stat(os.path.join(self.s.dir, "control")).st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)

    def test_a_setting_is_checked_set_shown_and_taken_back(self):
        rc, _, err = convoke(self.s, "config", "set", "smtp.max-recipients",
                             "many")
        self.assertEqual(rc, 1)
        self.assertIn("a whole number", err)
        rc, _, err = convoke(self.s, "config", "set", "no.such", "1")
        self.assertEqual(rc, 1)
        self.assertIn("there is no setting", err)
        self.assertEqual(convoke(self.s, "config", "set",
                                 "smtp.max-recipients", "7")[0], 0)
        _, out, _ = convoke(self.s, "config", "show")
        self.assertIn("smtp.max-recipients = 7  (live)", out)
        convoke(self.s, "config", "set", "smtp.max-recipients", "--unset")
        _, out, _ = convoke(self.s, "config", "get", "smtp.max-recipients")
        self.assertEqual(out, "1000\n")

    def test_settings_come_back_from_a_backup(self):
        path = os.path.join(self.s.dir, "backup.json")
        convoke(self.s, "config", "backup", path)
        convoke(self.s, "config", "set", "meeting.strict-sequence", "true")
        rc, out, err = convoke(self.s, "config", "restore", path)
        self.assertEqual(rc, 0, err)
        self.assertIn("all others at their defaults", out)
        _, out, _ = convoke(self.s, "config", "get",
                            "meeting.strict-sequence")
        self.assertEqual(out, "false\n")

    def test_the_articles_registry_value_is_imported(self):
        name = "content-conversion.fix-recipient-track-status-time"
        path = os.path.join(self.s.dir, "fix.reg")
        with open(path, "wb") as f:
            f.write(b"\xff\xfe" + (
                "Windows Registry Editor Version 5.00\r\n\r\n"
                "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\"
                "MSExchangeIS\\ParametersSystem\\InternetContent\\"
                "MimeHandlers\\{85D2DDB8-6225-11D2-BDF1-00C04FD655B5}]\r\n"
                "\"FixRecipientTrackStatusTime\"=dword:00000000\r\n"
            ).encode("utf-16-le"))
        rc, _, err = convoke(self.s, "config", "import-reg", path)
        self.assertEqual(rc, 0, err)
        self.assertEqual(convoke(self.s, "config", "get", name)[1], "false\n")
        self.assertEqual(convoke(self.s, "config", "fixit", "KB938650")[0], 0)
        self.assertEqual(convoke(self.s, "config", "get", name)[1], "true\n")
        self.assertEqual(convoke(self.s, "config", "fixit", "12345")[0], 1)

    def test_an_event_level_is_set_by_its_name(self):
        rc, out, _ = convoke(self.s, "events", "level",
                             "MSExchangeTransport/Exchange Store Driver",
                             "maximum")
        self.assertEqual(rc, 0)
        self.assertRegex(out, r"Exchange Store Driver +maximum")
        self.assertEqual(convoke(self.s, "events", "level", "No/Such",
                                 "maximum")[0], 1)

    def test_a_missing_data_directory_is_named_and_not_made(self):
        path = os.path.join(self.s.dir, "nowhere")
        run = subprocess.run([BINARY, "queue", "list", "--data", path],
                             capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn(path, run.stderr)
        self.assertFalse(os.path.exists(path))

    def test_a_listen_setting_without_port_is_refused_by_name(self):
        with tempfile.TemporaryDirectory() as path:
            run = subprocess.run([BINARY, "serve", "--data", path, "--set",
                                  "listen.smtp=here"], timeout=20,
                                 capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn('listen.smtp takes ADDRESS:PORT, not "here"',
                      run.stderr)

    def test_an_accounts_name_is_taken_once(self):
        with self.assertRaises(Failure):
            self.s.add_account()
        rc, _, err = convoke(self.s, "account", "add", "no-address")
        self.assertEqual(rc, 1)
        self.assertIn("no mail address", err)

    def test_an_alias_gets_mail(self):
        self.assertEqual(convoke(self.s, "account", "alias",
                                 "alice@north.example",
                                 "al@north.example")[0], 0)
        with self.smtp() as c:
            c.sendmail("x@east.example", ["AL@north.example"],
                       "Message-ID: <alias@x>\r\n\r\nx\r\n")
        self.assertTrue(self.arrived("alias@x"))

    def test_a_broken_object_in_json_is_submitted_and_delivered(self):
        text = ('{"format": "convoke-object/1", "messageClass": "IPM.Note", '
                '"properties": [{"tag": "0x0037001F", "type": "PtypString", '
                '"value": "broken"}, {"tag": "0x1035001F", "type": '
                '"PtypString", "value": "<broken@x>"}, {"tag": "0x00390040", '
                '"type": "PtypErrorCode", "value": "error:0x8004010F"}], '
                '"recipients": [], "attachments": []}')
        rc, _, err = convoke(self.s, "submit", "--from",
                             "alice@north.example", "--to",
                             "bob@north.example", "-", text=text)
        self.assertEqual(rc, 0, err)
        self.assertTrue(self.arrived("broken@x", "bob@north.example"))

    def stuck(self):
        return [e for e in self.s.ask("queue.list")
                if e["failureClass"] == "legacy-tracking-time"]

    def events_327(self):
        return [e for e in self.s.ask("events.list") if e["event"] == 327]

    def test_C001_the_console_says_why_a_message_is_stuck(self):
        fix = "content-conversion.fix-recipient-track-status-time"
        level = "MSExchangeTransport/Exchange Store Driver"
        self.s.ask("config.set", name="routing.routes", value="*=127.0.0.1:1")
        self.s.ask("config.set", name=fix, value="false")
        self.s.ask("events.level", category=level, level="minimum")
        data = base64.b64encode(LEGACY_REQUEST.encode()).decode()
        self.s.ask("submit", data=data, name="r.json",
                   to=["b@south.example"], **{"from": self.s.user})
        entry = wait_until(self.stuck)[0]
        self.assertEqual(self.events_327(), [])
        self.s.ask("events.level", category=level, level="maximum")
        self.s.ask("queue.retry", id=entry["id"])
        (event,) = wait_until(self.events_327)[:1]
        self.assertRegex(
            event["text"], r"^The following call : EcGetMime to the store "
            r"failed\. Error code : -2147467259\. MDB : [0-9A-F-]{36}\. "
            r"FID : [0-9A-F]+ *\. MID : [0-9A-F]+ *\. File : \.$")
        rc, _, err = convoke(self.s, "queue", "open", str(entry["id"]))
        self.assertEqual(rc, 1)
        self.assertIn("Unable to open for delivery", err)
        self.assertIn(fix, err)
        self.assertIn("convoke config fixit 50338", err)
        rc, out, _ = convoke(self.s, "config", "fixit", "50338")
        self.assertIn("1 queue entries were waiting for this", out)
        self.assertTrue(wait_until(lambda: not self.stuck()))
        rc, out, _ = convoke(self.s, "queue", "open", str(entry["id"]))
        self.assertEqual(rc, 0)
        self.assertIn("METHOD:REQUEST", out)
        convoke(self.s, "queue", "delete", str(entry["id"]), "--no-ndr")
        self.s.ask("events.level", category=level, level="minimum")

    def test_what_is_no_message_is_refused_with_a_reason(self):
        data = base64.b64encode(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1bad")
        with self.assertRaises(Failure):
            self.s.ask("submit", data=data.decode(), name="x.msg",
                       to=["bob@north.example"],
                       **{"from": "alice@north.example"})


class Restart(unittest.TestCase):
    """What was accepted is there after a stop, and commands work without a
    server."""

    def test_mail_settings_and_queue_survive(self):
        s = Server(BINARY, "north.example", "alice", CONF).start()
        try:
            s.add_account()
            s.ask("config.set", name="routing.routes",
                  value="*=127.0.0.1:1")
            s.ask("submit", data=base64.b64encode(
                b"Message-ID: <q@x>\r\n\r\nx\r\n").decode(), name="q.eml",
                  to=["b@south.example"], **{"from": s.user})
            self.assertTrue(wait_until(
                lambda: [e for e in s.ask("queue.list")
                         if e["state"] == "retry"]))
            self.assertEqual(s.stop(), 0)
            rc, out, err = convoke(s, "queue", "list")
            self.assertEqual(rc, 0, err)
            self.assertIn("b@south.example", out)
            self.assertEqual(convoke(s, "account", "add",
                                     "carol@north.example")[0], 0)
            s.start()
            self.assertEqual(len(s.ask("account.list")), 2)
            self.assertEqual(len(s.ask("queue.list")), 1)
        finally:
            s.remove()


if __name__ == "__main__":
    result = unittest.TextTestRunner(verbosity=2).run(
        unittest.defaultTestLoader.loadTestsFromModule(
            sys.modules["__main__"]))
    bad = len(result.failures) + len(result.errors)
    print("%d passed, %d failed, %d skipped" % (
        result.testsRun - bad - len(result.skipped), bad,
        len(result.skipped)))
    sys.exit(1 if bad else 0)
