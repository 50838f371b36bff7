"""The local server: many requests at once for a token that has ended, at a provider that ends the grant of a refresh
token that is used twice; token endpoints that misbehave; other processes on the same home."""

import subprocess
import sys
import time
import urllib.error
import urllib.request

from support import RIG, RealTest, Server, follow, is_open, wait_until

PATH = "/connection/jane?provider_config_key=rig"
FAULTY = """name = "Faulty"
[oauth2]
authorization_endpoint = "http://127.0.0.1:9850/authorize"
token_endpoint = "http://127.0.0.1:9850/token?mode=MODE"
"""


def burst_round(test, server, count, lifetime):
    """One round: the token has ended, so many ask at once. Returns what was wrong with it."""
    first = server.ask(PATH)["credentials"]["access_token"]
    wait_until(lambda: test.oidc.accepts(first) is None, "the token has ended", lifetime + 5)
    before = test.oidc.grants()
    answers = server.burst(PATH, count)
    wrong = {status for status, _ in answers} - {200}
    if wrong:
        return f"{wrong}: {[body for status, body in answers if status != 200][:1]}"
    tokens = {body["credentials"]["access_token"] for _, body in answers}
    if len(tokens) != 1:
        return f"{len(tokens)} tokens"
    if test.oidc.grants() - before != 1:
        return f"{test.oidc.grants() - before} refreshes"
    if test.oidc.accepts(tokens.pop()) != "alice":
        return "the provider refuses the token"
    return None


class Burst(RealTest):
    def serve(self, lifetime):
        home = self.home()
        home.configure()
        self.oidc.knob("config", {"atTtl": lifetime})
        self.assertEqual(self.connect(home).returncode, 0)
        server = Server(home)
        self.addCleanup(server.stop)
        return server

    def test_fifty_at_once_make_one_refresh_ten_times_over(self):
        server = self.serve(2)
        self.assertEqual([burst_round(self, server, 50, 2) for _ in range(10)], [None] * 10)

    def test_five_hundred_at_once_make_one_refresh(self):
        server = self.serve(8)
        self.assertEqual([burst_round(self, server, 500, 8) for _ in range(2)], [None] * 2)


class Misbehaving(RealTest):
    def setUp(self):
        bad = subprocess.Popen([sys.executable, RIG / "fault" / "bad_server.py", "9850"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        self.addCleanup(bad.wait)
        self.addCleanup(bad.kill)
        wait_until(lambda: is_open(9850), "the misbehaving endpoint is up")
        self.home_ = self.home()
        self.providers = self.home_.path / "hallpass" / "providers"

    def begin(self, server, key):
        opener = urllib.request.build_opener(NoRedirect)
        try:
            opener.open(f"{server.host}/oauth/connect/{key}?connection_id=jane")
        except urllib.error.HTTPError as answer:
            assert answer.code == 302, answer.read()
            location = answer.headers["location"]
        return location.split("state=")[1].split("&")[0]

    def test_whatever_a_token_endpoint_does_the_server_goes_on_and_the_user_is_told(self):
        modes = ["error200", "reset", "huge:1073741824", "gzipbomb:209715200", "garbage", "truncate", "html200", "missing",
                 "badlen", "chunkbreak", "nostatus", "redirect", "bigheader", "status:500"]
        for mode in modes:
            name = mode.split(":")[0]
            (self.providers / f"faulty-{name}.toml").write_text(FAULTY.replace("MODE", mode))
            self.home_.ok("config", "create", name, f"faulty-{name}", "id", "-", stdin="secret")
        server = Server(self.home_)
        self.addCleanup(server.stop)
        server.ask("/connection")
        at_rest = server.memory()
        for mode in modes:
            name = mode.split(":")[0]
            with self.subTest(mode):
                state = self.begin(server, name)
                with self.assertRaises(urllib.error.HTTPError) as refused:
                    urllib.request.urlopen(f"{server.host}/oauth/callback?code=x&state={state}", timeout=60)
                self.assertEqual(refused.exception.code, 400)
                page = refused.exception.read().decode()
                self.assertIn("Not connected", page)
                if mode == "error200":
                    self.assertIn("bad_verification_code", page)
                self.assertTrue(server.is_up())
        self.assertEqual(server.ask("/connection")["connections"], [])
        self.assertLess(server.memory("VmHWM") - at_rest, 16 * 1024, "KiB over what it has at rest")

    def test_an_endpoint_that_hangs_holds_up_nobody_else(self):
        (self.providers / "faulty-hang.toml").write_text(FAULTY.replace("MODE", "hang:600000"))
        self.home_.ok("config", "create", "hang", "faulty-hang", "id", "-", stdin="secret")
        self.home_.configure()
        self.assertEqual(self.connect(self.home_).returncode, 0)
        server = Server(self.home_)
        self.addCleanup(server.process.kill)
        state = self.begin(server, "hang")
        waiting = subprocess.Popen(["curl", "-s", f"{server.host}/oauth/callback?code=x&state={state}"],
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(waiting.communicate)
        self.addCleanup(waiting.kill)
        started = time.monotonic()
        self.assertEqual(self.oidc.accepts(server.ask(PATH)["credentials"]["access_token"]), "alice")
        # Another flow under the same config, too.
        self.begin(server, "hang")
        self.home_.ok("config", "edit", "hang", "--scopes", "a,b")
        self.assertLess(time.monotonic() - started, 5)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Together(RealTest):
    def test_a_command_and_a_server_on_one_port_authorize_side_by_side(self):
        home = self.home()
        home.configure()
        server = Server(home)
        self.addCleanup(server.stop)
        self.assertEqual(server.port, 3003)
        said = self.connect(home, "rig/shell")
        self.assertEqual(said.returncode, 0, said)
        page = follow(f"{server.host}/oauth/connect/rig?connection_id=app")
        self.assertIn("is authorized", page)
        rows = {row["connection_id"] for row in server.ask("/connection")["connections"]}
        self.assertEqual(rows, {"shell", "app"})
        self.assertEqual(self.oidc.accepts(home.token("rig/app")), "alice")

    def test_eight_commands_and_a_server_make_one_refresh(self):
        home = self.home()
        home.configure()
        self.oidc.knob("config", {"atTtl": 4})
        self.assertEqual(self.connect(home).returncode, 0)
        server = Server(home)
        self.addCleanup(server.stop)
        first = server.ask(PATH)["credentials"]["access_token"]
        wait_until(lambda: self.oidc.accepts(first) is None, "the token has ended")
        self.oidc.knob("config", {"atTtl": 600})
        before = self.oidc.grants()
        children = [home.start("token", "get", "rig", "jane") for _ in range(8)]
        answers = server.burst(PATH, 20)
        tokens = {child.communicate(timeout=60)[0].strip() for child in children}
        tokens |= {body["credentials"]["access_token"] for _, body in answers}
        self.assertEqual(len(tokens), 1, tokens)
        self.assertEqual(self.oidc.grants() - before, 1)

    def test_a_stranger_on_the_port_is_named_with_the_ways_out(self):
        home = self.home()
        stranger = subprocess.Popen([sys.executable, "-m", "http.server", "3003", "--bind", "127.0.0.1"],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(stranger.wait)
        self.addCleanup(stranger.kill)
        wait_until(lambda: is_open(3003), "the stranger is up")
        said = home.run("serve")
        self.assertEqual(said.returncode, 2)
        self.assertIn(f"port 3003 is taken by python3 (process {stranger.pid})", said.stderr)
        self.assertIn("--port", said.stderr)
