#!/usr/bin/env python3
"""A day of work in a minute: 10,000 connections of one home, and eight processes on it at once. Four are servers, asked
for tokens, refreshes, new authorizations and deletions; four lanes run one command after the other. Then every
connection is compared with what the provider believes, which rotates refresh tokens and ends the grant of one that is
used twice.

  tests/campaigns/day [--connections N] [--seconds S] [--seed S]
"""

import argparse
import base64
import collections
import concurrent.futures
import contextlib
import http.client
import json
import pathlib
import random
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "real"))
from support import Home, Oidc, Server, follow  # noqa: E402

PORTS = [3101, 3102, 3103, 3104]
LANES = 4
# Names that everybody works on at once; the others are worked on by one at a time, and so have a known end.
HOT = [f"hot-{number}" for number in range(16)]


class Day:
    def __init__(self, home, seed):
        self.home, self.seed = home, seed
        self.lock = threading.Lock()
        self.free, self.gone, self.made = [], set(), 0
        self.done, self.wrong = collections.Counter(), []
        self.end = None

    def take(self, draw):
        """Takes a name that nobody else works on."""
        with self.lock:
            if not self.free:
                return None
            at = draw.randrange(len(self.free))
            self.free[at], self.free[-1] = self.free[-1], self.free[at]
            return self.free.pop()

    def give_back(self, name, is_there):
        with self.lock:
            if is_there:
                self.gone.discard(name)
                self.free.append(name)
            else:
                self.gone.add(name)

    def new_name(self):
        with self.lock:
            self.made += 1
            return f"new-{self.made}"

    def work(self, number, worker):
        draw = random.Random(f"{self.seed}/{number}")
        while time.monotonic() < self.end:
            kind = draw.choices(["read", "refresh", "authorize", "delete"], worker.weights)[0]
            is_hot = draw.random() < 0.2
            name = draw.choice(HOT) if is_hot else self.new_name() if kind == "authorize" else self.take(draw)
            if name is None:
                continue
            try:
                said = getattr(worker, kind)(name)
            except Exception as error:  # noqa: BLE001 - whatever it is, the campaign goes on and tells it
                said = f"{type(error).__name__}: {error}"
            is_fine = said == "ok" or is_hot and said in ("none", "crowded")
            with self.lock:
                self.done[kind if said == "ok" else f"{kind} {said}" if is_fine else "wrong"] += 1
                if not is_fine:
                    self.wrong.append((kind, name, said))
            # Of what went wrong nobody knows how it ended; it is told, and left alone.
            if not is_hot and is_fine:
                self.give_back(name, kind != "delete")


class Asks:
    """Asks one of the servers, over one connection."""

    weights = [70, 15, 8, 7]

    def __init__(self, server):
        self.server = server
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=90)

    def send(self, method, path):
        self.connection.request(method, path, headers={"Host": f"localhost:{self.server.port}"})
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def judged(self, method, path):
        status, body = self.send(method, path)
        if status == 200:
            return "ok"
        return "none" if b"unkown_connection" in body or b"No connection" in body else f"{status} {body[:200]}"

    def read(self, name):
        return self.judged("GET", f"/connection/{name}?provider_config_key=rig")

    def refresh(self, name):
        return self.judged("GET", f"/connection/{name}?provider_config_key=rig&force_refresh=true")

    def delete(self, name):
        return self.judged("DELETE", f"/connection/{name}?provider_config_key=rig")

    def authorize(self, name):
        try:
            page = follow(f"{self.server.host}/oauth/connect/rig?connection_id={name}")
        except urllib.error.HTTPError as error:
            page = error.read().decode()
        return "ok" if "is authorized" in page else "crowded" if "another" in page or "again" in page else page[-300:]


class Runs:
    """Runs one command after the other."""

    weights = [45, 25, 10, 20]

    def __init__(self, home):
        self.home = home

    def judged(self, *arguments):
        said = self.home.run(*arguments)
        if said.returncode == 0:
            return "ok"
        return "none" if said.returncode == 3 else f"{said.returncode} {said.stderr[-200:]}"

    def read(self, name):
        return self.judged("token", "get", "rig", name)

    def refresh(self, name):
        return self.judged("token", "get", "rig", name, "--refresh")

    def delete(self, name):
        return self.judged("connection", "delete", "rig", name, "--yes")

    def authorize(self, name):
        child = self.home.start("--json", "connect", "--no-browser", "--timeout", "60s", "rig", name)
        event = json.loads(child.stdout.readline() or "{}")
        if "url" in event:
            browse(child, event["url"])
        _, err = child.communicate(timeout=90)
        # Whoever authorizes the same connection at the same time ends the earlier one.
        return "ok" if child.returncode == 0 else "crowded" if child.returncode in (2, 4) else f"{child.returncode} {err[-200:]}"


