"""The terminal UI in a pseudo-terminal, and what it writes there."""

import fcntl
import os
import pty
import select
import struct
import termios
import time

from support import HALLPASS


class Screen:
    """The program in a pseudo-terminal, by itself or within another one."""

    def __init__(self, environment, rows=60, columns=200, command=(HALLPASS,)):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            time.sleep(0.01)
            os.execvpe(command[0], command, environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait_for(self, text, patience=20):
        """Returns the time until `text` was written."""
        started = time.perf_counter()
        while text not in self.seen:
            assert time.perf_counter() - started < patience, (text, self.seen[-800:])
            if select.select([self.fd], [], [], 0.5)[0]:
                self.seen += os.read(self.fd, 65536)
        return time.perf_counter() - started

    def drain(self):
        """Forgets what was written until now."""
        while select.select([self.fd], [], [], 0.15)[0]:
            os.read(self.fd, 65536)
        self.seen = b""

    def send(self, keys):
        os.write(self.fd, keys)

    def stop(self):
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
