"""Through a real Chromium, opened by $BROWSER, against a certified OpenID Provider."""

import json
import shutil

from support import HERE, STATE, RealTest, is_open, wait_until


class InABrowser(RealTest):
    # A sign-in form to click.
    OIDC = {"AUTO": 0, "AT_TTL": 4}

    def authorize(self, home, decision):
        page = home.path / "page.json"
        page.unlink(missing_ok=True)
        node = shutil.which("node")
        environment = {"BROWSER": f"{node} {HERE / 'browser.mjs'} %s", "RIG_DECISION": decision, "RIG_PAGE": str(page), "RIG_STATE": str(STATE)}
        self.assertFalse(is_open(3003), "port 3003 is closed before")
        child = home.start("--json", "connect", "rig", "jane", **environment)
        wait_until(lambda: is_open(3003), "the listener is up")
        out, err = child.communicate(timeout=90)
        self.assertFalse(is_open(3003), "port 3003 is closed after")
        wait_until(page.exists, "the browser has shown its last page")
        return child.returncode, [json.loads(line) for line in out.splitlines()], json.loads(page.read_text()), err

    def test_a_person_signs_in_and_the_token_lives_through_expiry_and_rotation(self):
        home = self.home()
        home.configure()
        code, events, page, err = self.authorize(home, "allow")
        self.assertEqual((code, events[-1]["event"]), (0, "connected"), f"{events} {err}")
        self.assertEqual(page["title"], "Connected · hallpass", page)
        self.assertIn("rig/jane", page["text"])
        self.assertEqual(page["address"], "http://localhost:3003/oauth/callback", "the code has left the address bar")
        self.assertEqual(page["blocked"], [], "the page's own policy lets its script run")
        first = home.token()
        self.assertEqual(self.oidc.accepts(first), "alice")
        for _ in range(3):
            wait_until(lambda: self.oidc.accepts(first) is None, "the token has ended")
            second = home.token()
            self.assertNotEqual(first, second)
            self.assertEqual(self.oidc.accepts(second), "alice")
            first = second
        home.ok("connection", "delete", "rig/jane", "--revoke", "--yes")
        self.assertIsNone(self.oidc.accepts(first))

    def test_a_denial_is_told_in_the_providers_words(self):
        home = self.home()
        home.configure()
        code, events, page, _ = self.authorize(home, "deny")
        self.assertEqual(code, 5)
        self.assertIn("End-User denied the request", events[-1]["message"])
        self.assertIn("hallpass connect rig jane", events[-1]["hint"])
        self.assertIn("End-User denied the request", page["text"])


class EveryClient(RealTest):
    def test_each_way_of_showing_who_the_client_is(self):
        clients = [
            ("basic", "rig-basic", "rig-basic-secret", "client-secret-basic"),
            ("post", "rig-post", "rig-post-secret", "client-secret-post"),
            ("odd", "rig client:with%odd+chars", "odd:secret%+/ =&", "client-secret-basic"),
        ]
        home = self.home()
        for key, client, secret, method in clients:
            home.configure(key, client, secret, method)
        home.ok("config", "create", "public", "rig-none", "rig-public", "--public")
        for key in ("basic", "post", "odd", "public"):
            said = self.connect(home, f"{key}/jane")
            self.assertEqual(said.returncode, 0, f"{key}: {said}")
            self.assertIsNotNone(self.oidc.accepts(home.token(f"{key}/jane", "--refresh")), key)

    def test_a_redirect_uri_that_is_not_registered_is_told_after_the_time_is_up(self):
        home = self.home()
        home.configure()
        home.ok("config", "edit", "rig", "--redirect-uri", "http://localhost:3003/elsewhere")
        said = home.run("connect", "rig", "jane", "--no-browser", "--timeout", "1s")
        self.assertEqual(said.returncode, 4)
        self.assertIn("register `http://localhost:3003/elsewhere`", said.stderr)

    def test_a_wrong_secret_is_told_with_the_command_that_mends_it(self):
        home = self.home()
        home.configure(secret="wrong")
        said = self.connect(home)
        self.assertEqual(said.returncode, 5)
        self.assertIn("hallpass config edit rig", said.stdout)
