"""Nango's published SDKs, unchanged, against `hallpass serve` with the OpenID Provider behind it: the back end's in
Node, the front end's in a real Chromium with real popups."""

import json
import os
import subprocess

from support import HERE, STATE, RealTest, Server

NODE = ["0.9.0", "0.21.16", "0.36.101", "latest"]
FRONTEND = ["0.8.0", "0.9.0", "0.21.17", "0.36.12", "latest"]


class Served(RealTest):
    OIDC = {"AUTO": 0}
    KEY = None

    def setUp(self):
        self.home_ = self.home()
        self.home_.configure(key="rig")
        self.server = Server(self.home_, **({"NANGO_SECRET_KEY": self.KEY} if self.KEY else {}))
        self.addCleanup(self.server.stop)
        self.host, self.ask, self.is_up = self.server.host, self.server.ask, self.server.is_up

    def script(self, name, *arguments):
        said = subprocess.run(["node", HERE / "sdk" / name, *arguments], capture_output=True, text=True, timeout=120,
                              env={**os.environ, "RIG_STATE": str(STATE)})
        self.assertEqual(said.returncode, 0, said.stderr)
        return json.loads(said.stdout)


class Frontend(Served):
    def auth(self, version, config="rig", connection="jane", what="allow", options="{}"):
        answer = self.script("frontend.mjs", version, self.host, config, connection, what, options)
        self.assertNotIn("error", answer, answer)
        self.assertEqual(answer.get("blocked", []), [], "the pages' own policy lets their own script run")
        return answer

    def test_success_is_told_and_the_popup_closes_itself(self):
        for number, version in enumerate(FRONTEND):
            with self.subTest(version):
                answer = self.auth(version, connection=f"user{number}")
                expected = {"providerConfigKey": "rig", "connectionId": f"user{number}"}
                told = answer["told"]
                self.assertEqual(told["how"], "resolved", answer)
                self.assertEqual({name: told["value"][name] for name in expected}, expected)
                self.assertTrue(answer["closed"], answer)
                token = self.ask(f"/connection/user{number}?provider_config_key=rig")["credentials"]["access_token"]
                self.assertEqual(self.oidc.accepts(token), "alice")

    def test_a_denial_is_told_in_the_providers_words(self):
        for version in FRONTEND:
            with self.subTest(version):
                answer = self.auth(version, what="deny")
                told = answer["told"]
                self.assertEqual(told["how"], "rejected", answer)
                self.assertIn("access_denied", json.dumps(told["value"]))
                if version != "latest":
                    # Today's SDK closes the popup itself, whatever happened.
                    self.assertFalse(answer["closed"], answer)
                    self.assertIn("access_denied", answer["popup"]["text"])
                self.assertEqual(self.ask("/connection")["connections"], [])

    def test_an_unknown_config_is_named(self):
        for version in FRONTEND:
            with self.subTest(version):
                answer = self.auth(version, config="nope")
                self.assertEqual(answer["told"]["how"], "rejected", answer)
                self.assertIn('Could not find a Provider Config matching the \\"nope\\" key', json.dumps(answer["told"]))
                self.assertTrue(self.is_up())

    def test_a_missing_id_is_told(self):
        for version in FRONTEND:
            with self.subTest(version):
                answer = self.auth(version, connection="")
                told = answer["told"]
                self.assertIn(told["how"], ("rejected", "thrown"), answer)
                self.assertIn("onnection", json.dumps(told["value"]))
                self.assertTrue(self.is_up())

    def test_a_popup_that_is_closed_ends_nothing_but_its_own_flow(self):
        for number, version in enumerate(FRONTEND):
            with self.subTest(version):
                answer = self.auth(version, connection=f"closed{number}", what="close", options="{detectClosedAuthWindow: true}")
                if version in ("0.8.0", "latest"):
                    self.assertEqual(answer["told"]["how"], "rejected", answer)
                self.assertTrue(self.is_up())
                again = self.auth(version, connection=f"closed{number}")
                self.assertEqual(again["told"]["how"], "resolved", again)

    def test_a_page_that_is_reloaded_half_way_gets_its_connection_all_the_same(self):
        for number, version in enumerate(FRONTEND):
            with self.subTest(version):
                answer = self.auth(version, connection=f"reloaded{number}", what="reload")
                self.assertTrue(answer["closed"] or "is authorized" in answer["popup"]["text"], answer)
                rows = [row["connection_id"] for row in self.ask("/connection")["connections"]]
                self.assertIn(f"reloaded{number}", rows)
                self.assertTrue(self.is_up())

    def test_a_connection_that_exists_is_replaced_when_the_person_agrees(self):
        for number, version in enumerate(("0.9.0", "latest")):
            with self.subTest(version):
                id = f"twice{number}"
                self.auth(version, connection=id)
                before = self.ask(f"/connection/{id}?provider_config_key=rig")
                self.assertEqual(self.auth(version, connection=id)["told"]["how"], "resolved")
                after = self.ask(f"/connection/{id}?provider_config_key=rig")
                self.assertEqual((before["id"], before["created_at"]), (after["id"], after["created_at"]))
                self.assertNotEqual(before["credentials"]["access_token"], after["credentials"]["access_token"])

    def test_an_id_full_of_odd_characters_comes_through(self):
        for version, id in (("0.9.0", "a b+c@d.e"), ("latest", "jane.doe@example.com")):
            with self.subTest(version):
                self.assertEqual(self.auth(version, connection=id)["told"]["value"]["connectionId"], id)
                self.assertIn(id, [row["connection_id"] for row in self.ask("/connection")["connections"]])


