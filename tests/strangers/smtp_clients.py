#!/usr/bin/python3
"""Python's smtplib and swaks speak SMTP with our server.

usage: smtp_clients.py SMTP_SERVER
"""
import os
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest

SERVER = sys.argv.pop(1)
LOOSE = ssl.create_default_context()
LOOSE.check_hostname = False
LOOSE.verify_mode = ssl.CERT_NONE


class Strangers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(prefix="convoke-test-")
        cls.server = subprocess.Popen([SERVER, cls.dir], text=True,
                                      stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)
        cls.ports = {}
        for line in cls.server.stdout:
            if line.strip() in ("ready", "failed"):
                break
            word, port = line.split()
            cls.ports[word] = int(port)
        cls.count = 0

    @classmethod
    def tearDownClass(cls):
        cls.server.communicate()
        shutil.rmtree(cls.dir)
        assert cls.server.returncode == 0

    def arrived(self):
        """The next message that the server has taken."""
        type(self).count += 1
        path = os.path.join(self.dir, "%d.eml" % self.count)
        with open(path, "rb") as f:
            return f.read()

    def smtp(self, door="incoming", **args):
        return smtplib.SMTP("127.0.0.1", self.ports[door], timeout=20, **args)

    def test_smtplib_sends_a_message_byte_for_byte(self):
        body = b"Subject: x\r\n\r\n.dot\r\n..two\r\n\xc3\xa4\r\n"
        with self.smtp() as c:
            c.ehlo("client.example")
            self.assertEqual(c.esmtp_features["size"], "52428800")
            self.assertIn("dsn", c.esmtp_features)
            c.sendmail("x@remote.example", ["alice@mail.example"], body,
                       mail_options=["BODY=8BITMIME", "RET=HDRS"],
                       rcpt_options=["NOTIFY=NEVER"])
        mail = self.arrived()
        head, kept = mail.split(b"Subject: x", 1)
        self.assertEqual(b"Subject: x" + kept, body)
        self.assertTrue(head.startswith(
            b"Received: from client.example ([127.0.0.1])\r\n"
            b"\tby mail.example with ESMTP id "), head)
        self.assertIn(b"\r\n\tfor <alice@mail.example>;\r\n\tThu, 1 Jan 1970",
                      head)

    def test_smtplib_sends_ten_megabytes(self):
        line = b"x" * 76 + b"\r\n"
        body = b"Subject: big\r\n\r\n" + line * (10 * 1024 * 1024 // 78)
        with self.smtp() as c:
            c.sendmail("x@remote.example", ["bob@mail.example"], body)
        self.assertTrue(self.arrived().endswith(body))

    def test_smtplib_submits_over_starttls_and_over_tls(self):
        with self.smtp("submission") as c:
            c.starttls(context=LOOSE)
            c.login("alice", "secret")
            c.sendmail("alice@mail.example", ["x@elsewhere.example"],
                       b"Subject: s\r\n\r\nhi\r\n")
        mail = self.arrived()
        self.assertIn(b"with ESMTPSA id", mail)
        self.assertIn(b"\r\n\t(TLS1.3 ", mail)
        with smtplib.SMTP_SSL("127.0.0.1", self.ports["submissions"],
                              context=LOOSE, timeout=20) as c:
            c.login("alice", "secret")
            with self.assertRaises(smtplib.SMTPSenderRefused) as e:
                c.sendmail("bob@mail.example", ["x@elsewhere.example"], "x")
            self.assertEqual(e.exception.smtp_code, 550)

    def test_smtplib_sees_wrong_passwords_and_refused_recipients(self):
        with self.smtp("submission") as c:
            with self.assertRaises(smtplib.SMTPAuthenticationError) as e:
                c.login("alice", "wrong")
            self.assertEqual(e.exception.smtp_code, 535)
        with self.smtp() as c:
            refused = c.sendmail(
                "x@remote.example",
                ["nobody@mail.example", "a@else.example",
                 "alice@mail.example"], b"Subject: y\r\n\r\n")
            self.assertEqual({k: v[0] for k, v in refused.items()},
                             {"nobody@mail.example": 550,
                              "a@else.example": 550})
        self.arrived()

    def test_a_reader_that_stalls_holds_nobody_up(self):
        slow = []
        for _ in range(20):
            s = socket.create_connection(("127.0.0.1",
                                          self.ports["incoming"]))
            s.sendall(b"EHLO slow.example\r\nMAIL FROM:<a@b.example>\r\nRC")
            slow.append(s)
        with self.smtp() as c:
            c.sendmail("x@remote.example", ["alice@mail.example"],
                       b"Subject: quick\r\n\r\n")
        self.assertIn(b"Subject: quick", self.arrived())
        for s in slow:
            s.close()

    def swaks(self, *args):
        return subprocess.run(
            ["swaks", "--server", "127.0.0.1", "--helo", "swaks.example",
             "--timeout", "20", *args], capture_output=True, text=True,
            check=False, stdin=subprocess.DEVNULL)

    @unittest.skipUnless(shutil.which("swaks"), "swaks is not installed")
    def test_swaks_sends_pipelined_and_over_tls(self):
        port = str(self.ports["incoming"])
        run = self.swaks("--port", port, "--from", "x@remote.example", "--to",
                         "alice@mail.example", "--pipeline", "--body", "one")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn(b"\r\none\r\n", self.arrived())
        run = self.swaks("--port", port, "--from", "x@remote.example", "--to",
                         "alice@mail.example", "--tls", "--body", "two")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn(b"with ESMTPS id", self.arrived())

    @unittest.skipUnless(shutil.which("swaks"), "swaks is not installed")
    def test_swaks_authenticates_and_is_refused_without(self):
        port = str(self.ports["submission"])
        base = ("--port", port, "--from", "alice@mail.example", "--to",
                "x@elsewhere.example")
        run = self.swaks(*base, "--tls", "--auth", "PLAIN", "--auth-user",
                         "alice", "--auth-password", "secret")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.arrived()
        run = self.swaks(*base, "--tls")
        self.assertEqual(run.returncode, 23, run.stdout)  # MAIL refused
        self.assertIn("530 5.7.0", run.stdout)


if __name__ == "__main__":
    done = unittest.main(exit=False, verbosity=0).result
    bad = len(done.failures) + len(done.errors)
    print("%d passed, %d failed, %d skipped" % (
        done.testsRun - bad - len(done.skipped), bad, len(done.skipped)))
    sys.exit(1 if bad else 0)
