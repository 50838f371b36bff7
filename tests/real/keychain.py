"""The whole life of a connection in a real gnome-keyring."""

import os
import pathlib
import signal
import socket
import struct
import subprocess
import time

from support import RealTest, wait_until

BUS = {name: os.environ[name] for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_DATA_HOME") if name in os.environ}
COLLECTION = "/org/freedesktop/secrets/collection/login"


def items():
    """The account names of all items of ours."""
    said = subprocess.run(["secret-tool", "search", "--all", "service", "hallpass"], capture_output=True, text=True)
    lines = (said.stdout + said.stderr).splitlines()
    return sorted(line.split(" = ", 1)[1] for line in lines if line.startswith("attribute.username = "))


def lookup(name):
    return subprocess.run(["secret-tool", "lookup", "service", "hallpass", "username", name], capture_output=True, text=True).stdout


def lock():
    # `secret-tool lock` crashes; the Secret Service's own method does not.
    subprocess.run(["gdbus", "call", "--session", "--dest", "org.freedesktop.secrets", "--object-path", "/org/freedesktop/secrets",
                    "--method", "org.freedesktop.Secret.Service.Lock", f"['{COLLECTION}']"], check=True, capture_output=True)


def unlock():
    """Gives the daemon its password through its control socket, as a login does."""
    password = os.environ["KR_PASS"].encode()
    unlock_operation = 1
    packet = struct.pack(">III", 12 + len(password), unlock_operation, len(password)) + password
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(os.path.join(os.environ["XDG_RUNTIME_DIR"], "keyring", "control"))
        control.sendall(b"\0" + packet)
        answer = control.recv(8)
    assert answer == struct.pack(">II", 8, 0), answer


def daemon():
    """The process that holds the keychain."""
    said = subprocess.run(["gdbus", "call", "--session", "--dest", "org.freedesktop.DBus", "--object-path", "/org/freedesktop/DBus",
                           "--method", "org.freedesktop.DBus.GetConnectionUnixProcessID", "org.freedesktop.secrets"], capture_output=True, text=True)
    return int(said.stdout.split()[1].rstrip(",)")) if said.returncode == 0 else None


def restart():
    """Starts the keychain anew, unlocked, as a login does; one that the bus started by itself goes."""
    if (process := daemon()) is not None:
        os.kill(process, signal.SIGKILL)
        wait_until(lambda: daemon() != process, "the other one is dead")
    subprocess.run(["gnome-keyring-daemon", "--unlock", "--components=secrets"], input=os.environ["KR_PASS"], text=True, check=True, capture_output=True)
    wait_until(lambda: daemon() is not None, "the keychain is back")


class Keychain(RealTest):
    def test_authorize_refresh_lock_unlock_refresh_delete(self):
        home = self.home(vault=None, **BUS)
        status = home.ok("vault", "status")
        self.assertIn("keychain", status)
        self.assertEqual(list(pathlib.Path(home.path / "hallpass").iterdir()), [home.path / "hallpass" / "providers"], "looking makes nothing")
        home.configure()
        self.assertEqual(self.connect(home).returncode, 0)
        self.assertEqual(items(), ["config/rig", "connection/rig/jane"])
        token = home.token()
        self.assertIn(token, lookup("connection/rig/jane"))
        self.assertIn("rig-basic-secret", lookup("config/rig"))
        rotated = home.token("rig/jane", "--refresh")
        self.assertNotEqual(token, rotated)
        self.assertIn(rotated, lookup("connection/rig/jane"))

        lock()
        started = time.monotonic()
        said = home.run("token", "get", "rig", "jane")
        self.assertEqual(said.returncode, 7, said)
        self.assertLess(time.monotonic() - started, 5)
        self.assertIn("locked", said.stderr)
        self.assertIn("hallpass vault unlock", said.stderr)
        self.assertIn("rig", home.ok("connection", "list"), "lists work while it is locked")
        status = home.run("vault", "status")
        self.assertEqual(status.returncode, 7, status)
        self.assertIn("locked", status.stdout)
        self.assertEqual(home.run("connect", "rig", "joe", "--no-browser").returncode, 7, "no browser for what cannot be kept")

        unlock()
        self.assertEqual(home.token(), rotated, "the same token again")
        again = home.token("rig/jane", "--refresh")
        self.assertEqual(self.oidc.accepts(again), "alice")
        home.ok("connection", "rename", "rig/jane", "jim")
        self.assertEqual(items(), ["config/rig", "connection/rig/jim"])
        home.ok("connection", "delete", "rig/jim", "--revoke", "--yes")
        self.assertEqual(items(), ["config/rig"])
        home.ok("config", "delete", "rig", "--yes")
        self.assertEqual(items(), [])

    def test_the_sealed_vault_may_keep_its_key_in_the_keychain(self):
        home = self.home(vault="sealed", HALLPASS_KEY_FILE="", **BUS)
        (home.path / "hallpass" / "settings.toml").write_text('vault_key = "keychain"\n')
        home.configure()
        self.assertEqual(self.connect(home).returncode, 0)
        self.assertEqual(items(), ["vault-key"])
        self.assertEqual(self.oidc.accepts(home.token()), "alice")
        subprocess.run(["secret-tool", "clear", "service", "hallpass", "username", "vault-key"], check=True)
        said = home.run("token", "get", "rig/jane")
        self.assertEqual(said.returncode, 7)
        self.assertIn("its key is not", said.stderr)

    def test_a_home_whose_secrets_are_in_a_keychain_that_is_gone_says_so(self):
        home = self.home(vault=None, **BUS)
        home.configure()
        self.addCleanup(lambda: home.run("config", "delete", "rig", "--yes"))
        said = home.run("connect", "rig", "jane", "--no-browser", DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent")
        self.assertEqual(said.returncode, 7, said)
        self.assertIn("there is no keychain here", said.stderr)
        self.assertFalse((home.path / "hallpass" / "vault.db").exists(), "and no other vault is made in silence")
