"""Requests that are signed with a login, found good by other people's programs: botocore (AWS Signature Version 4),
Duo's own client, and http-message-signatures (RFC 9421)."""

import base64
import datetime
import hashlib
import http.server
import re
import threading
import urllib.parse

import botocore.auth
import botocore.loaders
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from duo_client import client as duo
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms

import unittest
from support import HERE, Home

ID, SECRET = "AKIDEXAMPLE", "secret/key+canary"

PROVIDER = """name = "Signs"
[basic]
[credentials.username]
label = "Key id"
[credentials.password]
label = "Key"
secret = true
pem = true
[credentials.session_token]
label = "Session token"
secret = true
optional = true
[api]
base_url = "BASE"
headers = {{ x-amz-security-token = "{{credential.session_token}}", x-more = "more" }}
verify = "GET /verify"
[api.signature]
scheme = {}
"""

# Paths and queries as somebody types them.
ADDRESSES = [
    "/",
    "/a%20b/c:d/(e)/~f/%E1%88%B4",
    "/a//b/",  # Of two at the beginning Python shows one.
    "/x?b=2&a=1&a=0",
    "/x?q=a%20b+c%2B*'()!&empty=&bare&%C3%A9=~",
]
BODIES = [
    ("POST", "application/json", '{"a": "é"}'),
    ("PUT", "application/x-www-form-urlencoded", "b=x y&a=1+2&c=%26~*"),
    ("DELETE", None, None),
]


