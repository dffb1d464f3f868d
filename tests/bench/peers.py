"""Convoke beside the programs people use today, in the same run.

Real files are needed (the folder of tools/corpus); peers are Debian packages
(packages/bench), and one that is not installed gives no row. Every row names
how many files went through how many processes.
"""
import glob
import os
import shutil
import subprocess
import tempfile
import time

ROUNDS = 3  # of each measurement; the best one counts, on both sides


def run(argv, folder):
    """Seconds and peak MB of one command in an empty folder."""
    best, peak = None, 0.0
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            start = time.monotonic()
            process = subprocess.Popen(argv, cwd=scratch,
                                       stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = 0
            seconds = time.monotonic() - start
        best = seconds if best is None else min(best, seconds)
        peak = max(peak, usage.ru_maxrss / 1024)
    return best, peak


def one_each(program, files):
    """A command that starts the program once for each file."""
    line = 'for f in "$@"; do %s; done' % program
    return ["sh", "-c", line, "sh"] + files


def copies(folder, paths, count):
    """count files, the paths again and again, under names of their own."""
    os.makedirs(folder)
    made = []
    for i in range(count):
        path = paths[i % len(paths)]
        name = os.path.join(folder, "%05d%s" % (
            i, os.path.splitext(path)[1]))
        shutil.copyfile(path, name)
        made.append(name)
    return made


def sound(corpus, kind, pattern):
    """Files of a kind that the corpus's list does not call malformed."""
    with open(os.path.join(corpus, "MANIFEST.tsv"), encoding="utf-8") as rows:
        bad = {row.split("\t")[0] for row in rows if "\tmalformed\t" in row}
    return [path for path in sorted(glob.glob(os.path.join(
        corpus, kind, pattern))) if os.path.relpath(path, corpus) not in bad]


def readable(program, paths, scratch):
    """Those that the program converts when it gets them alone: in a run over
    many it ends at the first one it cannot."""
    good = []
    for path in paths:
        done = subprocess.run([program, "--outfile", "one.eml", path],
                              cwd=scratch, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False)
        if done.returncode == 0:
            good.append(path)
    return good


class Table:
    """Rows: what, ours, the peer's, the ratio."""

    def __init__(self, convoke, corpus, scratch):
        self.convoke, self.corpus, self.scratch = convoke, corpus, scratch
        self.rows = []

    def compare(self, what, files, ours, peers):
        """Rates of our command and of each peer's over the same files."""
        mine, memory = run(ours, self.scratch)
        for name, argv in peers:
            if not shutil.which(name):
                continue
            seconds, peak = run(argv, self.scratch)
            self.rows.append((what, name, files / mine, memory,
                              files / seconds, peak, seconds / mine))

    def msg(self):
        if not shutil.which("msgconvert"):
            return
        paths = readable("msgconvert", sound(self.corpus, "msg", "*.msg")[::3],
                         self.scratch)
        files = copies(os.path.join(self.scratch, "msg"), paths, 300)
        ours = [self.convoke, "convert", "--jobs", "1", "-o", "out/"] + files
        self.compare(".msg -> eml, 300 files, one process", len(files), ours,
                     [("msgconvert", ["msgconvert"] + files)])

    def tnef(self):
        files = copies(os.path.join(self.scratch, "tnef"),
                       sound(self.corpus, "tnef", "*.tnef"), 500)
        batch = [self.convoke, "convert", "--jobs", "1", "-o", "out/"] + files
        single = one_each('%s convert -o "${f##*/}.eml" "$f"' %
                          self.convoke, files)
        peers = [("tnef", one_each('tnef --overwrite "$f"', files)),
                 ("ytnef", one_each('ytnef -f . "$f"', files))]
        self.compare("TNEF, 500 files; we in one process", len(files), batch,
                     peers)
        self.compare("TNEF, 500 files, one process each", len(files), single,
                     peers)

    def pst(self):
        for path in sound(self.corpus, "pst", "*"):
            if os.path.getsize(path) < 1 << 20:
                continue
            size = os.path.getsize(path) / 1e6
            ours = [self.convoke, "convert", "--jobs", "1", "-o", "out/", path]
            self.compare("%.1f MB store -> eml (MB/s)" % size, size, ours, [
                ("readpst", ["readpst", "-q", "-D", "-e", "-o", ".", path])])

    def many(self):
        """Peak memory of runs of different length."""
        paths = sound(self.corpus, "msg", "*.msg")
        for count in (1000, 10000):
            folder = os.path.join(self.scratch, "many-%d" % count)
            copies(folder, paths, count)
            seconds, peak = run([self.convoke, "convert", "--jobs", "1", "-o",
                                 "out/", folder], self.scratch)
            self.rows.append(("%d .msg -> eml, one run" % count, "", count /
                              seconds, peak, None, None, None))
            shutil.rmtree(folder)


def table(build, corpus):
    """Lines of the table; empty without the real files."""
    if not os.path.isdir(corpus):
        return []
    # Output goes to memory where there is some: disks differ.
    place = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=place) as scratch:
        t = Table(os.path.abspath(os.path.join(build, "src/cli/convoke")),
                  os.path.abspath(corpus), scratch)
        for part in (t.msg, t.tnef, t.pst, t.many):
            part()
    lines = ["| what | Convoke, /s | MB | peer | peer's, /s | MB | ratio |",
             "| --- | ---: | ---: | --- | ---: | ---: | ---: |"]
    for what, name, mine, memory, rate, peak, ratio in t.rows:
        lines.append("| %s | %.0f | %.0f | %s | %s | %s | %s |" % (
            what, mine, memory, name, "" if rate is None else "%.0f" % rate,
            "" if peak is None else "%.0f" % peak,
            "" if ratio is None else "%.1f" % ratio))
    return lines
