#!/usr/bin/python3
"""Python's email package reads what the MIME writer makes: no defect anywhere,
and the values that went in come out.

usage: mime_writer.py MIME_TREES
"""
import email
import email.policy
import subprocess
import sys
import unittest

UMLAUT = "Übersicht 2024 – März.pdf"
EMOJI = "\U0001F601"
LONG_NAME = ("A name of far more than seventy letters that no single line of a "
             "header could ever hold in full, (with comments) and a "
             "\\ backslash.doc")
PEOPLE = [("Bee, Ann \"A.\"", "ann@example.org"), ("", "plain@example.org"),
          ("Plain Name", "\"john doe\"@example.org"),
          ("Иван Иванович Иванов, Директор", "ivan@example.org"),
          ("Literal", "x@[192.0.2.1]")]


def read_trees(program):
    out = subprocess.run([program], stdout=subprocess.PIPE, check=True).stdout
    trees = {}
    while out:
        line, out = out.split(b"\n", 1)
        name, size = line.split()
        trees[name.decode()] = out[:int(size)]
        out = out[int(size):]
    return trees


class Writer(unittest.TestCase):
    trees = {}

    def read(self, name):
        raw = self.trees[name]
        message = email.message_from_bytes(raw, policy=email.policy.default)
        for part in message.walk():
            self.assertEqual(part.defects, [], name)
            for key, value in part.items():
                if name == "mail-2047" and key == "Content-Type":
                    continue  # encoded words in quotes break RFC 2047
                self.assertEqual(value.defects, (), (name, key, str(value)))
        for line in raw.split(b"\r\n"):
            self.assertLessEqual(len(line), 998)
            self.assertNotIn(b"\r", line)
            self.assertNotIn(b"\n", line)
        return message

    def test_people(self):
        for name in self.trees:
            message = self.read(name)
            sender = message["From"].addresses
            self.assertEqual([(a.display_name, a.addr_spec) for a in sender],
                             [("Müller, Jörg", "joerg@example.org")])
            # Python keeps the blank between two encoded words of a phrase.
            self.assertEqual([(" ".join(a.display_name.split()), a.addr_spec)
                              for a in message["To"].addresses], PEOPLE)
            groups = [g.display_name for g in message["To"].groups
                      if not g.addresses]
            self.assertEqual(groups, ["No Address, Inc."])

    def test_subject(self):
        self.assertEqual(self.read("mail")["Subject"],
                         "=?not a word?= " + EMOJI + " and a subject that goes "
                         "on with café for two lines")
        self.assertEqual(self.read("empty")["Subject"], "")

    def test_attachments(self):
        everything = bytes(range(256))
        for name in ("mail", "mail-2047", "mail-8bit"):
            related, *files = self.read(name).iter_parts()
            self.assertEqual([f.get_filename() for f in files],
                             [UMLAUT, LONG_NAME, EMOJI * 10 + ".txt"])
            self.assertEqual([f.get_content() for f in files],
                             [everything, b"", everything[:57]])
            bodies, image = related.iter_parts()
            self.assertEqual(image["Content-ID"], "<logo@x>")
            self.assertEqual(image.get_content(), everything)
            plain, html = bodies.iter_parts()
            self.assertEqual(plain.get_content().replace("\r\n", "\n"),
                             "café =\nFrom me\n.\n")
            self.assertEqual(html.get_content().strip(), "<p>café</p>")

    def test_meeting(self):
        message = self.read("meeting")
        calendar = list(message.iter_parts())[-1]
        self.assertEqual(calendar.get_content_type(), "text/calendar")
        self.assertEqual(calendar["Content-Type"].params["method"], "REQUEST")
        self.assertIn("SUMMARY:café", calendar.get_content())

    def test_report(self):
        parts = list(self.read("report").iter_parts())
        self.assertEqual([p.get_content_type() for p in parts],
                         ["text/plain", "message/delivery-status",
                          "message/rfc822"])
        self.assertEqual(parts[1].get_payload()[1]["Status"], "4.4.7")
        self.assertEqual(parts[2].get_content()["Subject"], "Budget")

    def test_signed(self):
        self.read("signed")
        self.assertIn(b"\r\n--s\r\nContent-Type: text/plain\r\n\r\n"
                      b"signed  \r\n\r\n--s\r\n", self.trees["signed"])

    def test_same_input_same_bytes(self):
        self.assertEqual(self.trees, read_trees(sys.argv[1]))


if __name__ == "__main__":
    Writer.trees = read_trees(sys.argv[1])
    run = unittest.main(argv=sys.argv[:1], exit=False).result
    failed = len(run.failures) + len(run.errors)
    print("%d passed, %d failed, %d skipped"
          % (run.testsRun - failed, failed, len(run.skipped)))
    sys.exit(1 if failed else 0)
