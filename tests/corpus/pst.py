#!/usr/bin/python3
"""Real PST and OST files: what is in them, and what damage does.

usage: pst.py [--seeds N] CONVOKE CORPUS-FOLDER    ($CONVOKE_CORPUS wins)

Each file must give exactly the folders, items, recipients and attachments of
pst-counts.txt. Then N damaged copies of each (default 2) are read in a child
process of bounded time and memory: it must end by itself, with the exit code
of success or failure. Exit code 77 (skipped) without the folder.
"""
import collections
import json
import os
import random
import resource
import subprocess
import sys
import tempfile

SECONDS = 60
MEMORY = 1 << 30
HERE = os.path.dirname(os.path.abspath(__file__))


def limits():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def bound_of(binary):
    """None for a program with a sanitizer, which maps terabytes that it never
    touches."""
    libraries = subprocess.run(["ldd", binary], check=True,
                               stdout=subprocess.PIPE).stdout
    return None if b"asan" in libraries else limits


def inspect(binary, path, *options):
    """Exit code, lines of items, standard error."""
    try:
        done = subprocess.run(
            [binary, "inspect", "--json", *options, path],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=SECONDS, preexec_fn=bound_of(binary))
    except subprocess.TimeoutExpired:
        return "timeout", [], ""
    lines = [json.loads(line) for line in done.stdout.splitlines()
             if line.startswith(b"{") and line.endswith(b"}")]
    return done.returncode, lines, done.stderr.decode(errors="replace")


def summary(lines):
    """One line that says all."""
    classes = collections.Counter(i.get("messageClass", "?") for i in lines)
    return "folders=%d items=%d recovered=%d unreadable=%d recipients=%d " \
        "attachments=%d %s" % (
            len({i["folder"] for i in lines}), len(lines),
            sum(i["recovered"] for i in lines),
            sum(not i["readable"] for i in lines),
            sum(i.get("recipients", 0) for i in lines),
            sum(i.get("attachments", 0) for i in lines),
            " ".join("%s:%d" % c for c in sorted(classes.items())))


def expected():
    """Name and way of reading -> summary, from pst-counts.txt."""
    rows = {}
    with open(os.path.join(HERE, "pst-counts.txt"), encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                name, way, rest = line.rstrip("\n").split(" ", 2)
                rows[name, way] = rest
    return rows


def damaged(data, seed):
    """A prefix, or some bytes changed; pages of zeros now and then."""
    rng = random.Random(seed)
    out = bytearray(data)
    kind = seed % 3
    if kind == 0:
        del out[rng.randrange(len(out)):]
    elif kind == 1:
        for _ in range(rng.choice((1, 8, 64, 512))):
            out[rng.randrange(len(out))] ^= rng.randrange(1, 256)
    else:
        at = rng.randrange(len(out)) // 512 * 512
        out[at:at + 512] = bytes(len(out[at:at + 512]))
    return out


def main():
    args = sys.argv[1:]
    seeds = 2
    if args[0] == "--seeds":
        seeds = int(args[1])
        args = args[2:]
    binary = args[0]
    corpus = os.environ.get("CONVOKE_CORPUS") or args[1]
    folder = os.path.join(corpus, "pst")
    if not os.path.isdir(folder):
        print("no corpus at %s" % folder)
        return 77
    want = expected()
    passed, failed = 0, []
    names = sorted(n for n in os.listdir(folder)
                   if n.endswith((".pst", ".ost")))
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            path = os.path.join(folder, name)
            for way, options in (("plain", []), ("recover", ["--recover"])):
                code, lines, text = inspect(binary, path, *options)
                got = summary(lines).strip() if code == 0 else "refused: " + \
                    text.split("/" + name + ": ")[-1].split(";")[0].strip()
                if got == want.get((name, way)):
                    passed += 1
                else:
                    failed.append("%s %s %s" % (name, way, got))
            with open(path, "rb") as f:
                data = f.read()
            for seed in range(seeds):
                hurt = os.path.join(scratch, "damaged.pst")
                with open(hurt, "wb") as f:
                    f.write(damaged(data, seed))
                code, lines, text = inspect(binary, hurt, "--recover")
                if code in (0, 1):
                    passed += 1
                else:
                    failed.append("%s seed %d: %s %s" % (
                        name, seed, code, text[-200:]))
    for line in failed:
        print(line)
    print("%d passed, %d failed, 0 skipped" % (passed, len(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
