"""Starts Convoke servers on free loopback ports and talks to their control
socket. For the tests in Python."""
import json
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import time


class Failure(Exception):
    """A command of the admin API was refused."""


class Server:
    """One `convoke serve` with a data directory of its own."""

    def __init__(self, binary, domain, user, conf="", env=None, keep=None):
        self.binary, self.domain = binary, domain
        self.user = "%s@%s" % (user, domain)
        self.dir = keep or tempfile.mkdtemp(prefix="convoke-test-")
        self.env = dict(os.environ, **(env or {}))
        self.process = None
        self.ports = {}
        path = os.path.join(self.dir, "convoke.conf")
        if not os.path.exists(path):
            with open(path, "w", encoding="utf-8") as f:
                f.write("[server]\ndomains=%s\nhost-name=mail.%s\n"
                        "[listen]\nsmtp=127.0.0.1:0\n"
                        "submission=127.0.0.1:0\n%s" % (domain, domain, conf))

    def start(self, env=None):
        """Starts it and waits until it says that it is ready."""
        self.log = open(os.path.join(self.dir, "log"), "ab")
        self.process = subprocess.Popen(
            [self.binary, "serve", "--data", self.dir],
            stdout=subprocess.PIPE, stderr=self.log,
            stdin=subprocess.DEVNULL, env=dict(self.env, **(env or {})))
        text, limit = b"", time.monotonic() + 30
        while b"ready\n" not in text:
            left = limit - time.monotonic()
            ok, _, _ = select.select([self.process.stdout], [], [],
                                     max(left, 0))
            part = os.read(self.process.stdout.fileno(), 4096) if ok else b""
            if not part:
                raise Failure("server did not start: %s" % self.tail())
            text += part
        for word in ("smtp", "submission"):
            m = re.search(r"^%s\s+\S+:(\d+)$" % word, text.decode(), re.M)
            self.ports[word] = int(m.group(1))
        return self

    def tail(self):
        with open(os.path.join(self.dir, "log"), "rb") as f:
            return f.read()[-2000:].decode(errors="replace")

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """SIGTERM; the exit status."""
        if self.process is None:
            return 0
        self.process.terminate()
        try:
            rc = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            rc = self.process.wait()
        self.process.stdout.close()
        self.log.close()
        self.process = None
        return rc

    def wait_killed(self, seconds):
        """True when it died by SIGKILL within that time."""
        try:
            rc = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self.process.stdout.close()
        self.log.close()
        self.process = None
        return rc == -9

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def ask(self, cmd, **args):
        """One admin command; its result."""
        args["cmd"] = cmd
        text = json.dumps(args).encode()
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(os.path.join(self.dir, "control"))
            s.sendall(struct.pack("<I", len(text)) + text)
            answer = b""
            while True:
                (size,) = struct.unpack("<I", self._exactly(s, 4))
                if size == 0:
                    break
                answer += self._exactly(s, size)
        reply = json.loads(answer)
        if not reply["ok"]:
            raise Failure("%s: %s" % (cmd, reply["error"]))
        return reply["result"]

    @staticmethod
    def _exactly(s, size):
        data = b""
        while len(data) < size:
            part = s.recv(size - len(data))
            if not part:
                raise ConnectionError("control socket closed")
            data += part
        return data

    def add_account(self, address=None, password="demo"):
        address = address or self.user
        self.ask("account.add", address=address, name=address.split("@")[0],
                 password=password)

    def inbox(self, account=None, folder="Inbox"):
        return self.ask("mailbox.list", account=account or self.user,
                        folder=folder)[0]["messages"]

    def route(self, *others):
        self.ask("config.set", name="routing.routes", value=";".join(
            "%s=127.0.0.1:%d" % (o.domain, o.ports["smtp"]) for o in others))


def wait_until(is_so, seconds=20, step=0.02):
    """Polls; the last value of is_so()."""
    limit = time.monotonic() + seconds
    while True:
        value = is_so()
        if value or time.monotonic() > limit:
            return value
        time.sleep(step)
