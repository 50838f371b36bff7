"""Every way in, against servers that nobody here wrote: a certified OpenID Provider and an OAuth 1.0a
provider."""

import base64
import http.server
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import threading
import urllib.parse
import urllib.request

from support import ISSUER, RIG, STATE, RealTest, follow, is_open, wait_until

OAUTH1 = "http://127.0.0.1:9820"

CLIENT_CREDENTIALS = f"""name = "Rig for itself"
categories = ["dev-tools"]

[client_credentials]
token_endpoint = "{ISSUER}/token"
introspection_endpoint = "{ISSUER}/token/introspection"
token_endpoint_auth_method = "client_secret_basic"
default_scopes = ["read"]
"""

PUSHED = f"""name = "Rig, pushed"
categories = ["dev-tools"]

[oauth2]
authorization_endpoint = "{ISSUER}/auth"
token_endpoint = "{ISSUER}/token"
pushed_authorization_request_endpoint = "{ISSUER}/request"
token_endpoint_auth_method = "client_secret_basic"
default_scopes = ["openid", "read"]
"""

BOUND = f"""name = "Rig, bound"
categories = ["dev-tools"]

[oauth2]
authorization_endpoint = "{ISSUER}/auth"
token_endpoint = "{ISSUER}/token"
authorization_params = {{ prompt = "consent" }}
token_endpoint_auth_method = "client_secret_basic"
dpop = true
default_scopes = ["openid", "offline_access", "read"]

[api]
base_url = "{ISSUER}"
"""

SIGNS = f"""name = "Rig, a client that signs"
categories = ["dev-tools"]

[client_credentials]
token_endpoint = "{ISSUER}/token"
introspection_endpoint = "{ISSUER}/token/introspection"
token_endpoint_auth_method = "private_key_jwt"
client_assertion = {{ algorithm = "ES256", audience = "{ISSUER}", header = {{ kid = "k1" }} }}
default_scopes = ["read"]
"""

CERTIFIED = """name = "Rig, certified"
categories = ["dev-tools"]
mutual_tls = {{ certificate = "cert", key = "key" }}

[client_credentials]
token_endpoint = "{base}/token"

[credentials.cert]
pem = true

[credentials.key]
secret = true
pem = true

[api]
base_url = "{base}"
"""

SIGNED = """name = "Rig, signed"
categories = ["dev-tools"]

[oauth1]
request_token_endpoint = "{base}/oauth/request_token"
authorization_endpoint = "{base}/oauth/authorize"
token_endpoint = "{base}/oauth/access_token"
signature_method = "{method}"

[api]
base_url = "{base}"
identity = "GET /api/me"
"""


class Discovered(RealTest):
    OIDC = {"AT_TTL": 3600}

    def discover(self, client="rig-basic", secret="rig-basic-secret"):
        home = self.home()
        home.ok("config", "create", "rig", "--issuer", ISSUER, client, "-", "openid,offline_access,read", stdin=secret)
        return home

    def test_an_issuer_is_all_that_is_needed(self):
        home = self.discover()
        said = self.connect(home)
        self.assertEqual(said.returncode, 0, said)
        self.assertEqual(self.oidc.accepts(home.token()), "alice")
        self.assertEqual(self.oidc.accepts(home.token("rig/jane", "--refresh")), "alice")

    def test_an_id_token_is_verified_before_it_is_believed(self):
        home = self.discover()
        self.assertEqual(self.connect(home).returncode, 0)
        seen = json.loads(home.ok("--json", "token", "inspect", "rig"))
        self.assertEqual((seen["id_token"]["verified"], seen["id_token"]["why_not"]), (True, None), seen)
        self.assertEqual(seen["id_token"]["claims"]["sub"], "alice")
        self.assertIn("nonce", seen["id_token"]["claims"])
        self.assertIn("signed by its issuer", home.ok("token", "inspect", "rig"))

    def test_what_the_server_says_of_a_token_is_shown_before_and_after_it_is_revoked(self):
        home = self.discover()
        self.assertEqual(self.connect(home).returncode, 0)
        seen = json.loads(home.ok("--json", "token", "inspect", "rig"))
        self.assertEqual((seen["introspection"]["active"], seen["introspection"]["fields"]["sub"]), (True, "alice"))
        token = home.token()
        said = home.run("connection", "delete", "rig/jane", "--revoke", "--yes")
        self.assertIn("the provider revoked its tokens", said.stderr)
        self.assertIsNone(self.oidc.accepts(token))
        body = urllib.parse.urlencode({"token": token}).encode()
        request = urllib.request.Request(f"{ISSUER}/token/introspection", data=body)
        request.add_header("Authorization", "Basic cmlnLWJhc2ljOnJpZy1iYXNpYy1zZWNyZXQ=")
        with urllib.request.urlopen(request) as answer:
            self.assertEqual(json.load(answer), {"active": False})

    def test_an_issuer_that_is_none_is_told(self):
        home = self.home()
        for issuer, words in [(f"{ISSUER}/elsewhere", "cannot be used"), ("http://example.com", "plain http"), (ISSUER.replace("127.0.0.1", "localhost"), "another issuer")]:
            said = home.run("config", "create", "bad", "--issuer", issuer, "id", "-", stdin="secret")
            self.assertNotEqual(said.returncode, 0)
            self.assertIn(words, said.stderr, issuer)


