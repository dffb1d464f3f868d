#!/usr/bin/python3
"""What a program meets that uses libconvoke: exported symbols, the header, and
the installed tree with its pkg-config file.

usage: library.py SOURCE BUILD LIBRARY EXAMPLE...
"""
import email
import email.policy
import glob
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile

SOURCE, BUILD, LIBRARY = sys.argv[1:4]
EXAMPLES = {os.path.basename(path): path for path in sys.argv[4:]}
HEADER = SOURCE + "/include/convoke/convoke.h"
FIXTURE = SOURCE + "/tests/library/request.json"


def run(*args, **kwargs):
    return subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, **kwargs)


def ok(*args, **kwargs):
    done = run(*args, **kwargs)
    assert done.returncode == 0, "%s: %s" % (
        " ".join(args), done.stderr.decode(errors="replace"))
    return done.stdout


def exported_symbols_are_the_listed_ones():
    lines = ok("nm", "-D", "--defined-only", LIBRARY).decode().split("\n")
    found = sorted(line.split()[2].split("@")[0] for line in lines if line)
    with open(SOURCE + "/tests/library/symbols.txt", encoding="utf-8") as text:
        listed = text.read().split()
    assert found == listed, "symbols.txt and the library differ: %s" % sorted(
        set(found) ^ set(listed))


def header_compiles_alone_as_c_and_cxx():
    ok("gcc", "-std=c11", "-pedantic", "-Wall", "-Wextra", "-Werror",
       "-fsyntax-only", "-x", "c", HEADER)
    ok("g++", "-std=c++17", "-pedantic", "-Wall", "-Wextra", "-Werror",
       "-fsyntax-only", "-x", "c++", HEADER)


def is_the_fixtures_mail(out):
    mail = email.message_from_bytes(out, policy=email.policy.default)
    assert mail["Subject"] == "Budget", mail["Subject"]
    assert mail["To"] == "Bob <bob@south.example>", mail["To"]
    calendar = [part for part in mail.walk()
                if part.get_content_type() == "text/calendar"]
    assert len(calendar) == 1
    assert "DTSTART:20080821T170000Z" in calendar[0].get_content()


CALENDAR = b"""BEGIN:VCALENDAR\r
BEGIN:VEVENT\r
UID:1\r
DTSTART:20080821T170000Z\r
SUMMARY:one\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:2\r
DTSTART:20080822T170000Z\r
SUMMARY:two\r
END:VEVENT\r
END:VCALENDAR\r
"""


def winmail_to_eml_makes_mail():
    is_the_fixtures_mail(ok(EXAMPLES["winmail_to_eml"], FIXTURE))


def winmail_to_eml_says_why_it_cannot():
    done = run(EXAMPLES["winmail_to_eml"], LIBRARY)
    assert done.returncode == 1
    assert done.stdout == b""
    assert b"neither .msg, mail, iCalendar nor object JSON" in done.stderr, \
        done.stderr


def pst_to_ics_writes_each_calendar_item():
    """Of an archive: what is walked need be no PST."""
    with tempfile.TemporaryDirectory() as folder:
        box = folder + "/box.tar"
        with tarfile.open(box, "w") as tar:
            for name, data in (("in/c.ics", CALENDAR),
                               ("in/mail.eml", b"Subject: x\r\n\r\ntext\r\n"),
                               ("photo.jpg", b"\xFF\xD8\xFF")):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        out = folder + "/out"
        os.mkdir(out)
        ok(EXAMPLES["pst_to_ics"], box, out)
        assert sorted(os.listdir(out)) == ["00000000.ics", "00000001.ics"]
        with open(out + "/00000001.ics", encoding="utf-8") as text:
            assert "SUMMARY:two" in text.read()


def any_to_json_prints_every_message():
    out = ok(EXAMPLES["any_to_json"], input=CALENDAR).decode()
    decoder, objects, at = json.JSONDecoder(), [], 0
    while out[at:].strip():
        at += len(out[at:]) - len(out[at:].lstrip())
        found, at = decoder.raw_decode(out, at)
        objects.append(found)
    assert len(objects) == 2, objects
    assert {found["format"] for found in objects} == {"convoke-object/1"}


def installed_tree(folder):
    """A copy as `meson install` makes it; its pkg-config folder and flags."""
    ok("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet",
       "--destdir", folder)
    pc = glob.glob(folder + "/**/convoke.pc", recursive=True)
    assert len(pc) == 1, pc
    return dict(os.environ, PKG_CONFIG_PATH=os.path.dirname(pc[0]),
                PKG_CONFIG_SYSROOT_DIR=folder)


def installs_header_libraries_and_pkgconfig_file():
    with tempfile.TemporaryDirectory() as folder:
        env = installed_tree(folder)
        headers = glob.glob(folder + "/**/*.h", recursive=True)
        assert [os.path.basename(h) for h in headers] == ["convoke.h"], headers
        names = {os.path.basename(f) for f in glob.glob(
            folder + "/**/libconvoke.[as]*", recursive=True)}
        assert names == {"libconvoke.a", "libconvoke.so", "libconvoke.so.0",
                         "libconvoke.so.0.0.0"}, names
        assert ok("pkg-config", "--modversion", "convoke", env=env)
        flags = ok("pkg-config", "--libs", "convoke", env=env).decode().split()
        assert "-lconvoke" in flags and "-lical" not in flags, flags


def installs_the_man_page():
    with tempfile.TemporaryDirectory() as folder:
        installed_tree(folder)
        assert glob.glob(folder + "/**/man3/libconvoke.3*", recursive=True)


def examples_build_against_the_installed_tree():
    with tempfile.TemporaryDirectory() as folder:
        env = installed_tree(folder)
        flags = ok("pkg-config", "--cflags", "--libs", "convoke",
                   env=env).decode().split()
        for name in EXAMPLES:
            ok("cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-o",
               folder + "/" + name, SOURCE + "/examples/%s.c" % name, *flags,
               *sanitizer_flags())
        where = [flag[2:] for flag in flags if flag.startswith("-L")]
        is_the_fixtures_mail(ok(folder + "/winmail_to_eml", FIXTURE, env=dict(
            os.environ, LD_LIBRARY_PATH=":".join(where))))


def sanitizer_flags():
    """A library with sanitizers wants a program with them."""
    symbols = ok("nm", "-D", "--undefined-only", LIBRARY).decode()
    return ["-fsanitize=address,undefined"] if "__asan_init" in symbols else []


def main():
    failed = 0
    tests = [exported_symbols_are_the_listed_ones,
             header_compiles_alone_as_c_and_cxx,
             winmail_to_eml_makes_mail,
             winmail_to_eml_says_why_it_cannot,
             pst_to_ics_writes_each_calendar_item,
             any_to_json_prints_every_message,
             installs_header_libraries_and_pkgconfig_file,
             installs_the_man_page,
             examples_build_against_the_installed_tree]
    for test in tests:
        try:
            test()
        except AssertionError as error:
            failed += 1
            print("FAILED %s: %s" % (test.__name__, error))
    print("%d passed, %d failed, 0 skipped" % (len(tests) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
