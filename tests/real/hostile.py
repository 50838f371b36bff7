"""A hostile machine: homes that cannot be written, full and slow disks, clocks, networks, proxies."""

import contextlib
import http.server
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import urllib.request

from support import HALLPASS, ISSUER, RealTest, follow

NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


def findings(home, *wrap, **environment):
    said = subprocess.run([*wrap, HALLPASS, "--json", "doctor"], capture_output=True, text=True, timeout=60, env={**home.environment, **environment})
    return {finding["what"]: finding for finding in json.loads(said.stdout)}


class Homes(RealTest):
    def connected(self, **options):
        home = self.home(**options)
        home.configure()
        self.assertEqual(self.connect(home).returncode, 0)
        return home

    def mounted(self, home, options, size="64m"):
        """Puts the home onto a file system of its own."""
        keep = pathlib.Path(tempfile.mkdtemp(prefix="hallpass-keep."))
        folder = home.path / "hallpass"
        shutil.copytree(folder, keep / "hallpass")
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", folder], check=True)
        self.addCleanup(shutil.rmtree, keep)
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)
        shutil.copytree(keep / "hallpass", folder, dirs_exist_ok=True)
        if options:
            subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)

    def test_a_home_that_cannot_be_written_hands_out_what_is_still_valid(self):
        home = self.connected()
        token = home.token()
        self.mounted(home, "ro")
        self.assertEqual(home.token(), token)
        self.assertIn("rig", home.ok("connection", "list"))
        before = self.oidc.grants()
        said = home.run("token", "get", "rig", "jane", "--refresh")
        self.assertEqual(said.returncode, 7, said)
        self.assertEqual(self.oidc.grants(), before, "the refresh token was not spent")
        disk = findings(home)["disk"]
        self.assertEqual(disk["status"], "error")
        self.assertIn("cannot be written", disk["found"])

    def test_a_full_disk_spends_no_refresh_token_and_is_named(self):
        home = self.connected()
        self.mounted(home, "", size="4m")
        token = home.token()
        with contextlib.suppress(OSError), open(home.path / "hallpass" / "filler", "wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)
        before = self.oidc.grants()
        said = home.run("token", "get", "rig", "jane", "--refresh")
        self.assertEqual(said.returncode, 7, said)
        self.assertEqual(self.oidc.grants(), before, "the refresh token was not spent")
        self.assertIn("is full", findings(home)["disk"]["found"])
        self.assertEqual(home.token(), token, "what is valid is handed out")
        (home.path / "hallpass" / "filler").unlink()
        self.assertNotEqual(home.token("rig/jane", "--refresh"), token)

    def test_a_slow_disk_is_named(self):
        home = self.connected()
        slow = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:delay_exit=400000"]
        disk = findings(home, *slow)["disk"]
        self.assertEqual(disk["status"], "warning")
        self.assertRegex(disk["found"], "a small write takes [0-9]+ ms")

    def test_files_that_somebody_opened_are_closed_and_named(self):
        home = self.connected()
        store = home.path / "hallpass" / "hallpass.db"
        store.chmod(0o644)
        self.assertIn("hallpass.db", findings(home)["files"]["found"])
        self.assertEqual(store.stat().st_mode & 0o777, 0o600)
        self.assertNotIn("files", findings(home))

    def test_a_symbolic_link_in_the_place_of_a_file_is_refused_and_named(self):
        home = self.connected()
        store = home.path / "hallpass" / "hallpass.db"
        moved = home.path / "elsewhere.db"
        store.rename(moved)
        store.symlink_to(moved)
        self.assertEqual(home.run("connection", "list").returncode, 7)
        self.assertIn("symbolic link", findings(home)["files"]["found"])

    def test_an_open_umask_opens_nothing_of_ours_and_is_named(self):
        home = self.home()
        shell = lambda *command: subprocess.run(["sh", "-c", 'umask 000; exec "$@"', "sh", *command], env=home.environment, input="s", text=True, capture_output=True)
        said = shell(HALLPASS, "config", "create", "rig", "rig-none", "rig-public", "-")
        self.assertEqual(said.returncode, 0, said)
        for path in (home.path / "hallpass").rglob("*"):
            if "providers" not in path.parts:
                self.assertEqual(path.stat().st_mode & 0o077, 0, path)
        self.assertIn("umask", findings(home, "sh", "-c", 'umask 000; exec "$@"', "sh"))

    def test_a_folder_that_others_may_write_into_is_refused_and_named(self):
        home = self.connected()
        (home.path / "hallpass").chmod(0o777)
        self.assertEqual(home.run("connection", "list").returncode, 7)
        self.assertIn("may write into", findings(home)["folder"]["found"])

    def test_the_memory_of_a_release_build_is_closed_to_others_of_the_same_user(self):
        home = self.home()
        home.path.chmod(0o755)
        for path in (home.path / "hallpass").rglob("*"):
            os.chown(path, 65534, 65534)
        os.chown(home.path / "hallpass", 65534, 65534)
        child = subprocess.Popen([*NOBODY, HALLPASS, "sandbox", "--port", "0", "--json"], env=home.environment, stdout=subprocess.PIPE)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        child.stdout.readline()
        read = subprocess.run([*NOBODY, "head", "-c1", f"/proc/{child.pid}/environ"], capture_output=True)
        self.assertNotEqual(read.returncode, 0, "another program of the same user reads its environment")


class Clock(RealTest):
    def test_a_clock_set_back_or_forward_by_a_day_kills_nothing(self):
        home = self.home()
        home.configure()
        self.assertEqual(self.connect(home).returncode, 0)
        with self.time_that_is_off(home, "+1 day"):
            self.assertIsNotNone(self.oidc.accepts(home.token()), "it has ended by that clock, and is refreshed")
        said = findings(home)["clock"]
        self.assertIn("before the last activity", said["found"])
        self.assertIsNotNone(self.oidc.accepts(home.token()), "and back again")
        with self.time_that_is_off(home, "-1 day"):
            self.assertIsNotNone(self.oidc.accepts(home.token()))
        self.assertIsNotNone(self.oidc.accepts(home.token("rig/jane", "--refresh")))

    @contextlib.contextmanager
    def time_that_is_off(self, home, by):
        library = f"/usr/lib/{os.uname().machine}-linux-gnu/faketime/libfaketime.so.1"
        home.environment.update(LD_PRELOAD=library, FAKETIME=by.replace(" ", "").replace("day", "d"), FAKETIME_DONT_FAKE_MONOTONIC="1")
        try:
            yield
        finally:
            for name in ("LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC"):
                home.environment.pop(name)


class Network(RealTest):
    def test_a_network_that_is_gone_and_comes_back(self):
        home = self.home()
        home.configure()
        self.assertEqual(self.connect(home).returncode, 0)
        provider = home.path / "hallpass" / "providers" / "rig-client-secret-basic.toml"
        whole = provider.read_text()
        # A name that no resolver knows: there is none in this network.
        provider.write_text(whole.replace(f'token_endpoint = "{ISSUER}/token"', 'token_endpoint = "https://as.example/token"'))
        said = home.run("token", "get", "rig", "jane", "--refresh")
        self.assertEqual(said.returncode, 6, said)
        self.assertIn("cannot reach as.example", said.stderr)
        provider.write_text(whole)
        self.assertIsNotNone(self.oidc.accepts(home.token("rig/jane", "--refresh")), "nothing was marked dead")

    def test_a_proxy_is_gone_through_unless_no_proxy_says_otherwise_and_a_private_authority_is_believed(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="hallpass-tls."))
        self.addCleanup(shutil.rmtree, folder)
        authority(folder)
        port = tls(self, folder)
        proxy = Proxy(self)
        home = self.home()
        provider = home.path / "hallpass" / "providers" / "rig-client-secret-basic.toml"
        provider.write_text(provider.read_text().replace(f'token_endpoint = "{ISSUER}/token"', f'token_endpoint = "https://as.test:{port}/token"'))
        home.configure()
        outside = dict(HTTPS_PROXY=f"http://127.0.0.1:{proxy.port}", SSL_CERT_FILE=str(folder / "ca.pem"))
        child = home.start("--json", "connect", "--no-browser", "rig/jane", **outside)
        follow(json.loads(child.stdout.readline())["url"])
        out, err = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 0, (out, err))
        self.assertEqual(proxy.asked, [f"as.test:{port}"])
        self.assertIsNotNone(self.oidc.accepts(home.ok("token", "get", "rig", "jane", "--refresh", **outside).strip()))
        # Without the authority it is not believed, and with NO_PROXY not gone through.
        said = home.run("token", "get", "rig", "jane", "--refresh", HTTPS_PROXY=outside["HTTPS_PROXY"])
        self.assertEqual(said.returncode, 6, said)
        self.assertIn("certificate", said.stderr.lower())
        count = len(proxy.asked)
        self.assertEqual(home.run("token", "get", "rig", "jane", "--refresh", NO_PROXY="as.test", **outside).returncode, 6)
        self.assertEqual(len(proxy.asked), count)
        self.assertIn("ca.pem", findings(home, **outside)["certificates"]["found"])
        missing = findings(home, SSL_CERT_FILE="/nowhere/ca.pem", HTTPS_PROXY="http://")
        self.assertEqual((missing["certificates"]["status"], missing["proxy"]["status"]), ("error", "error"))