class Registered(RealTest):
    def test_a_config_without_a_client_id_is_registered_and_authorizes(self):
        home = self.home()
        home.ok("config", "create", "rig", "--issuer", ISSUER)
        said = self.connect(home, "rig/jane", "--scope", "openid", "--scope", "offline_access", "--scope", "read")
        self.assertEqual(said.returncode, 0, said)
        self.assertEqual(self.oidc.accepts(home.token()), "alice")
        self.assertEqual(self.oidc.accepts(home.token("rig/jane", "--refresh")), "alice")

    def test_a_request_is_handed_to_the_server_first(self):
        home = self.home()
        (home.path / "hallpass/providers/rig-par.toml").write_text(PUSHED)
        home.ok("config", "create", "rig", "rig-par", "rig-par", "-", stdin="rig-par-secret")
        said = self.connect(home)
        self.assertEqual(said.returncode, 0, said)
        self.assertEqual(self.oidc.accepts(home.token()), "alice")

    def test_a_token_is_bound_to_a_key_and_proven_with_each_request(self):
        self.oidc.knob("config", {"dpopNonce": True})
        self.addCleanup(self.oidc.knob, "config", {"dpopNonce": False})
        home = self.home()
        (home.path / "hallpass/providers/rig-bound.toml").write_text(BOUND)
        home.ok("config", "create", "rig", "rig-bound", "rig-dpop", "-", stdin="rig-dpop-secret")
        said = self.connect(home)
        self.assertEqual(said.returncode, 0, said)
        self.assertEqual(json.loads(home.ok("request", "rig", "jane", "GET", "/me"))["sub"], "alice")
        bound = home.token("rig/jane", "--refresh")
        self.assertIsNone(self.oidc.accepts(bound), "without a proof it is good for nothing")
        self.assertEqual(json.loads(home.ok("request", "rig", "jane", "GET", "/me"))["sub"], "alice")

    def test_a_client_that_signs_gets_a_token_for_itself(self):
        home = self.home()
        key = home.path / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key], check=True, capture_output=True)
        public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
        number = lambda part: base64.urlsafe_b64encode(part).decode().rstrip("=")
        jwk = {"kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "x": number(public[-64:-32]), "y": number(public[-32:])}
        wishes = {
            "client_name": "signs", "grant_types": ["client_credentials"], "response_types": [], "redirect_uris": [],
            "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256", "jwks": {"keys": [jwk]},
        }
        request = urllib.request.Request(f"{ISSUER}/reg", data=json.dumps(wishes).encode(), headers={"content-type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            client = json.load(answer)["client_id"]
        (home.path / "hallpass/providers/rig-signs.toml").write_text(SIGNS)
        home.ok("config", "create", "signs", "rig-signs", client, "-", stdin=key.read_text())
        home.ok("connect", "signs", "machine")
        seen = json.loads(home.ok("--json", "token", "inspect", "signs"))
        self.assertEqual((seen["introspection"]["active"], seen["introspection"]["fields"]["client_id"]), (True, client))


class ByDevice(RealTest):
    def begin(self, home, *more):
        child = home.start("--json", "connect", "rig", "jane", "--device", *more)
        return child, json.loads(child.stdout.readline())

    def decide(self, event, decision):
        code = urllib.parse.quote(event["user_code"])
        self.oidc.knob(f"device/{decision}?user_code={code}", {})

    def test_a_code_that_is_entered_elsewhere_lets_this_machine_in(self):
        home = self.home()
        home.ok("config", "create", "rig", "--issuer", ISSUER, "rig-basic", "-", "openid,offline_access,read", stdin="rig-basic-secret")
        child, event = self.begin(home)
        self.assertEqual(event["verification_uri"], f"{ISSUER}/device")
        self.assertRegex(event["user_code"], r"^[A-Z]{4}-[A-Z]{4}$")
        self.decide(event, "approve")
        out, err = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 0, f"{out} {err}")
        self.assertEqual(self.oidc.accepts(home.token("rig/jane", "--refresh")), "alice")

    def test_a_denial_is_told(self):
        home = self.home()
        home.ok("config", "create", "rig", "--issuer", ISSUER, "rig-public", "openid,read", "--public")
        child, event = self.begin(home)
        self.decide(event, "deny")
        out, _ = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 5)
        self.assertIn("denied", json.loads(out.splitlines()[-1])["message"])

    def test_slow_down_is_heeded_and_a_broken_connection_survived(self):
        home = self.home()
        home.ok("config", "create", "rig", "--issuer", ISSUER, "rig-post", "-", "openid,read", stdin="rig-post-secret")
        slow = {"mode": "status", "status": 400, "body": json.dumps({"error": "slow_down"})}
        child, event = self.begin(home)
        self.oidc.knob("fault", slow)
        self.oidc.knob("fault", {"mode": "reset"})
        self.decide(event, "approve")
        out, err = child.communicate(timeout=90)
        self.assertEqual(child.returncode, 0, f"{out} {err}")


class ForItself(RealTest):
    OIDC = {"AT_TTL": 2}

    def test_a_token_is_fetched_again_when_it_ends(self):
        home = self.home()
        (home.path / "hallpass/providers/rig-itself.toml").write_text(CLIENT_CREDENTIALS)
        for client, secret in [("rig-basic", "rig-basic-secret"), ("rig client:with%odd+chars", "odd:secret%+/ =&")]:
            key = client.split(" ")[0]
            home.ok("config", "create", key, "rig-itself", client, "-", stdin=secret)
            home.ok("connect", key, "machine")
            first = home.token(f"{key}/machine")
            seen = json.loads(home.ok("--json", "token", "inspect", key))
            self.assertEqual((seen["introspection"]["active"], seen["introspection"]["fields"]["client_id"]), (True, client))
            wait_until(lambda: home.token(f"{key}/machine") != first, "another token was fetched")
        self.assertEqual(self.oidc.grants("refresh_token"), 0)


class Used(RealTest):
    """`request` and `exec`, with a token that was authorized."""

    def test_a_request_is_authorized_and_tried_again_after_a_401(self):
        home = self.home()
        home.configure()
        self.assertEqual(self.connect(home).returncode, 0)
        said = home.run("request", "rig", "jane", "GET", "/me")
        self.assertEqual((said.returncode, json.loads(said.stdout)["sub"], said.stderr.strip()), (0, "alice", "200"))
        # The API may end a token before its time.
        token = home.token()
        self.oidc.knob("fault", {"path": "/me", "status": 401})
        said = home.run("request", "rig", "GET", "/me")
        self.assertEqual((said.returncode, json.loads(said.stdout)["sub"]), (0, "alice"), said.stderr)
        self.assertEqual(self.oidc.grants("refresh_token"), 1)
        self.assertNotEqual(home.token(), token)
        self.oidc.knob("fault", {"path": "/me", "status": 401, "times": 2})
        self.assertEqual(home.run("request", "rig", "GET", "/me").returncode, 5, "once more, and no more")
        said = home.run("request", "rig", "GET", "http://127.0.0.1:9811/me")
        self.assertEqual(said.returncode, 2)
        self.assertIn("is not of this API", said.stderr)

    def test_a_program_gets_the_token_in_its_environment_and_its_exit_code_is_ours(self):
        home = self.home()
        home.configure()
        self.assertEqual(self.connect(home).returncode, 0)
        script = 'test "$RIG_JANE_TOKEN" = "$OTHER" && echo "$RIG_JANE_TOKEN"; tr "\\0" " " </proc/$$/cmdline >&2; exit 7'
        said = home.run("exec", "rig/jane", "--env", "OTHER=rig/jane", "--", "sh", "-c", script)
        self.assertEqual(said.returncode, 7, said)
        self.assertEqual(self.oidc.accepts(said.stdout.strip()), "alice")
        self.assertNotIn(said.stdout.strip(), said.stderr, "not in the arguments")
        child = home.start("exec", "rig", "--", "sleep", "600")
        arguments = pathlib.Path(f"/proc/{child.pid}/cmdline")
        wait_until(lambda: b"600" in arguments.read_bytes() and b"hallpass" not in arguments.read_bytes(), "it runs in our place")
        child.terminate()
        self.assertEqual(child.wait(timeout=10), -15, "the signal was its own")
        child.communicate()


class Certified(RealTest):
    """Against OpenSSL, which lets nobody in without a certificate of its own authority (RFC 8705)."""

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hallpass-mtls."))
        self.addCleanup(shutil.rmtree, self.folder)
        self.authority()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        context.load_verify_locations(self.folder / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED

        class Provider(http.server.BaseHTTPRequestHandler):
            def answer(self):
                self.rfile.read(int(self.headers.get("content-length") or 0))
                names = [name for part in self.connection.getpeercert()["subject"] for name in part]
                about = {"access_token": "token-1", "token_type": "bearer", "expires_in": 600} if self.path == "/token" \
                    else {"client": dict(names)["commonName"], "shown": self.headers.get("authorization")}
                body = json.dumps(about).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
        self.server.handle_error = lambda *_: None
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def authority(self):
        run = lambda *words: subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)
        run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=Rig authority")
        for name, extension in (("server", "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth"),
                                ("client", "extendedKeyUsage=clientAuth"), ("other", "extendedKeyUsage=clientAuth")):
            (self.folder / "extension").write_text(extension + "\n")
            run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
            run("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-out", f"{name}.pem", "-days", "2", "-extfile", "extension")

    def test_a_certificate_is_shown_to_the_token_endpoint_and_to_the_api(self):
        home = self.home(SSL_CERT_FILE=str(self.folder / "ca.pem"))
        base = f"https://localhost:{self.server.server_port}"
        (home.path / "hallpass/providers/rig-certified.toml").write_text(CERTIFIED.format(base=base))
        home.ok("config", "create", "rig", "rig-certified", "the-id", "-", stdin="the-secret")
        pair = lambda cert, key: f"cert=@{self.folder / cert}\nkey=@{self.folder / key}\n"
        said = home.run("connect", "rig", "jane", stdin=pair("client.pem", "client.key"))
        self.assertEqual(said.returncode, 0, said)
        self.assertEqual(json.loads(home.ok("request", "rig", "jane", "GET", "/me")), {"client": "client", "shown": "Bearer token-1"})
        self.assertEqual(home.token("rig/jane", "--refresh"), "token-1")
        said = home.run("-vvv", "connect", "rig", "other", stdin=pair("client.pem", "other.key"))
        self.assertEqual(said.returncode, 2, said)
        self.assertIn("the client certificate and its key cannot be used", said.stderr)
        said = home.run("-vvv", "connect", "rig", "other", stdin=f"cert=@{self.folder / 'client.pem'}\nkey=canary\n")
        self.assertEqual(said.returncode, 2, said)
        self.assertNotIn("canary", said.stderr)

    def test_without_the_authoritys_certificate_nobody_is_let_in(self):
        home = self.home(SSL_CERT_FILE=str(self.folder / "ca.pem"))
        base = f"https://localhost:{self.server.server_port}"
        (home.path / "hallpass/providers/rig-certified.toml").write_text(CERTIFIED.format(base=base))
        home.ok("config", "create", "rig", "rig-certified", "the-id", "-", stdin="the-secret")
        run = lambda *words: subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)
        run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "own.key", "-out", "own.pem", "-days", "2", "-subj", "/CN=own")
        said = home.run("connect", "rig", "jane", stdin=f"cert=@{self.folder / 'own.pem'}\nkey=@{self.folder / 'own.key'}\n")
        self.assertEqual(said.returncode, 6, said)
        self.assertIn("localhost", said.stderr)