def browse(child, url):
    """Authorizes in a browser; whoever held the port may end at that very moment, and then the page is loaded again."""
    while child.poll() is None:
        try:
            return follow(url)
        except urllib.error.HTTPError as error:
            return error.read()
        except OSError:
            time.sleep(0.1)


def introspect(token):
    credentials = base64.b64encode(b"rig-basic:rig-basic-secret").decode()
    body = urllib.parse.urlencode({"token": token}).encode()
    headers = {"Authorization": f"Basic {credentials}"}
    with urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:9810/token/introspection", body, headers)) as answer:
        return json.load(answer)["active"]


def compare(day, servers):
    """Returns how many connections there are, and everything that is not as it should be."""
    wrong = []
    listed = {row["connection_id"] for row in json.loads(day.home.ok("--json", "connection", "list"))}
    expected = set(day.free)
    wrong += [("it was authorized, and is not there", name) for name in sorted(expected - listed)]
    wrong += [("it was deleted, and is there", name) for name in sorted(day.gone & listed)]
    wrong += [("nobody made it", name) for name in sorted(listed - expected - set(HOT) - day.gone)]
    with contextlib.closing(sqlite3.connect(day.home.path / "hallpass" / "hallpass.db")) as store:
        wrong += [("it was not finished", *row) for row in store.execute("SELECT kind, item FROM intents")]
        if store.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            wrong.append(("the store is damaged",))
    with contextlib.closing(sqlite3.connect(day.home.path / "hallpass" / "vault.db")) as vault:
        kept = {name for name, in vault.execute("SELECT name FROM records")}
    believed = {f"connection/rig/{name}" for name in listed} | {"config/rig"}
    wrong += [("store and vault differ", name) for name in sorted(kept ^ believed)]

    def one(name_and_server):
        name, server = name_and_server
        try:
            credentials = server.ask(f"/connection/{name}?provider_config_key=rig")["credentials"]
        except urllib.error.HTTPError as error:
            return ("it cannot be read", name, error.read()[:200])
        if not introspect(credentials["access_token"]):
            return ("the provider refuses its token", name)
        if not introspect(credentials["refresh_token"]):
            return ("the provider has ended its grant", name)
        return None

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        pairs = [(name, servers[at % len(servers)]) for at, name in enumerate(sorted(listed))]
        wrong += [found for found in pool.map(one, pairs) if found]
    return len(listed), wrong


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--connections", type=int, default=10_000)
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--seed", type=int, default=20260101)
    chosen = arguments.parse_args()
    callbacks = ",".join(f"http://localhost:{port}/oauth/callback" for port in PORTS)
    remembering = pathlib.Path(__file__).with_name("remembering.mjs")
    oidc = Oidc(AT_TTL=7200, RT_TTL=10**9, REDIRECTS=callbacks, NODE_OPTIONS=f"--import {remembering}")
    home = Home()
    home.configure()
    servers = [Server(home, "--port", str(port)) for port in PORTS]
    day = Day(home, chosen.seed)
    try:
        started = time.monotonic()
        names = [f"cold-{number}" for number in range(chosen.connections - len(HOT))] + HOT
        with concurrent.futures.ThreadPoolExecutor(len(servers)) as pool:
            lanes = [pool.submit(lambda own, some: [Asks(own).authorize(name) for name in some], server, names[at :: len(servers)])
                     for at, server in enumerate(servers)]
            odd = [said for lane in lanes for said in lane.result() if said != "ok"]
        assert not odd, odd[:3]
        day.free = [name for name in names if name not in HOT]
        print(f"day: {len(names)} connections authorized in {time.monotonic() - started:.0f} s", flush=True)
        before = oidc.grants()
        day.end = time.monotonic() + chosen.seconds
        workers = [Asks(server) for server in servers] + [Runs(home) for _ in range(LANES)]
        threads = [threading.Thread(target=day.work, args=pair) for pair in enumerate(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        refreshes, claimed = oidc.grants() - before, day.done["refresh"]
        if refreshes > claimed:
            day.wrong.append(("more refreshes than were asked for", refreshes, claimed))
        count, wrong = compare(day, servers)
        wrong = day.wrong + wrong
        if not all(server.is_up() for server in servers):
            wrong.append(("a server has ended",))
        memory = [server.memory() for server in servers]
    finally:
        for server in servers:
            server.stop()
        oidc.stop()
        home.remove()
    for what in wrong[:40]:
        print("WRONG", *what, flush=True)
    done = ", ".join(f"{number} {what}" for what, number in sorted(day.done.items()))
    print(f"day: {sum(day.done.values())} operations in {chosen.seconds} s by 8 processes ({done}); "
          f"{count} connections compared with the provider; wrong: {len(wrong)}; servers hold {memory} KiB")
    assert day.done["refresh"] and day.done["delete"] and day.done["authorize"], "hardly anything was done"
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
