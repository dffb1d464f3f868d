#!/usr/bin/python3
"""Other people's programs read the .msg files that Convoke writes: olefile,
libgsf (gsf) and libemail-outlook-message-perl (msgconvert). One that is not
installed is skipped.

usage: msg_readers.py CONVOKE
"""
import email
import email.policy
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

import olefile

SMALL, LARGE = b"small \0 data", bytes(range(256)) * 400
SUBJECT = "Überblick: 予算 📅"
PEOPLE = 300


def prop(name, value):
    return {"name": name, "value": value}


def attachment(name, data):
    return {"properties": [prop("PidTagAttachLongFilename", name),
                           prop("PidTagAttachMethod", 1)],
            "data": data.hex()}


def person(i):
    return {"properties": [
        prop("PidTagRecipientType", 1 + i % 2),
        prop("PidTagDisplayName", "Person %d" % i),
        prop("PidTagAddressType", "SMTP"),
        prop("PidTagEmailAddress", "person%d@south.example" % i)]}


def message():
    inner = {"messageClass": "IPM.Note",
             "properties": [prop("PidTagSubject", "inner"),
                            prop("PidLidLocation", "Room 5")]}
    return {
        "format": "convoke-object/1",
        "messageClass": "IPM.Note",
        "properties": [
            prop("PidTagSubject", SUBJECT),
            prop("PidTagBody", "line\r\n" * 2000),
            prop("PidTagSenderName", "Alice"),
            prop("PidTagSenderAddressType", "SMTP"),
            prop("PidTagSenderEmailAddress", "alice@north.example"),
            prop("PidTagClientSubmitTime", "2008-08-20T12:00:00Z"),
            prop("PidLidLocation", "Room 4"),
            {"set": "{00020386-0000-0000-C000-000000000046}",
             "string": "X-Test", "type": "PtypString", "value": "header"}],
        "recipients": [person(i) for i in range(PEOPLE)],
        "attachments": [
            attachment("a.bin", SMALL), attachment("b.bin", LARGE),
            {"properties": [prop("PidTagAttachMethod", 5)],
             "embedded": inner}]}


def number(i):
    return "#%08X" % i


class Readers(unittest.TestCase):
    path = None

    def test_olefile_finds_every_stream(self):
        with olefile.OleFileIO(self.path,
                               raise_defects=olefile.DEFECT_UNSURE) as ole:
            self.assertEqual(ole.parsing_issues, [])
            self.assertEqual(ole.root.clsid,
                             "00020D0B-0000-0000-C000-000000000046")

            def read(*names):
                return ole.openstream(list(names)).read()
            self.assertEqual(read("__substg1.0_0037001F").decode("utf-16-le"),
                             SUBJECT)
            self.assertEqual(len(read("__substg1.0_1000001F")), 2 * 6 * 2000)
            for i in range(PEOPLE):
                name = read("__recip_version1.0_" + number(i),
                            "__substg1.0_3001001F")
                self.assertEqual(name.decode("utf-16-le"), "Person %d" % i)
            for i, data in enumerate((SMALL, LARGE)):
                self.assertEqual(read("__attach_version1.0_" + number(i),
                                      "__substg1.0_37010102"), data)
            self.assertEqual(read("__attach_version1.0_" + number(2),
                                  "__substg1.0_3701000D",
                                  "__substg1.0_0037001F"),
                             "inner".encode("utf-16-le"))
            header = read("__properties_version1.0")[:32]
            self.assertEqual(struct.unpack("<8x4I8x", header),
                             (PEOPLE, 3, PEOPLE, 3))

    def test_names_are_found_by_their_hashes(self):
        """LID 0x8208 (location), set 3 and "x-test", as Outlook looks up."""
        with olefile.OleFileIO(self.path) as ole:
            def read(stream):
                return ole.openstream(["__nameid_version1.0",
                                       "__substg1.0_%s0102" % stream]).read()
            entries, guids = read("0003"), read("0002")
            kinds = [struct.unpack_from("<IHH", entries, at)
                     for at in range(0, len(entries), 8)]
            location = [k for k in kinds if k[0] == 0x8208]
            self.assertEqual(len(location), 1)
            lid, kind, index = location[0]
            self.assertEqual(kind & 1, 0)
            at = 16 * ((kind >> 1) - 3)
            self.assertEqual(guids[at:at + 4], bytes.fromhex("02200600"))
            bucket = read("%04X" % (0x1000 + (lid ^ kind) % 0x1F))
            self.assertIn(struct.pack("<IHH", lid, kind, index), bucket)

    @unittest.skipUnless(shutil.which("gsf"), "gsf is not installed")
    def test_libgsf_reads_names_and_data(self):
        def gsf(*args):
            return subprocess.run(["gsf", *args], check=True,
                                  stdout=subprocess.PIPE).stdout
        listing = gsf("list", self.path).decode()
        self.assertEqual(listing.count("/__substg1.0_3003001F"), PEOPLE)
        data = gsf("cat", self.path, "__attach_version1.0_" + number(1) +
                   "/__substg1.0_37010102")
        self.assertEqual(data, LARGE)

    @unittest.skipUnless(shutil.which("msgconvert"),
                         "msgconvert is not installed")
    def test_msgconvert_makes_the_mail(self):
        out = subprocess.run(
            ["msgconvert", "--outfile", "-", self.path], check=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        mail = email.message_from_bytes(out, policy=email.policy.compat32)
        parts = list(mail.walk())
        data = [p.get_payload(decode=True) for p in parts
                if p.get_filename() in ("a.bin", "b.bin")]
        self.assertEqual(data, [SMALL, LARGE])
        text = [p for p in parts if p.get_content_type() == "text/plain"][0]
        self.assertEqual(text.get_payload(decode=True).count(b"line"), 2000)
        self.assertIn("person298@south.example", mail["To"])
        self.assertIn("alice@north.example", mail["From"])


def main():
    convoke = sys.argv.pop(1)
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "a.json")
        Readers.path = os.path.join(folder, "a.msg")
        with open(source, "w", encoding="utf-8") as f:
            json.dump(message(), f)
        subprocess.run([convoke, "convert", source, "--to", "msg", "-o",
                        Readers.path], check=True, stdout=subprocess.DEVNULL)
        suite = unittest.defaultTestLoader.loadTestsFromTestCase(Readers)
        result = unittest.TextTestRunner(verbosity=2).run(suite)
    bad = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    print("%d passed, %d failed, %d skipped"
          % (result.testsRun - bad - skipped, bad, skipped))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
