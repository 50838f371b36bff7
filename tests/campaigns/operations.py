#!/usr/bin/env python3
"""Random operations by several processes on one home, some of them killed, at a certified provider
that rotates refresh tokens and ends the grant of one that is used twice. At the end everything that
the program believes is compared with what the provider believes.

  tests/campaigns/operations [--operations N] [--seed S] [--workers W]      10,000 by 8

Connections called `safe-…` are never killed: they must never need authorization again. Those called
`risky-…` are: what is lost there is at most the answer to a refresh that was under way, which no
program can keep; each of those must be told as such, and must have been killed.
"""

import argparse
import base64
import collections
import contextlib
import json
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "real"))
from support import ISSUER, Home, Oidc, follow  # noqa: E402

NAMES = [f"{kind}-{number}" for kind in ("safe", "risky") for number in range(8)]
# Exit codes that say that there is no such connection (any more), or one already.
RACES = {2, 3}


def browse(child):
    """Authorizes in a browser; where whoever held the port was killed meanwhile, once more."""
    with contextlib.suppress(json.JSONDecodeError, KeyError):
        url = json.loads(child.stdout.readline())["url"]
        while child.poll() is None:
            with contextlib.suppress(OSError):
                return follow(url)
            time.sleep(0.2)


class Workers:
    def __init__(self, home, seed, operations):
        self.home, self.left, self.lock = home, operations, threading.Lock()
        self.seed = seed
        self.done = collections.Counter()
        self.killed = collections.Counter()
        self.odd = []
        # Names under which something was killed since they were last authorized to the end.
        self.suspects = set()

    def take(self):
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def work(self, number):
        draw = random.Random(f"{self.seed}/{number}")
        while self.take():
            self.one(draw)

    def one(self, draw):
        kind = draw.choices(["get", "refresh", "connect", "delete", "rename", "edit", "list", "export"], [40, 25, 10, 5, 6, 4, 6, 2])[0]
        name = draw.choice(NAMES)
        is_risky = name.startswith("risky")
        victim = is_risky and kind != "list" and draw.random() < 0.3
        other = draw.choice([other for other in NAMES if other[:4] == name[:4]])
        arguments = {
            "get": ["token", "get", "rig", name],
            "refresh": ["token", "get", "rig", name, "--refresh"],
            "connect": ["--json", "connect", "--no-browser", "--timeout", "60s", "rig", name],
            "delete": ["connection", "delete", "rig", name, "--yes", *(["--revoke"] if draw.random() < 0.5 else [])],
            "rename": ["connection", "rename", f"rig/{name}", other],
            "edit": ["config", "edit", "rig", "--client-secret", "-", "--scopes", draw.choice(["openid,offline_access,read", "openid,offline_access"])],
            "list": ["connection", "list"],
            "export": ["export", str(pathlib.Path(tempfile.gettempdir()) / f"hallpass-operations-{draw.getrandbits(64):x}")],
        }[kind]
        child = subprocess.Popen([str(HALLPASS), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.home.environment)
        timer = None
        if victim:
            # Whatever it is called at the end, it may have lost an answer.
            self.suspects.update({name, other} if kind == "rename" else {name})
            timer = threading.Timer(draw.random() ** 2 * 0.06, child.kill)
            timer.start()
        if kind == "connect":
            browse(child)
        out, err = child.communicate("rig-basic-secret" if kind == "edit" else "", timeout=200)
        if timer:
            timer.cancel()
        if kind == "export":
            for end in ("", ".part"):
                pathlib.Path(arguments[1] + end).unlink(missing_ok=True)
        with self.lock:
            self.done[kind] += 1
            if child.returncode == -9:
                self.killed[kind] += 1
                return
            if kind == "rename" and child.returncode == 0 and name in self.suspects:
                self.suspects.add(other)
            is_race = child.returncode in RACES
            # Whoever authorizes the same connection at the same time cancels the earlier one.
            is_race |= kind == "connect" and child.returncode in (2, 4)
            is_race |= child.returncode == 4 and name in self.suspects
            if child.returncode != 0 and not is_race:
                self.odd.append((kind, name, child.returncode, err[-300:]))


def introspect(token):
    credentials = base64.b64encode(b"rig-basic:rig-basic-secret").decode()
    body = urllib.parse.urlencode({"token": token}).encode()
    request = urllib.request.Request(f"{ISSUER}/token/introspection", body, {"Authorization": f"Basic {credentials}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["active"]


def compare(home, workers):
    """Returns everything that is not as it should be."""
    wrong = list(workers.odd)
    home.ok("connection", "list")
    with contextlib.closing(sqlite3.connect(home.path / "hallpass" / "hallpass.db")) as store:
        wrong += [("intent", row) for row in store.execute("SELECT kind, item, vault FROM intents")]
        rows = {f"connection/rig/{name}" for name, in store.execute("SELECT id FROM connections")}
        if store.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            wrong.append("the store is damaged")
    with contextlib.closing(sqlite3.connect(home.path / "hallpass" / "vault.db")) as vault:
        kept = {name for name, in vault.execute("SELECT name FROM records")}
    if kept != rows | {"config/rig"}:
        wrong.append(("the vault holds other things than the store knows", kept ^ (rows | {"config/rig"})))
    dead, lived = [], 0
    for row in json.loads(home.ok("--json", "connection", "list")):
        name = row["connection_id"]
        # What is in the vault now, as the provider sees it, before anybody asks for a new one.
        kept = home.run("token", "get", "rig", name, "--format", "json")
        alive_there = kept.returncode == 0 and introspect(json.loads(kept.stdout)["refresh_token"])
        said = home.run("token", "get", "rig", name, "--refresh")
        if alive_there != (said.returncode == 0):
            wrong.append(("the provider and the program disagree", name, alive_there, said.returncode, said.stderr[-200:]))
        if said.returncode == 0:
            lived += 1
            if not introspect(said.stdout.strip()):
                wrong.append(("the provider refuses what it gave", name))
        else:
            dead.append(name)
            if said.returncode != 4 or name not in workers.suspects:
                wrong.append(("dead, and never killed", name, said.returncode, said.stderr[-300:]))
    return wrong, dead, lived


def main():
    global HALLPASS
    from support import HALLPASS
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--operations", type=int, default=10_000)
    arguments.add_argument("--seed", type=int, default=20260101)
    arguments.add_argument("--workers", type=int, default=8)
    chosen = arguments.parse_args()
    started = time.monotonic()
    oidc = Oidc(AT_TTL=3600, RT_TTL=10**9)
    home = Home()
    home.configure()
    passphrase = home.path / "passphrase"
    passphrase.write_text("p\n")
    home.environment["HALLPASS_PASSPHRASE_FILE"] = str(passphrase)
    workers = Workers(home, chosen.seed, chosen.operations)
    try:
        threads = [threading.Thread(target=workers.work, args=(number,)) for number in range(chosen.workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wrong, dead, lived = compare(home, workers)
    finally:
        oidc.stop()
        home.remove()
    for what in wrong[:40]:
        print("WRONG", what, flush=True)
    print(f"operations: {sum(workers.done.values())} ({', '.join(f'{count} {kind}' for kind, count in sorted(workers.done.items()))}), "
          f"{sum(workers.killed.values())} killed; {lived} connections live, {len(dead)} lost an answer to a kill; wrong: {len(wrong)} "
          f"({time.monotonic() - started:.0f} s)")
    assert sum(workers.killed.values()) > chosen.operations / 100, "hardly anything was killed"
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
