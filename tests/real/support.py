"""What the tests against real parts share: the program in a home of its own, the OpenID Provider
with its knobs, and a browser that is a person."""

import asyncio
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

HERE = pathlib.Path(__file__).parent
RIG = pathlib.Path(os.environ["HALLPASS_RIG"])
STATE = pathlib.Path(os.environ["RIG_STATE"])
HALLPASS = os.environ["HALLPASS"]
ISSUER = "http://127.0.0.1:9810"

PROVIDER = f"""name = "Rig"
categories = ["dev-tools"]

[oauth2]
issuer = "{ISSUER}"
authorization_endpoint = "{ISSUER}/auth"
token_endpoint = "{ISSUER}/token"
revocation_endpoint = "{ISSUER}/token/revocation"
authorization_params = {{ prompt = "consent" }}
default_scopes = ["openid", "offline_access", "read"]
token_endpoint_auth_method = "METHOD"

[api]
base_url = "{ISSUER}"
identity = "GET /me"
"""


class Home:
    """A home, and the program that lives there with nothing else in its environment."""

    def __init__(self, vault="sealed", **environment):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="hallpass-real."))
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.path),
            "HALLPASS_HOME": str(self.path / "hallpass"),
            "TERM": "xterm-256color",
        }
        if vault:
            self.environment["HALLPASS_VAULT"] = vault
        if vault == "sealed":
            self.environment["HALLPASS_KEY_FILE"] = str(self.path / "key")
        self.environment.update(environment)
        providers = self.path / "hallpass" / "providers"
        providers.mkdir(parents=True)
        (self.path / "hallpass").chmod(0o700)
        for method in ("client_secret_basic", "client_secret_post", "none"):
            (providers / f"rig-{method.replace('_', '-')}.toml").write_text(PROVIDER.replace("METHOD", method))

    def run(self, *arguments, stdin="", timeout=150, **environment):
        return subprocess.run(
            [HALLPASS, *arguments], input=stdin, capture_output=True, text=True, timeout=timeout,
            env={**self.environment, **environment})

    def ok(self, *arguments, **options):
        said = self.run(*arguments, **options)
        assert said.returncode == 0, f"{arguments}: {said}"
        return said.stdout

    def start(self, *arguments, **environment):
        return subprocess.Popen(
            [HALLPASS, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env={**self.environment, **environment})

    def configure(self, key="rig", client="rig-basic", secret="rig-basic-secret", method="client-secret-basic"):
        self.ok("config", "create", key, f"rig-{method}", client, "-", stdin=secret)

    def token(self, name="rig/jane", *more):
        return self.ok("token", "get", name, *more).strip()

    def vault(self):
        """The vault in use."""
        return json.loads(self.ok("--json", "vault", "status"))["vault"]

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Oidc:
    """The certified OpenID Provider."""

    def __init__(self, **environment):
        values = {"AT_TTL": "3600", **{name: str(value) for name, value in environment.items()}}
        subprocess.run([RIG / "oidc" / "start.sh"], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "PORT": "9810", "RIG_STATE": str(STATE), **values})

    def knob(self, name, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{ISSUER}/rig/{name}", data=data)) as answer:
            return json.load(answer)

    def accepts(self, token):
        request = urllib.request.Request(f"{ISSUER}/me", headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)["sub"]
        except urllib.error.HTTPError as error:
            assert error.code == 401, error
            return None

    def grants(self, kind="refresh_token"):
        return self.knob("stats")["stats"].get(f"grant {kind}", 0)

    def stop(self):
        pid = int((STATE / "oidc.9810.pid").read_text())
        os.kill(pid, 9)
        wait_until(lambda: not is_open(9810), "the provider has stopped")


class RealTest(unittest.TestCase):
    """A test with a provider; `OIDC` are its settings."""

    OIDC = {}

    @classmethod
    def setUpClass(cls):
        cls.oidc = Oidc(**cls.OIDC)

    @classmethod
    def tearDownClass(cls):
        cls.oidc.stop()

    def home(self, **options):
        home = Home(**options)
        self.addCleanup(home.remove)
        return home

    def connect(self, home, name="rig/jane", *more):
        return authorize(home, name, *more)


def authorize(home, name, *more):
    """Authorizes as a browser would that nobody sees; the provider gives its consent."""
    child = home.start("--json", "connect", "--no-browser", name, *more)
    event = json.loads(child.stdout.readline() or "{}")
    if "url" in event:
        follow(event["url"])
    out, err = child.communicate(timeout=60)
    return subprocess.CompletedProcess(child.args, child.returncode, out, err)


class Server:
    """`hallpass serve` on a home, until it is stopped."""

    def __init__(self, home, *arguments, **environment):
        self.process = home.start("--json", "serve", *arguments, **environment)
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        self.started = json.loads(line)
        self.host = self.started["url"]
        self.port = int(self.host.rsplit(":", 1)[1])
        self.headers = {}
        if "NANGO_SECRET_KEY" in environment:
            self.headers["Authorization"] = f"Bearer {environment['NANGO_SECRET_KEY']}"

    def ask(self, path):
        request = urllib.request.Request(f"{self.host}{path}", headers=self.headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def is_up(self):
        return self.ask("/health") == {"result": "ok"} and self.process.poll() is None

    def burst(self, path, count):
        """So many requests at once, each on a connection of its own; returns status and body of each."""
        return asyncio.run(self._burst(path, count))

    async def _burst(self, path, count):
        lines = [f"GET {path} HTTP/1.1", f"Host: localhost:{self.port}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        streams = [await asyncio.open_connection("127.0.0.1", self.port) for _ in range(count)]
        for _, writer in streams:
            writer.write(head)
        answers = await asyncio.gather(*(asyncio.wait_for(reader.read(), 60) for reader, _ in streams))
        for _, writer in streams:
            writer.close()
        parts = [answer.split(b"\r\n\r\n", 1) for answer in answers]
        return [(int(head.split(b" ", 2)[1]), json.loads(body)) for head, body in parts]

    def memory(self, name="VmRSS"):
        """Resident memory in KiB; `VmHWM` is the most it ever was."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split(f"{name}:")[1].split()[0])

    def stop(self):
        self.process.terminate()
        return self.process.communicate(timeout=60)


def follow(url):
    """Goes where a browser would go, with cookies, to the last page."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(url, timeout=30) as answer:
        return answer.read().decode()


def is_open(port):
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(is_so, what, patience=30):
    started = time.monotonic()
    while not is_so():
        assert time.monotonic() - started < patience, f"not so after {patience} s: {what}"
        time.sleep(0.02)