class Keeper(http.server.BaseHTTPRequestHandler):
    """Answers each request well if `judge` finds it good."""

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            why = self.server.judge(self, body)
        except Exception as error:  # What the judge throws is why it is no good.
            why = repr(error)
        if why:
            self.server.faults.append(f"{self.command} {self.path}: {why}")
        self.server.count += 1
        self.send_response(401 if why else 200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


class Signatures(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keeper)
        self.server.faults, self.server.count = [], 0
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.base = f"http://127.0.0.1:{self.server.server_port}"

    def each(self, scheme, judge, key=SECRET, bodies=BODIES, more=""):
        """Connects, and sends every kind of request there is."""
        self.server.judge = judge
        home = Home()
        self.addCleanup(home.remove)
        (home.path / "hallpass/providers/signs.toml").write_text(PROVIDER.format(scheme).replace("BASE", self.base))
        home.ok("config", "create", "signs", "signs")
        if "\n" in key:
            (home.path / "key.pem").write_text(key)
            key = f"@{home.path / 'key.pem'}"
        said = home.run("connect", "signs", "jane", stdin=f"username={ID}\npassword={key}\n{more}")
        self.assertEqual((said.returncode, self.server.faults), (0, []), said)
        for address in ADDRESSES:
            said = home.run("request", "signs", "jane", "GET", address)
            self.assertEqual((said.returncode, self.server.faults), (0, []), said)
        for method, kind, body in bodies:
            words = ["--header", f"content-type: {kind}", "--data", "@-"] if kind else []
            said = home.run("request", "signs", "jane", method, "/x?y=z", *words, stdin=body or "")
            self.assertEqual((said.returncode, self.server.faults), (0, []), said)
        self.assertEqual(self.server.count, 1 + len(ADDRESSES) + len(bodies))
        return home

    def aws(self, signer, service, token=None):
        def judge(request, body):
            shown = request.headers["authorization"]
            parts = dict(part.split("=", 1) for part in shown.split(" ", 1)[1].split(", "))
            names = parts["SignedHeaders"].split(";")
            wanted = {"host"} | {name for name in map(str.lower, request.headers) if name == "content-type" or name.startswith("x-amz-")}
            if set(names) != wanted:
                return f"{names} are signed, and not {wanted}"
            kept = {name: request.headers[name] for name in names}
            for made in ("host", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"):
                kept.pop(made, None)
            moment = datetime.datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
            if abs(datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) - moment).total_seconds() > 60:
                return f"it is of {moment}"
            botocore.auth.get_current_datetime = lambda *_, **__: moment
            again = AWSRequest(request.command, self.base + request.path, headers=kept, data=body)
            signer(Credentials(ID, SECRET, token), service, "eu-west-1").add_auth(again)
            return again.headers["Authorization"] != shown and f"{shown} is not {again.headers['Authorization']}"
        return judge

    def test_services_are_called_as_botocores_models_say(self):
        source = (HERE.parents[1] / "src/model/provider/aws_names.rs").read_text()
        ours = dict(re.findall(r'\("([^"]+)", "([^"]+)"\)', source))
        theirs, loader = {}, botocore.loaders.Loader()
        for service in loader.list_available_services("service-2"):
            metadata = loader.load_service_model(service, "service-2")["metadata"]
            endpoint = metadata["endpointPrefix"]
            name = metadata.get("signingName", endpoint)
            # Else the last label is the name.
            if endpoint.split(".")[-1] != name:
                theirs[endpoint] = name
        self.assertEqual(ours, theirs)

    def test_botocore_signs_every_request_in_the_same_way(self):
        scheme = '"aws-sigv4"\nregion = "eu-west-1"\nservice = '
        self.each(f'{scheme}"acme"', self.aws(botocore.auth.SigV4Auth, "acme"))

    def test_botocore_signs_the_token_of_temporary_credentials_along(self):
        scheme = '"aws-sigv4"\nregion = "eu-west-1"\nservice = '
        judge = self.aws(botocore.auth.SigV4Auth, "acme", token="TOKEN+/==")
        self.each(f'{scheme}"acme"', judge, more="session_token=TOKEN+/==\n")

    def test_botocore_signs_for_s3_in_the_same_way(self):
        scheme = '"aws-sigv4"\nregion = "eu-west-1"\nservice = '
        self.each(f'{scheme}"s3"', self.aws(botocore.auth.S3SigV4Auth, "s3"))

    def test_duos_own_client_signs_every_request_in_the_same_way(self):
        def judge(request, body):
            address = urllib.parse.urlsplit(request.path)
            parameters = urllib.parse.parse_qs(address.query, keep_blank_values=True)
            is_form = request.headers.get("content-type") == "application/x-www-form-urlencoded"
            if is_form:
                for name, values in urllib.parse.parse_qs(body.decode(), keep_blank_values=True).items():
                    parameters.setdefault(name, []).extend(values)
            version, text = (2, None) if is_form else (5, body.decode())
            again = duo.sign(ID, SECRET, request.command, request.headers["host"], address.path, request.headers["date"], version, parameters, text)
            return again != request.headers["authorization"] and "the signature is another"
        self.each('"duo"', judge)

    def message(self, algorithm, name, private, public):
        class Resolver(HTTPSignatureKeyResolver):
            def resolve_public_key(self, key_id):
                assert key_id == ID, key_id
                return public

        def judge(request, body):
            message = type("Message", (), {"method": request.command, "url": self.base + request.path, "headers": request.headers})
            verifier = HTTPMessageVerifier(signature_algorithm=algorithm, key_resolver=Resolver())
            verifier.allow_label_only_selection = True
            found = verifier.verify(message, expect_label="sig")
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            covered = str(found[0].covered_components)
            missing = [part for part in ("@method", "@target-uri", "content-digest", "x-more") if part not in covered]
            if missing:
                return f"{missing} are not covered"
            return request.headers["content-digest"] != f"sha-256=:{digest}:" and "the digest is another"

        components = '["@method", "@target-uri", "@authority", "@scheme", "@path", "@query", "content-digest", "x-more"]'
        self.each(f'"http-message-signatures"\nalgorithm = "{name}"\nlifetime = 60\ncomponents = {components}', judge, key=private)

    def test_rfc_9421_is_verified_with_every_algorithm(self):
        pem = lambda key: key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        for algorithm, name, key in [
            (algorithms.ED25519, "ed25519", ed25519.Ed25519PrivateKey.generate()),
            (algorithms.ECDSA_P256_SHA256, "ecdsa-p256-sha256", ec.generate_private_key(ec.SECP256R1())),
            (algorithms.RSA_V1_5_SHA256, "rsa-v1_5-sha256", rsa.generate_private_key(65537, 2048)),
        ]:
            with self.subTest(name):
                self.server.count = 0
                self.message(algorithm, name, pem(key), key.public_key())
        self.server.count = 0
        self.message(algorithms.HMAC_SHA256, "hmac-sha256", SECRET, SECRET.encode())


if __name__ == "__main__":
    unittest.main()