def authority(folder):
    run = lambda *words: subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
        "-days", "30", "-subj", "/CN=Private CA", "-addext", "basicConstraints=critical,CA:TRUE")
    run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "as.key", "-out", "as.csr", "-subj", "/CN=as.test")
    (folder / "ext").write_text("subjectAltName=DNS:as.test\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
    run("x509", "-req", "-in", "as.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "as.pem", "-days", "30", "-extfile", "ext")


def tls(test, folder):
    """The provider, behind TLS."""

    class Forward(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name: value for name, value in self.headers.items() if name.lower() in ("authorization", "content-type", "accept")}
            with urllib.request.urlopen(urllib.request.Request(ISSUER + self.path, body, headers)) as answer:
                said = answer.read()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forward)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "as.pem", folder / "as.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    test.addCleanup(server.server_close)
    test.addCleanup(server.shutdown)
    return server.server_port


class Proxy:
    """A proxy that knows where as.test is."""

    def __init__(self, test):
        self.asked = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        test.addCleanup(self.listener.close)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.tunnel, args=(client,), daemon=True).start()

    def tunnel(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        target = head.split()[1].decode()
        self.asked.append(target)
        with client, socket.create_connection(("127.0.0.1", int(target.rsplit(":", 1)[1]))) as server:
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=pump, args=(server, client), daemon=True)
            back.start()
            pump(client, server)
            back.join()


def pump(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