class Signed(RealTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        subprocess.run([RIG / "oauth1" / "start.sh"], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "PORT": "9820", "RIG_STATE": str(STATE)})

    @classmethod
    def tearDownClass(cls):
        os.kill(int((STATE / "oauth1.9820.pid").read_text()), 9)
        wait_until(lambda: not is_open(9820), "the OAuth 1.0a provider has stopped")
        super().tearDownClass()

    def connected(self, method, consumer, secret):
        home = self.home()
        (home.path / "hallpass/providers/rig-signed.toml").write_text(SIGNED.format(base=OAUTH1, method=method))
        home.ok("config", "create", "signed", "rig-signed", consumer, "-", stdin=secret)
        said = self.connect(home, "signed/jane")
        self.assertEqual(said.returncode, 0, said)
        return home

    def test_each_method_authorizes_and_signs_requests_also_with_reserved_characters(self):
        for method in ("HMAC-SHA1", "PLAINTEXT"):
            for consumer, secret in [("consumer-key", "consumer-secret"), ("odd key/+&", "s e/c+r&t%é")]:
                home = self.connected(method, consumer, secret)
                said = home.run("request", "signed", "jane", "GET", "/api/me?a=b%20c&d=%26%2B&e=%7E~!%2A")
                self.assertEqual(said.returncode, 0, f"{method} {consumer}: {said}")
                answer = json.loads(said.stdout)
                self.assertEqual((answer["user"], answer["token"]), ("alice", home.token("signed/jane")))
                shown = json.loads(home.ok("token", "get", "signed", "--format", "json"))
                self.assertEqual((shown["type"], shown["oauth_token"]), ("OAUTH1", answer["token"]))

    def test_a_token_that_is_there_already_signs_requests_without_a_flow(self):
        home = self.connected("HMAC-SHA1", "consumer-key", "consumer-secret")
        pair = json.loads(home.ok("token", "get", "signed", "--format", "json"))
        own = SIGNED.format(base=OAUTH1, method="HMAC-SHA1").split("[oauth1]")[0]
        own += f'[oauth1_token]\nrealm = "here & there"\n[api]\nbase_url = "{OAUTH1}"\nverify = "GET /api/me"\n'
        (home.path / "hallpass/providers/rig-token.toml").write_text(own)
        home.ok("config", "create", "own", "rig-token", "consumer-key", "-", stdin="consumer-secret")
        fields = f"token={pair['oauth_token']}\ntoken_secret={pair['oauth_token_secret']}\n"
        home.ok("connect", "own", "jane", stdin=fields)
        answer = json.loads(home.ok("request", "own", "jane", "GET", "/api/me?a=b%20c"))
        self.assertEqual((answer["user"], answer["token"]), ("alice", pair["oauth_token"]))
        said = home.run("connect", "own", "other", stdin=f"token={pair['oauth_token']}\ntoken_secret=wrong\n")
        self.assertEqual(said.returncode, 5, said)

    def test_a_denial_and_a_wrong_secret_are_told(self):
        home = self.home()
        (home.path / "hallpass/providers/rig-signed.toml").write_text(SIGNED.format(base=OAUTH1, method="HMAC-SHA1"))
        home.ok("config", "create", "signed", "rig-signed", "consumer-key", "-", stdin="wrong")
        said = self.connect(home, "signed/jane")
        self.assertEqual(said.returncode, 5, said)
        home.ok("config", "edit", "signed", "--client-secret", "-", stdin="consumer-secret")
        child = home.start("--json", "connect", "--no-browser", "signed", "jane")
        url = json.loads(child.stdout.readline())["url"]
        with urllib.request.urlopen(urllib.request.Request(url, data=b"do=deny")) as answer:
            answer.read()
        out, _ = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 5, out)
        self.assertIn("denied", json.loads(out.splitlines()[-1])["message"])


class OverSsh(RealTest):
    def test_a_script_is_not_asked_and_gets_the_browsers_address(self):
        home = self.home(SSH_CONNECTION="10.0.0.1 22 10.0.0.2 22")
        home.ok("config", "create", "rig", "--issuer", ISSUER, "rig-basic", "-", "openid,read", stdin="rig-basic-secret")
        child = home.start("--json", "connect", "rig", "jane")
        event = json.loads(child.stdout.readline())
        follow(event["url"])
        out, err = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 0, f"{out} {err}")
