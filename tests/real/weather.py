"""Each fault of the token endpoint ends in a success after a retry or in a clear error, and never
in a lost connection; but for the one that nobody can mend."""

from support import RealTest


class Faults(RealTest):
    def ready(self):
        home = self.home()
        home.configure()
        self.assertEqual(self.connect(home).returncode, 0)
        return home

    def test_a_fault_that_passes_is_lived_through(self):
        home = self.ready()
        faults = [
            {"mode": "status", "status": 500}, {"mode": "status", "status": 503},
            {"mode": "status", "status": 429, "headers": {"Retry-After": "1", "content-type": "application/json"}, "body": "{}"},
            {"mode": "status", "status": 408, "body": ""}, {"mode": "html"}, {"mode": "html", "status": 200}, {"mode": "garbage"},
            {"mode": "huge"}, {"mode": "truncate"}, {"mode": "reset"}, {"mode": "slow", "delayMs": 1500}, {"mode": "hang"},
        ]
        for fault in faults:
            with self.subTest(fault=fault):
                self.oidc.knob("fault", {"path": "/token", **fault})
                token = home.token("rig/jane", "--refresh")
                self.assertIsNotNone(self.oidc.accepts(token))
        self.assertEqual(self.oidc.knob("stats")["pendingFaults"], 0)

    def test_a_fault_that_stays_is_a_clear_error_and_the_connection_lives(self):
        home = self.ready()
        for fault, code, words in [
            ({"mode": "status", "status": 500}, 5, "500"),
            ({"mode": "html"}, 5, "502"),
            ({"mode": "garbage"}, 5, "neither JSON nor a form"),
            ({"mode": "truncate"}, 6, "no whole answer"),
            ({"mode": "reset"}, 6, "no whole answer"),
            ({"mode": "huge"}, 5, "more than 1 MiB"),
        ]:
            with self.subTest(fault=fault):
                self.oidc.knob("fault", {"path": "/token", "times": 5, **fault})
                said = home.run("token", "get", "rig/jane", "--refresh")
                self.assertEqual(said.returncode, code, said)
                self.assertIn(words, said.stderr)
                self.assertIn("hint:", said.stderr)
                self.oidc.knob("reset", {})
                self.assertIsNotNone(self.oidc.accepts(home.token("rig/jane", "--refresh")), "it lives")

    def test_a_rotated_answer_that_is_lost_on_the_way_is_told_as_what_it_is(self):
        home = self.ready()
        self.oidc.knob("fault", {"path": "/token", "mode": "drop-after"})
        said = home.run("token", "get", "rig/jane", "--refresh")
        self.assertEqual(said.returncode, 4, said)
        self.assertIn("lost on the way", said.stderr)
        self.assertIn("hallpass connect rig jane", said.stderr)
        self.assertEqual(self.connect(home).returncode, 0, "the command mends it")
        self.assertIsNotNone(self.oidc.accepts(home.token()))

    def test_a_grant_that_was_ended_elsewhere_needs_authorization(self):
        home = self.ready()
        self.oidc.knob("revoke-grants", {})
        said = home.run("token", "get", "rig/jane", "--refresh")
        self.assertEqual(said.returncode, 4, said)
        self.assertIn("invalid_grant", said.stderr)
        self.assertIn("re-authorize", home.ok("connection", "list"))
