#!/usr/bin/python3
"""What a program meets that uses libconvoke: exported symbols, the header, and
the installed tree with its pkg-config file.

usage: library.py SOURCE BUILD LIBRARY EXAMPLE
"""
import email
import email.policy
import glob
import os
import subprocess
import sys
import tempfile

SOURCE, BUILD, LIBRARY, EXAMPLE = sys.argv[1:5]
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


def example_makes_mail():
    is_the_fixtures_mail(ok(EXAMPLE, FIXTURE))


def example_says_why_it_cannot():
    done = run(EXAMPLE, LIBRARY)
    assert done.returncode == 1
    assert done.stdout == b""
    assert b"neither .msg, mail, iCalendar nor object JSON" in done.stderr, \
        done.stderr


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
            folder + "/**/libconvoke.*", recursive=True)}
        assert names == {"libconvoke.a", "libconvoke.so", "libconvoke.so.0",
                         "libconvoke.so.0.0.0"}, names
        assert ok("pkg-config", "--modversion", "convoke", env=env)
        flags = ok("pkg-config", "--libs", "convoke", env=env).decode().split()
        assert "-lconvoke" in flags and "-lical" not in flags, flags


def example_builds_against_the_installed_tree():
    with tempfile.TemporaryDirectory() as folder:
        env = installed_tree(folder)
        flags = ok("pkg-config", "--cflags", "--libs", "convoke",
                   env=env).decode().split()
        program = folder + "/eml_from_msg"
        ok("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-o", program,
           SOURCE + "/examples/eml_from_msg.c", *flags,
           *sanitizer_flags())
        where = [flag[2:] for flag in flags if flag.startswith("-L")]
        is_the_fixtures_mail(ok(program, FIXTURE, env=dict(
            os.environ, LD_LIBRARY_PATH=":".join(where))))


def sanitizer_flags():
    """A library with sanitizers wants a program with them."""
    symbols = ok("nm", "-D", "--undefined-only", LIBRARY).decode()
    return ["-fsanitize=address,undefined"] if "__asan_init" in symbols else []


def main():
    failed = 0
    tests = [exported_symbols_are_the_listed_ones,
             header_compiles_alone_as_c_and_cxx,
             example_makes_mail,
             example_says_why_it_cannot,
             installs_header_libraries_and_pkgconfig_file,
             example_builds_against_the_installed_tree]
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