class Node(Served):
    def check(self, version, key):
        said = self.script("node.mjs", version, self.host, key, "rig", "jane")
        token = said["token"]["value"]
        self.assertEqual(self.oidc.accepts(token), "alice", said)
        self.assertEqual(said["connection"]["value"]["credentials"]["access_token"], token)
        self.assertEqual([row["connection_id"] for row in said["list"]["value"]["connections"]], ["jane"])
        unknown = said["unknown"]
        if version == "latest":
            self.assertEqual((unknown["status"], unknown["data"]["error"]["code"]), (404, "not_found"))
        else:
            self.assertEqual(unknown["status"], 400)
            self.assertIsInstance(unknown["data"]["error"], str)
        if "raw" in said:
            self.assertEqual(said["raw"]["value"]["access_token"], token)
        if "proxy" in said:
            self.assertEqual(said["proxy"]["value"]["sub"], "alice", said["proxy"])
        if "integrations" in said:
            self.assertEqual([row["unique_key"] for row in said["integrations"]["value"]["configs"]], ["rig"])
        if "integration" in said:
            self.assertIn("rig", json.dumps(said["integration"]["value"]), said["integration"])
        if "providers" in said:
            self.assertIn("github", [row["name"] for row in said["providers"]["value"]["data"]])
        if "session" in said:
            self.assertTrue(said["session"]["value"]["data"]["token"].startswith("nango_connect_session_"))
        if "deleted" in said:
            self.assertEqual(said["deleted"]["value"], 200)
            self.assertEqual(self.ask("/connection")["connections"], [])


class NodeWithoutKey(Node):
    OIDC = {}

    def test_every_generation_gets_tokens(self):
        for version in NODE:
            with self.subTest(version):
                self.assertEqual(self.connect(self.home_, "rig/jane").returncode, 0)
                # The later ones want one, whatever it is.
                self.check(version, "" if version in ("0.9.0", "0.21.16") else "any")


class NodeWithKey(Node):
    OIDC = {}
    KEY = "a-key-of-ours"

    def test_every_generation_shows_the_key_in_its_own_way(self):
        for version in NODE:
            with self.subTest(version):
                self.assertEqual(self.connect(self.home_, "rig/jane").returncode, 0)
                self.check(version, self.KEY)

    def test_a_wrong_key_gets_nothing(self):
        self.assertEqual(self.connect(self.home_, "rig/jane").returncode, 0)
        for version in NODE:
            with self.subTest(version):
                said = self.script("node.mjs", version, self.host, "wrong", "rig", "jane")
                self.assertEqual((said["token"]["status"], said["list"]["status"]), (401, 401))
