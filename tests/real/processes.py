"""Many processes on one home, at a server with rotation and reuse detection."""

import signal
import time

from screen import Screen
from support import RealTest, wait_until


class Burst(RealTest):
    def test_sixteen_processes_make_one_refresh_and_the_connection_lives(self):
        home = self.home()
        home.configure()
        self.oidc.knob("config", {"atTtl": 4})
        self.assertEqual(self.connect(home).returncode, 0)
        first = home.token()
        wait_until(lambda: self.oidc.accepts(first) is None, "the token has ended")
        # Long enough that the new token outlives the sixteen starts on a slow machine.
        self.oidc.knob("config", {"atTtl": 600})
        before = self.oidc.grants()
        children = [home.start("token", "get", "rig", "jane") for _ in range(16)]
        answers = [child.communicate(timeout=60) for child in children]
        self.assertEqual({child.returncode for child in children}, {0}, answers)
        tokens = {out for out, _ in answers}
        self.assertEqual(len(tokens), 1, "sixteen equal answers")
        self.assertEqual(self.oidc.grants() - before, 1, "exactly one refresh")
        self.assertEqual(self.oidc.accepts(tokens.pop().strip()), "alice")
        self.assertIsNotNone(self.oidc.accepts(home.token("rig/jane", "--refresh")), "the connection lives")


class Together(RealTest):
    def test_what_one_process_changes_the_screen_of_another_shows_within_a_second(self):
        home = self.home()
        home.configure()
        self.assertEqual(self.connect(home, "rig/jane").returncode, 0)
        screen = Screen(home.environment)
        self.addCleanup(screen.stop)
        screen.wait_for(b"jane")
        for change, seen in ((("connection", "rename", "rig/jane", "ZZZZ"), b"ZZZZ"), (("config", "rename", "rig", "QQQ"), b"QQQ")):
            # What is drawn are the differences: the new names share no letter with the old ones.
            screen.drain()
            home.ok(*change)
            self.assertLess(screen.wait_for(seen), 1)

    def test_a_refresh_that_is_stuck_holds_up_its_own_connection_only(self):
        home = self.home()
        home.configure()
        for name in ("rig/jane", "rig/joe"):
            self.assertEqual(self.connect(home, name).returncode, 0)
        before = home.token("rig/jane")
        self.oidc.knob("fault", {"path": "/token", "times": 1, "mode": "slow", "delayMs": 6000})
        stuck = home.start("token", "get", "rig", "jane", "--refresh")
        time.sleep(0.5)
        started = time.monotonic()
        home.token("rig/joe", "--refresh")
        home.ok("connection", "list")
        self.assertEqual(home.token("rig/jane"), before, "what is still valid is handed out meanwhile")
        self.assertLess(time.monotonic() - started, 3)
        out, err = stuck.communicate(timeout=60)
        self.assertEqual(stuck.returncode, 0, err)

    def test_a_program_that_sleeps_in_mid_exchange_goes_on_when_it_wakes(self):
        home = self.home()
        home.configure()
        self.assertEqual(self.connect(home).returncode, 0)
        self.oidc.knob("fault", {"path": "/token", "times": 1, "mode": "slow", "delayMs": 1500})
        asleep = home.start("token", "get", "rig", "jane", "--refresh")
        time.sleep(0.5)
        asleep.send_signal(signal.SIGSTOP)
        # The answer comes meanwhile, and waits in the socket.
        time.sleep(3)
        asleep.send_signal(signal.SIGCONT)
        out, err = asleep.communicate(timeout=60)
        self.assertEqual(asleep.returncode, 0, err)
        self.assertIsNotNone(self.oidc.accepts(out.strip()))
        self.assertIsNotNone(self.oidc.accepts(home.token("rig/jane", "--refresh")))
