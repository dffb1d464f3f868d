#!/usr/bin/python3
"""Our vCards, read by python3-vobject.

usage: vcard_reader.py CONVOKE
Skipped (77) where python3-vobject is not installed.
"""
import subprocess
import sys
import tempfile

try:
    import vobject
except ImportError:
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(77)

CARD = """BEGIN:VCARD
VERSION:2.1
N;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:M=FCller;J=F6rg;;Dr.
ORG:Contoso;Sales\\, South
TEL;WORK;VOICE:1
TEL;HOME;FAX:2
EMAIL;INTERNET:joerg@south.example
ADR;WORK:;Room 4;1 Main St;Town;;123;Land
NOTE;ENCODING=QUOTED-PRINTABLE:one=0D=0Atwo; three, and a line that is long =
enough to be folded when it is written again by anybody
BDAY:19850412
X-THING:kept
PHOTO;JPEG;ENCODING=BASE64:
 /9j/4AAQ

END:VCARD
"""


def written(convoke):
    with tempfile.NamedTemporaryFile("w", suffix=".vcf") as file:
        file.write(CARD)
        file.flush()
        return subprocess.run(
            [convoke, "convert", "--to", "vcf", "-o", "-", file.name],
            stdout=subprocess.PIPE, check=True).stdout.decode()


def main():
    card = vobject.readOne(written(sys.argv[1]))
    assert card.version.value == "3.0"
    assert card.n.value.family == "M\u00fcller" and card.n.value.prefix == "Dr."
    assert card.fn.value == "Dr. J\u00f6rg M\u00fcller", card.fn.value
    assert card.org.value == ["Contoso", "Sales, South"], card.org.value
    assert card.email.value == "joerg@south.example"
    assert {tel.value: tel.type_param for tel in card.tel_list}["1"] == "WORK"
    assert card.adr.value.street == "1 Main St"
    assert card.adr.value.extended == "Room 4"
    assert card.note.value.startswith("one\ntwo; three, and"), card.note.value
    assert card.bday.value == "1985-04-12"
    assert card.x_thing.value == "kept"
    assert card.photo.value == b"\xff\xd8\xff\xe0\x00\x10"
    print("1 passed, 0 failed, 0 skipped")


if __name__ == "__main__":
    main()
