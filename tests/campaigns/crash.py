#!/usr/bin/env python3
"""The crash matrix: every write point of the store and the vault, met by a kill or a failing disk.

A first run of each operation under strace finds its write points: every call that writes, makes,
truncates, syncs, renames or deletes one of the files, or that sends something to the keychain. Then
the operation runs once for each point and each fault. Afterwards, with nothing repaired by hand:

  - every connection has its old or its new token, and the program hands it out;
  - the vault holds what the store knows of, and nothing else;
  - no intent is left;
  - an operation that said it worked did.

  tests/campaigns/crash [--cases N] [--seed S]      all cases, or N drawn with the seed
"""

import argparse
import base64
import collections
import contextlib
import http.server
import json
import os
import pathlib
import random
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "real"))
import keychain  # noqa: E402
from support import HALLPASS, Home, follow  # noqa: E402

BUS = {name: os.environ[name] for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_DATA_HOME") if name in os.environ}
CALLS = "openat,pwrite64,write,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,chmod,fchmod"
FAULTS = ("signal=SIGKILL", "error=ENOSPC", "error=EIO", "error=EACCES")
KILLED = -9


class Provider(http.server.BaseHTTPRequestHandler):
    """A token endpoint that gives a new pair to everybody, and remembers who asked."""

    given = []
    clients = []

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        self.send_response(302)
        self.send_header("Location", f"{query['redirect_uri'][0]}?code=c&state={urllib.parse.quote(query['state'][0])}")
        self.end_headers()

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.clients.append(base64.b64decode(self.headers["Authorization"].split()[1]).decode())
        self.given.append(secrets.token_hex(16))
        body = json.dumps({"access_token": self.given[-1], "token_type": "Bearer", "expires_in": 7200, "refresh_token": secrets.token_hex(16)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
threading.Thread(target=server.serve_forever, daemon=True).start()
BASE = f"http://127.0.0.1:{server.server_port}"
PROVIDER = f"""name = "Crash"
[oauth2]
authorization_endpoint = "{BASE}/authorize"
token_endpoint = "{BASE}/token"
token_endpoint_auth_method = "client_secret_basic"
default_scopes = ["read"]
"""


class Place:
    """A home that is made once and copied for each case."""

    def __init__(self, vault):
        self.vault = vault
        self.daemon = keychain.daemon() if vault == "keychain" else None
        self.home = Home(vault=None, **(BUS if vault == "keychain" else {}))
        self.home.environment["HALLPASS_KEY_FILE"] = str(self.home.path / "key")
        if vault == "sealed":
            # Without a bus there is no keychain, and the first secret makes a sealed vault.
            self.home.environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent"
        self.folder = self.home.path / "hallpass"
        (self.folder / "providers" / "crash.toml").write_text(PROVIDER)
        # Written by a seal, so that it can be copied; a keychain gets it by a move.
        self.sealed = {**self.home.environment, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
        self.say("config", "create", "crash", "crash", "client-old", "-", "--redirect-uri", "http://127.0.0.1:0/cb",
                 stdin="secret-old", env=self.sealed)
        for name in ("jane", "joe"):
            self.connect(f"crash/{name}", self.sealed)
        self.template = pathlib.Path(tempfile.mkdtemp(prefix="hallpass-crash."))
        self.keep()
        self.tokens = {name: self.token(name, self.sealed) for name in ("jane", "joe")}

    def keep(self):
        shutil.rmtree(self.template)
        shutil.copytree(self.folder, self.template)

    def say(self, *arguments, stdin="", env=None, check=True, wrap=()):
        said = subprocess.run([*wrap, HALLPASS, *arguments], input=stdin, capture_output=True, text=True, timeout=60,
                              env=env or self.home.environment)
        assert not check or said.returncode == 0, (arguments, said)
        return said

    def connect(self, name, env=None, wrap=(), check=True):
        """Authorizes as a browser would."""
        child = subprocess.Popen([*wrap, HALLPASS, "--json", "connect", "--no-browser", *name.split("/")], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env or self.home.environment)
        event = child.stdout.readline()
        url = json.loads(event).get("url") if event else None
        if url:
            # A program that was killed meanwhile answers nobody.
            with contextlib.suppress(OSError):
                follow(url)
        out, err = child.communicate(timeout=60)
        said = subprocess.CompletedProcess(child.args, child.returncode, event + out, err)
        assert not check or said.returncode == 0, said
        return said

    def token(self, name, env=None):
        return self.say("token", "get", "crash", name, env=env).stdout.strip()

    def restore(self):
        """Puts everything back as it was made."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.template, self.folder)
        if self.vault == "keychain" and keychain.daemon() != self.daemon:
            # One that the bus started by itself is locked, and clears nothing.
            keychain.restart()
        subprocess.run(["secret-tool", "clear", "service", "hallpass"], capture_output=True)
        if self.vault == "keychain":
            if self.say("vault", "migrate", "keychain", check=False).returncode != 0:
                # The keychain's own daemon does not survive everything.
                print("keychain: its daemon was started anew", flush=True)
                keychain.restart()
                shutil.rmtree(self.folder)
                shutil.copytree(self.template, self.folder)
                self.say("vault", "migrate", "keychain")
            self.daemon = keychain.daemon()

    def items(self, vault=None):
        """What is in the vault, as somebody else sees it."""
        if (vault or self.vault) == "keychain":
            said = subprocess.run(["secret-tool", "search", "--all", "service", "hallpass"], capture_output=True, text=True)
            lines = (said.stdout + said.stderr).splitlines()
            return sorted(line.split(" = ", 1)[1] for line in lines if line.startswith("attribute.username = "))
        with contextlib.closing(sqlite3.connect(self.folder / "vault.db")) as database:
            return sorted(name for name, in database.execute("SELECT name FROM records"))

    def row(self, sql):
        with contextlib.closing(sqlite3.connect(self.folder / "hallpass.db")) as store:
            return store.execute(sql).fetchall()


# The operations. Each returns what was said; `after` says which states are right.

def connect(place, wrap):
    return place.connect("crash/new", wrap=wrap, check=False)


def authorize_again(place, wrap):
    return place.connect("crash/jane", wrap=wrap, check=False)


def rotate(place, wrap):
    return place.say("token", "get", "crash", "jane", "--refresh", wrap=wrap, check=False)


def delete(place, wrap):
    return place.say("connection", "delete", "crash", "jane", "--yes", wrap=wrap, check=False)


def delete_config(place, wrap):
    return place.say("config", "delete", "crash", "--yes", wrap=wrap, check=False)


def rename(place, wrap):
    return place.say("connection", "rename", "crash/jane", "jim", wrap=wrap, check=False)


def rename_config(place, wrap):
    return place.say("config", "rename", "crash", "smash", wrap=wrap, check=False)


def create_config(place, wrap):
    return place.say("config", "create", "other", "crash", "client-other", "-", stdin="secret-other", wrap=wrap, check=False)


def edit_config(place, wrap):
    return place.say("config", "edit", "crash", "--client-id", "client-new", "--client-secret", "-", stdin="secret-new", wrap=wrap, check=False)


def migrate(place, wrap):
    return place.say("vault", "migrate", "keychain" if place.vault == "sealed" else "sealed", wrap=wrap, check=False,
                     env={**place.home.environment, **BUS})


def upgrade(place, wrap):
    with contextlib.closing(sqlite3.connect(place.folder / "hallpass.db")) as store:
        store.executescript("""
            ALTER TABLE configs DROP COLUMN revision; ALTER TABLE connections DROP COLUMN revision; DROP TABLE intents;
            ALTER TABLE connections DROP COLUMN way; DROP TABLE metadata;
            ALTER TABLE activity DROP COLUMN flow; ALTER TABLE activity DROP COLUMN caller; DROP TABLE steps;
            DROP TABLE open_flows;
            CREATE TABLE intents (number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, item TEXT NOT NULL,
                vault TEXT NOT NULL, process INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
            PRAGMA user_version = 1;""")
    if place.vault == "sealed":
        with contextlib.closing(sqlite3.connect(place.folder / "vault.db")) as vault:
            vault.executescript("DROP TABLE marker; PRAGMA user_version = 1;")
    return place.say("token", "get", "crash", "jane", "--refresh", wrap=wrap, check=False)


OPERATIONS = [connect, authorize_again, rotate, delete, delete_config, rename, rename_config, create_config, edit_config, migrate, upgrade]


def verify(place, operation, said, given):
    """Checks what is left. `given` are the tokens that the provider gave during the operation."""
    if operation is migrate:
        # Both vaults must be in reach for whoever finishes or undoes a move.
        place.home.environment.update(BUS)
    try:
        listed = place.say("--json", "connection", "list")
        configs = {config["unique_key"] for config in json.loads(place.say("--json", "config", "list").stdout)}
        connections = {(row["provider_config_key"], row["connection_id"]) for row in json.loads(listed.stdout)}
        vault = json.loads(place.say("--json", "vault", "status").stdout)["vault"]
        wanted = sorted([f"config/{key}" for key in configs] + [f"connection/{key}/{name}" for key, name in connections])
        assert place.items(vault) == wanted, (place.items(vault), wanted)
        if operation is migrate:
            other = "sealed" if vault == "keychain" else "keychain"
            left = place.items(other) if other == "keychain" or (place.folder / "vault.db").exists() else []
            assert left == [], ("in the other vault", left)
            assert said.returncode != 0 or vault != place.vault, "it said it had moved"
        assert place.row("SELECT * FROM intents") == [], "intents are left"
        worked = said.returncode == 0
        got = {pair: place.say("token", "get", *pair).stdout.strip() for pair in connections}
        for (key, name), token in got.items():
            old = place.tokens.get("jane" if name == "jim" else name)
            is_touched = operation in (connect, authorize_again, rotate, upgrade) and name in ("jane", "new")
            right = {old, *(given if is_touched else ())} - {None}
            assert token in right, (name, token, right)
            if worked and is_touched and (name != "jane" or operation is not connect):
                assert token == given[-1], "it said it had a new one"
        names = {name for _, name in connections}
        expected = {
            connect: [{"jane", "joe"}, {"jane", "joe", "new"}],
            delete: [{"jane", "joe"}, {"joe"}],
            delete_config: [{"jane", "joe"}, {"joe"}, set()],
            rename: [{"jane", "joe"}, {"jim", "joe"}],
        }.get(operation, [{"jane", "joe"}])
        assert names in expected, names
        assert not worked or names == expected[-1], names
        keys = {create_config: [{"crash"}, {"crash", "other"}], rename_config: [{"crash"}, {"smash"}], delete_config: [{"crash"}, set()]}.get(operation, [{"crash"}])
        assert configs in keys and (not worked or configs == keys[-1]), configs
        # Id and secret belong together, whichever they are; and what was rotated can be rotated again.
        for key in configs & {"crash", "smash"}:
            for _, name in sorted(pair for pair in connections if pair[0] == key)[:1]:
                place.say("token", "get", key, name, "--refresh")
                pairs = ["client-old:secret-old", "client-new:secret-new"]
                assert Provider.clients[-1] in pairs, Provider.clients[-1]
                assert not (worked and operation is edit_config) or Provider.clients[-1] == pairs[1]
        if operation is upgrade:
            for file in place.folder.glob("*.schema-1"), place.folder.glob("*.format-1"):
                for copy in file:
                    with contextlib.closing(sqlite3.connect(copy)) as database:
                        version, = database.execute("PRAGMA user_version").fetchone()
                        # One that was interrupted is written anew by whoever upgrades then.
                        assert version == 1, (copy, version)
    finally:
        if operation is migrate and place.vault == "sealed":
            place.home.environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent"


def paths(place):
    names = ["hallpass.db", "vault.db"]
    folder = place.folder
    return {name: [str(folder / f"{name}{end}") for end in ("", "-wal", "-shm", "-journal", ".schema-1", ".format-1", ".schema-1-journal", ".format-1-journal")] for name in names}


def points(place, operation):
    """Runs the operation once, and returns its write points: which files (or the keychain), which
    call, and how many of it."""
    place.restore()
    log = place.home.path / "strace"
    said = operation(place, ["strace", "-f", "-qq", "-y", "-e", f"trace={CALLS},sendmsg", "-o", str(log)])
    assert said.returncode == 0, (operation.__name__, said)
    found = collections.Counter()
    groups = paths(place)
    for line in log.read_text(errors="replace").splitlines():
        call = re.match(r"\d+ +(\w+)\(", line)
        if not call:
            continue
        if call[1] == "sendmsg" and "UNIX" in line or call[1] == "sendmsg" and "socket:" in line:
            found["keychain", "sendmsg"] += 1
        for group, files in groups.items():
            if any(f'"{file}"' in line or f"<{file}>" in line for file in files):
                found[group, call[1]] += 1
    return found


def faulty(place, group, call, count, fault):
    """Returns the strace that lets the given call of a group fail."""
    only = [] if group == "keychain" else [part for file in paths(place)[group] for part in ("-P", file)]
    return ["strace", "-f", "-qq", "-o", "/dev/null", *only, "-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={count}"]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--vault", choices=("sealed", "keychain"), required=True)
    arguments.add_argument("--cases", type=int, help="how many, drawn at random; all without this")
    arguments.add_argument("--seed", type=int, default=20260101)
    arguments.add_argument("--only", help="one operation")
    chosen = arguments.parse_args()
    started = time.monotonic()
    place = Place(chosen.vault)
    cases = []
    for operation in OPERATIONS:
        if chosen.only and operation.__name__ != chosen.only:
            continue
        found = points(place, operation)
        assert found, f"no write point in {operation.__name__}"
        if chosen.vault == "keychain" or operation is migrate:
            assert found["keychain", "sendmsg"], "nothing was sent to the keychain"
        for (group, call), count in sorted(found.items()):
            cases += [(operation, group, call, number, fault) for number in range(1, count + 1) for fault in FAULTS]
        print(f"{chosen.vault}: {operation.__name__}: {sum(found.values())} write points", flush=True)
    whole = len(cases)
    if chosen.cases and chosen.cases < whole:
        cases = random.Random(chosen.seed).sample(cases, chosen.cases)
    lost, killed, refused = [], 0, 0
    for operation, group, call, number, fault in cases:
        for is_last in (False, False, True):
            place.restore()
            before = len(Provider.given)
            said = operation(place, faulty(place, group, call, number, fault))
            given = Provider.given[before:]
            try:
                verify(place, operation, said, given)
            except (AssertionError, sqlite3.Error, subprocess.TimeoutExpired, json.JSONDecodeError) as error:
                if place.vault == "keychain" and keychain.daemon() != place.daemon and not is_last:
                    # The keychain's own daemon fell over: this says nothing of hallpass.
                    print(f"keychain: its daemon died in {operation.__name__}, which is played again", flush=True)
                    continue
                lost.append((operation.__name__, group, call, number, fault))
                print(f"LOST {lost[-1]}: {said.returncode} {said.stderr[-300:]!r}\n     {error!r:.900}", flush=True)
            break
        killed += said.returncode in (KILLED, 137)
        refused += said.returncode not in (0, KILLED, 137)
    print(f"{chosen.vault}: {len(cases)} of {whole} cases, {killed} killed, {refused} refused, {len(cases) - killed - refused} withstood; "
          f"lost: {len(lost)} ({time.monotonic() - started:.0f} s)", flush=True)
    place.home.remove()
    shutil.rmtree(place.template, ignore_errors=True)
    assert killed or chosen.cases, "nothing was ever killed"
    sys.exit(bool(lost))


if __name__ == "__main__":
    main()
