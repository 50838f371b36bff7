"""Tabs in real shells: what is offered, and what reaches the program when the line is run."""

import fcntl
import json
import os
import pathlib
import pty
import re
import select
import struct
import subprocess
import termios
import time
import unittest

from support import HALLPASS, STATE, Home

NUSHELL = STATE / "nushell/node_modules/@nushell/linux-x64/bin/nu"

# What would run, expand, or part a line, were it put there as it is.
HOSTILE = ["a b", "$(touch pwned)", "x;touch pwned", "`touch pwned`", "it's \"so\"!", "back\\slash", "a&b|c>d", "~root", "ジェーン", "*[x]{y}"]

PROVIDER = 'name = "Keyed"\n[api_key]\n[api]\nbase_url = "https://keyed.example"\n'

# Answers tabs as the program does, and notes down what else it is called with.
NOTING = f"""#!/bin/sh
case $1 in complete|completions) exec {HALLPASS} "$@" ;; esac
exec python3 -c 'import json, os, sys
part = os.environ["HOME"] + "/called.part"
with open(part, "w") as file:
    json.dump(sys.argv[1:], file)
os.rename(part, os.environ["HOME"] + "/called")' "$@"
"""


class Shell:
    """A shell in a pseudo-terminal, with the completion script read."""

    def __init__(self, home, command, setup):
        self.home, self.seen = home, b""
        environment = {**home.environment, "PATH": f"{home.path}/bin:{os.environ['PATH']}", "TERM": "xterm-256color",
                       "LC_ALL": "C.UTF-8", "PS1": "> ", "XDG_CONFIG_HOME": str(home.path / "config")}
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(home.path)
            os.execvpe(command[0], command, environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 180, 0, 0))
        for line in setup:
            self.quiet(0.5)
            os.write(self.fd, line.encode() + b"\r")
        assert self.called("hallpass ready") == ["ready"]

    def read(self, patience):
        if not select.select([self.fd], [], [], patience)[0]:
            return False
        written = os.read(self.fd, 65536)
        self.seen += written
        # Some ask where the cursor is, and what the terminal can do, and wait for the answer.
        for question, answer in ((b"\x1b[6n", b"\x1b[1;1R"), (b"\x1b[c", b"\x1b[?62;c")):
            if question in written:
                os.write(self.fd, answer)
        return True

    def quiet(self, length, patience=20):
        """Waits until nothing was written for a while."""
        started = time.monotonic()
        while self.read(length) and time.monotonic() - started < patience:
            pass

    def wait_for(self, text, keys, patience=30):
        self.quiet(0.5)
        self.seen = b""
        os.write(self.fd, keys.encode())
        started = time.monotonic()
        while not re.search(text.encode(), self.seen):
            assert time.monotonic() - started < patience, (text, self.seen)
            self.read(0.1)

    def type(self, keys):
        self.seen = b""
        os.write(self.fd, keys.encode())
        self.quiet(0.35)
        return self.seen.decode(errors="replace")

    def called(self, keys):
        """Types a line with tabs in it, runs it, and returns what the program was called with."""
        path = self.home.path / "called"
        path.unlink(missing_ok=True)
        for part in keys.split("\t")[:-1]:
            self.type(part + "\t")
        self.type(keys.rsplit("\t", 1)[-1] + "\r")
        started = time.monotonic()
        while not path.exists() and time.monotonic() - started < 30:
            self.read(0.1)
        assert path.exists(), (keys, self.seen)
        return json.loads(path.read_text())

    def stop(self):
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = Home()
        (cls.home.path / "hallpass/providers/keyed.toml").write_text(PROVIDER)
        (cls.home.path / "bin").mkdir()
        program = cls.home.path / "bin/hallpass"
        program.write_text(NOTING)
        program.chmod(0o700)
        for key in ("work", "my config", "a:b"):
            cls.home.ok("config", "create", key, "keyed")
            cls.home.ok("connect", key, "jane", stdin="key")
        cls.home.ok("config", "create", "hostile", "keyed")
        for number, name in enumerate(HOSTILE):
            cls.home.ok("connect", "hostile", f"{number}{name}", stdin="key")

    def examine(self, command, setup):
        shell = Shell(self.home, command, setup)
        self.addCleanup(shell.stop)
        shell.wait_for(r"my.{1,2}config", "hallpass config get \t\t")
        shell = Shell(self.home, command, setup)
        self.addCleanup(shell.stop)
        self.assertEqual(shell.called("hallpass token get work/j\t"), ["token", "get", "work/jane"])
        self.assertEqual(shell.called("hallpass token get work j\t --format he\t"), ["token", "get", "work", "jane", "--format", "header"])
        self.assertEqual(shell.called("hallpass connection get 'my config' j\t"), ["connection", "get", "my config", "jane"])
        self.assertEqual(shell.called("hallpass config get a:\t"), ["config", "get", "a:b"])
        self.assertEqual(shell.called("hallpass config get my\t"), ["config", "get", "my config"])
        for number, name in enumerate(HOSTILE):
            self.assertEqual(shell.called(f"hallpass token get hostile {number}\t"), ["token", "get", "hostile", f"{number}{name}"], command)
        self.assertFalse((self.home.path / "pwned").exists())
        # Whatever is wrong, nothing but the line stands there.
        (self.home.path / "hallpass/settings.toml").write_text("nonsense")
        try:
            self.assertNotIn("error", shell.type("hallpass token get w\t"))
        finally:
            (self.home.path / "hallpass/settings.toml").unlink()

    def test_bash(self):
        self.examine(["bash", "--norc", "--noprofile", "-i"], ["bind 'set bell-style none'", "source <(hallpass completions bash)"])

    def test_zsh(self):
        self.examine(["zsh", "-f", "-i"], ["autoload -Uz compinit && compinit -u -D", "zstyle ':completion:*' insert-tab false", "source <(hallpass completions zsh)"])

    def test_fish(self):
        self.examine(["fish", "--no-config", "-i"], ["hallpass completions fish | source"])

    @unittest.skipUnless(NUSHELL.exists(), "there is no Nushell")
    def test_nushell(self):
        script = self.home.path / "hallpass.nu"
        script.write_text(subprocess.run([HALLPASS, "completions", "nushell"], capture_output=True, text=True, check=True).stdout)
        self.examine([str(NUSHELL), "--no-config-file", "--no-history", "-i"], [f"source {script}"])


if __name__ == "__main__":
    unittest.main()
