"""Moving everything between the keychain and the sealed vault, and being killed meanwhile."""

import signal
import sqlite3
import time

from keychain import BUS, items
from screen import Screen
from support import RealTest


class Migrate(RealTest):
    def sealed(self, home):
        database = sqlite3.connect(home.path / "hallpass" / "vault.db")
        with database:
            return sorted(name for name, in database.execute("SELECT name FROM records"))

    def intents(self, home):
        with sqlite3.connect(home.path / "hallpass" / "hallpass.db") as store:
            return store.execute("SELECT count(*) FROM intents").fetchone()[0]

    def authorized(self, count=2):
        # No vault is named: the home's own note decides. The key file is for the sealed one.
        home = self.home(vault=None, **BUS)
        home.environment["HALLPASS_KEY_FILE"] = str(home.path / "key")
        home.configure()
        self.addCleanup(lambda: home.run("config", "delete", "rig", "--yes"))
        names = [f"rig/user-{number}" for number in range(count)]
        for name in names:
            self.assertEqual(self.connect(home, name).returncode, 0)
        return home, names

    def test_there_and_back_again(self):
        home, names = self.authorized()
        everything = sorted(["config/rig", *(f"connection/{name}" for name in names)])
        tokens = [home.token(name) for name in names]
        self.assertEqual(items(), everything)

        home.ok("vault", "migrate", "sealed")
        self.assertEqual(items(), [], "the keychain is empty")
        self.assertEqual(self.sealed(home), everything)
        self.assertIn("sealed", home.ok("vault", "status"))
        self.assertEqual([home.token(name) for name in names], tokens)
        self.assertIsNotNone(self.oidc.accepts(home.token(names[0], "--refresh")), "and it can be refreshed")

        home.ok("vault", "migrate", "keychain")
        self.assertEqual(items(), everything)
        self.assertEqual(self.sealed(home), [])
        self.assertIn("already", home.run("vault", "migrate", "keychain").stderr)
        self.assertEqual(home.token(names[1]), tokens[1])
        self.assertEqual(self.intents(home), 0)

    def test_a_program_that_runs_meanwhile_follows(self):
        home, names = self.authorized(1)
        screen = Screen(home.environment)
        self.addCleanup(screen.stop)
        screen.wait_for(b"user-0")
        home.ok("vault", "migrate", "sealed")
        screen.send(b"r")
        screen.wait_for(b"refreshed")
        self.assertEqual(items(), [], "nothing was written into the old vault")
        self.assertIsNotNone(self.oidc.accepts(home.token(names[0])))

    def test_a_move_that_is_killed_anywhere_loses_nothing(self):
        home, names = self.authorized(4)
        everything = sorted(["config/rig", *(f"connection/{name}" for name in names)])
        tokens = {name: home.token(name) for name in names}
        kills = 0
        for attempt in range(40):
            to = "sealed" if home.vault() == "keychain" else "keychain"
            child = home.start("vault", "migrate", to)
            time.sleep(0.002 * attempt)
            child.send_signal(signal.SIGKILL)
            child.communicate()
            kills += child.returncode == -signal.SIGKILL
            if attempt % 2:
                # The same again goes on; anything else undoes what was begun, or finishes it.
                home.ok("vault", "migrate", to)
                self.assertEqual(home.vault(), to)
            for name in names:
                self.assertEqual(home.token(name), tokens[name], f"attempt {attempt}")
            here, there = items(), self.sealed(home) if (home.path / "hallpass" / "vault.db").exists() else []
            wanted = (everything, []) if home.vault() == "keychain" else ([], everything)
            self.assertEqual((here, there), wanted, f"attempt {attempt}: nothing twice, nothing nowhere")
            self.assertEqual(self.intents(home), 0)
        self.assertGreater(kills, 10, "the moves were too fast to be killed")
