"""The keychain in all its moods: absent, never unlocked, locked, hung, killed, restarted, meddled with.
Each has its own error within five seconds, in the TUI without a frozen frame, and passes without a
restart of the program."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

from keychain import BUS, daemon, lock, lookup, restart, unlock
from screen import Screen
from support import RIG, RealTest, wait_until


class Moods(RealTest):
    def setUp(self):
        self.house = self.home(vault=None, **BUS)
        self.house.configure()
        self.addCleanup(self.house.run, "config", "delete", "rig", "--yes")
        self.assertEqual(self.connect(self.house).returncode, 0)

    def refused(self, words, *arguments, **environment):
        """Runs a command that must end with the vault's exit code, within five seconds."""
        started = time.monotonic()
        said = self.house.run(*(arguments or ("token", "get", "rig", "jane")), **environment)
        self.assertLess(time.monotonic() - started, 5, said)
        self.assertEqual(said.returncode, 7, said)
        self.assertIn(words, said.stderr)
        self.assertIn("hint", said.stderr)
        return said

    def test_absent(self):
        self.refused("there is no keychain here", DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent")
        self.assertTrue(self.house.token(), "and back without repair")

    def test_a_bus_without_a_keychain(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="hallpass-bus."))
        self.addCleanup(shutil.rmtree, folder)
        # A bus that starts nothing by itself.
        configuration = folder / "bus.conf"
        configuration.write_text(f'<busconfig><listen>unix:path={folder}/bus</listen><auth>EXTERNAL</auth><policy context="default"><allow send_destination="*"/><allow own="*"/><allow receive_sender="*"/></policy></busconfig>')
        bus = subprocess.Popen(["dbus-daemon", f"--config-file={configuration}", "--nofork"], stderr=subprocess.DEVNULL)
        self.addCleanup(bus.wait)
        self.addCleanup(bus.kill)
        wait_until((folder / "bus").exists, "the bus is up")
        self.refused("there is no keychain here", DBUS_SESSION_BUS_ADDRESS=f"unix:path={folder}/bus")

    def test_locked(self):
        lock()
        self.addCleanup(unlock)
        self.refused("the keychain is locked")
        self.refused("the keychain is locked", "connection", "delete", "rig", "jane", "--yes")
        self.assertIn("jane", self.house.ok("connection", "list"))
        unlock()
        self.assertTrue(self.house.token())

    def test_a_prompt_that_nobody_answers(self):
        display = subprocess.Popen(["Xvfb", ":96", "-nolisten", "tcp"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(display.wait)
        self.addCleanup(display.kill)
        wait_until(lambda: os.path.exists("/tmp/.X11-unix/X96"), "the display is up")
        # The prompter is started by the bus, on this display.
        told = lambda value: subprocess.run(["dbus-update-activation-environment", f"DISPLAY={value}"], check=True)
        told(":96")
        self.addCleanup(told, "")
        lock()
        self.addCleanup(unlock)
        self.refused("did not answer")
        self.assertIn("jane", self.house.ok("connection", "list"))
        unlock()
        self.assertTrue(self.house.token(), "and back without repair")

    def test_hung_and_then_awake_again(self):
        process = daemon()
        os.kill(process, signal.SIGSTOP)
        self.addCleanup(os.kill, process, signal.SIGCONT)
        self.refused("did not answer")
        os.kill(process, signal.SIGCONT)
        self.assertTrue(self.house.token())

    def test_killed_and_started_again(self):
        before = self.house.token()
        process = daemon()
        os.kill(process, signal.SIGKILL)
        wait_until(lambda: not pathlib.Path(f"/proc/{process}").exists(), "it is dead")
        said = self.house.run("token", "get", "rig", "jane")
        self.assertIn(said.returncode, (0, 7), said)
        restart()
        self.assertEqual(self.house.token(), before)

    def test_an_item_that_another_program_deleted_or_edited(self):
        subprocess.run(["secret-tool", "clear", "service", "hallpass", "username", "connection/rig/jane"], check=True)
        said = self.house.run("token", "get", "rig", "jane")
        self.assertEqual(said.returncode, 4, said)
        self.assertIn("not in the vault any more", said.stderr)
        self.assertIn("hallpass connect rig jane", said.stderr)
        self.assertEqual(self.connect(self.house).returncode, 0)
        self.assertTrue(self.house.token())
        store = lambda text: subprocess.run(["secret-tool", "store", "--label", "x", "service", "hallpass", "username", "connection/rig/jane"], input=text, text=True, check=True)
        whole = lookup("connection/rig/jane")
        subprocess.run(["secret-tool", "clear", "service", "hallpass", "username", "connection/rig/jane"], check=True)
        store("nonsense with canary-77 in it")
        said = self.refused("not one of hallpass's")
        self.assertNotIn("canary", said.stderr)
        subprocess.run(["secret-tool", "clear", "service", "hallpass", "username", "connection/rig/jane"], check=True)
        store(whole)
        self.assertTrue(self.house.token())

    def test_a_value_of_a_mebibyte(self):
        home = self.home(vault=None, **BUS)
        large = "s" * (1 << 20)
        home.ok("config", "create", "large", "rig-client-secret-basic", "id", "-", stdin=large)
        self.addCleanup(home.run, "config", "delete", "large", "--yes")
        self.assertIn(large, lookup("config/large"))
        self.assertTrue(self.house.token(), "and the others are still there")

    def test_a_value_that_is_too_large_says_so_and_loses_nothing(self):
        home = self.home(vault=None, **BUS)
        started = time.monotonic()
        # libdbus takes no message over 128 MiB, and gnome-keyring ends the session long before.
        said = home.run("config", "create", "huge", "rig-client-secret-basic", "id", "-", stdin="s" * (160 << 20))
        self.assertNotEqual(said.returncode, 0, said.stderr[:500])
        self.assertLess(time.monotonic() - started, 60)
        self.assertNotIn("sss", said.stderr)
        if daemon() is None:
            restart()
        self.assertEqual(home.ok("--json", "config", "list").strip(), "[]")
        self.assertTrue(self.house.token())

    def test_a_thousand_items(self):
        for number in range(1000):
            subprocess.run(["secret-tool", "store", "--label", "filler", "service", "filler", "username", f"item-{number}"], input="x" * 500, text=True, check=True)
        self.addCleanup(subprocess.run, ["secret-tool", "clear", "service", "filler"])
        for arguments in (("token", "get", "rig", "jane"), ("token", "get", "rig", "jane", "--refresh")):
            started = time.monotonic()
            self.house.ok(*arguments)
            self.assertLess(time.monotonic() - started, 5)

    def test_the_screen_goes_on_through_all_of_it(self):
        screen = Screen(self.house.environment)
        self.addCleanup(screen.stop)
        screen.wait_for(b"jane")
        process = daemon()
        for mood, words in ((lambda: os.kill(process, signal.SIGSTOP), b"did not answer"), (lock, b"locked")):
            screen.drain()
            mood()
            screen.send(b"y")
            # Another view, and the help, while the keychain says nothing: no frame waits for it. The footer alone says
            # `actions`: a key right behind an escape that was not read yet would be one with alt.
            for key, title in ((b"3", b"console"), (b"?", b"Every key"), (b"\x1b", b"actions"), (b"1", b"copy")):
                screen.send(key)
                self.assertLess(screen.wait_for(title, patience=1), 0.5)
                screen.seen = b""
            screen.wait_for(words, patience=6)
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)
            if mood is lock:
                unlock()
            screen.send(b"\x1b")
            screen.drain()
            screen.send(b"y")
            screen.wait_for(b"for ", patience=6)
            screen.send(b"\x1b")


class Prompted(RealTest):
    """A keychain that asks, and nobody answers; or that nobody ever unlocked."""

    def in_a_session(self, mode, home, *arguments, timeout=20):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("KR_", "XDG_", "DBUS_"))}
        environment["KR_MODE"] = mode
        inner = ["env", "-i", *(f"{name}={value}" for name, value in home.environment.items())]
        words = " ".join(['"$HALLPASS"', *arguments])
        names = ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_DATA_HOME")
        session = " ".join(f'{name}="${name}"' for name in names)
        # The daemon has its own time to start.
        script = f'started=$(date +%s%N); "$@" {session} {words}; code=$?; echo "took $((($(date +%s%N) - started) / 1000000))" >&2; exit $code'
        said = subprocess.run([RIG / "keyring" / "with-keyring.sh", "sh", "-c", script, "sh", *inner], env=environment, input="secret",
                              capture_output=True, text=True, timeout=timeout)
        took = int(re.search(r"^took (\d+)$", said.stderr, re.M)[1]) / 1000
        return said, took

    def test_never_unlocked(self):
        home = self.home(vault="keychain")
        said, took = self.in_a_session("locked", home, "config", "create", "rig", "rig-client-secret-basic", "id", "-")
        self.assertEqual(said.returncode, 7, said)
        self.assertLess(took, 5)
        self.assertTrue("locked" in said.stderr or "did not answer" in said.stderr, said)

    def test_nothing_there_that_could_hold_a_keychain(self):
        home = self.home(vault="keychain")
        said, took = self.in_a_session("nodaemon", home, "config", "create", "rig", "rig-client-secret-basic", "id", "-")
        self.assertEqual(said.returncode, 7, said)
        self.assertLess(took, 5)
        self.assertIn("keychain", said.stderr)
