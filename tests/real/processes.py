"""Sixteen processes at once, at a server with rotation and reuse detection."""

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
