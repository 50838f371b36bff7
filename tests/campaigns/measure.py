#!/usr/bin/env python3
"""Measures the program against the plainest thing that does the same, in turn within one run.
Machines are noisy: the ratios count, not the times.

  tests/campaigns/measure           everything; needs what tests/real/run needs, and sqlite3
"""

import os
import pathlib
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "real"))
from screen import Screen  # noqa: E402
from support import HALLPASS, Home, Oidc, authorize, wait_until  # noqa: E402

BUS = {name: os.environ[name] for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_DATA_HOME")}
ROUNDS = 41


def timed(command, environment):
    started = time.perf_counter()
    said = subprocess.run(command, env=environment, capture_output=True)
    assert said.returncode == 0, (command, said)
    return time.perf_counter() - started


def compare(title, ours, theirs, rounds=ROUNDS):
    """Runs both in turn; each is a command and its environment."""
    mine, others = [], []
    for _ in range(rounds):
        mine.append(timed(*ours))
        others.append(timed(*theirs))
    one, other = statistics.median(mine), statistics.median(others)
    print(f"{title}: {one * 1e3:.2f} ms / {other * 1e3:.2f} ms = ×{one / other:.2f}", flush=True)


def authorized(home):
    home.configure()
    said = authorize(home, "rig/jane")
    assert said.returncode == 0, said


def version():
    compare("--version / an empty Rust program", ([HALLPASS, "--version"], os.environ), ([os.environ["EMPTY"]], os.environ))


def keychain():
    home = Home(vault=None, **BUS)
    authorized(home)
    lookup = ["secret-tool", "lookup", "service", "hallpass", "username", "connection/rig/jane"]
    filled = 2
    for items in (10, 1000):
        for number in range(filled, items):
            subprocess.run(["secret-tool", "store", "--label", "filler", "service", "filler", "username", f"item-{number}"],
                           input="x" * 2000, text=True, check=True)
        filled = items
        compare(f"token get from the keychain / secret-tool lookup, {items} items", ([HALLPASS, "token", "get", "rig", "jane"], home.environment), (lookup, os.environ))


def sealed():
    home = Home()
    authorized(home)
    database = home.path / "hallpass" / "vault.db"
    query = ["sqlite3", database, "SELECT length(sealed) FROM records WHERE name = 'connection/rig/jane'"]
    compare("token get from the sealed vault / sqlite3", ([HALLPASS, "token", "get", "rig", "jane"], home.environment), (query, os.environ))


def first_frame():
    medians = {}
    for connections in (10, 10_000):
        home = Home()
        home.configure()
        store = sqlite3.connect(home.path / "hallpass" / "hallpass.db")
        row = "INSERT INTO connections (config, id, provider, requested_scopes, obtained_at, is_refreshable, variables, created_at, updated_at) VALUES ('rig', ?, 'rig-client-secret-basic', '[\"read\"]', 1700000000000, 1, '{}', 1700000000000, 1700000000000)"
        store.executemany(row, [(f"account-{number:05}",) for number in range(connections)])
        store.commit()
        frames, filled = [], []
        for _ in range(11):
            screen = Screen(home.environment)
            frames.append(screen.wait_for(b"STATUS"))
            filled.append(frames[-1] + screen.wait_for(b"account-00005"))
            screen.stop()
        medians[connections] = (statistics.median(frames), statistics.median(filled))
        print(f"start to first frame with {connections} connections: {medians[connections][0] * 1e3 - 10:.1f} ms, with its rows {medians[connections][1] * 1e3 - 10:.1f} ms", flush=True)
    print(f"first frame, 10,000 / 10: ×{medians[10_000][0] / medians[10][0]:.2f}", flush=True)


def copy():
    display = subprocess.Popen(["Xvfb", ":98", "-nolisten", "tcp"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: os.path.exists("/tmp/.X11-unix/X98"), "the display is up")
    for vault in ("sealed", None):
        home = Home(vault=vault, DISPLAY=":98", **(BUS if vault is None else {}))
        authorized(home)
        screen = Screen(home.environment)
        screen.wait_for(b"jane")
        times = []
        for _ in range(15):
            screen.drain()
            screen.send(b"\x1b")
            screen.drain()
            screen.send(b"y")
            times.append(screen.wait_for(b"clipboard cleared in"))
        screen.stop()
        print(f"y to clipboard, {vault or 'keychain'}: median {statistics.median(times[1:]) * 1e3:.1f} ms, worst {max(times[1:]) * 1e3:.1f} ms, the first {times[0] * 1e3:.1f} ms", flush=True)
    display.kill()


if __name__ == "__main__":
    print(f"binary: {os.path.getsize(HALLPASS) / 1e6:.2f} MB", flush=True)
    oidc = Oidc(AT_TTL=3600)
    try:
        version()
        sealed()
        copy()
        first_frame()
        keychain()
    finally:
        oidc.stop()
