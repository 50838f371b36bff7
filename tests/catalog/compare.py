#!/usr/bin/env python3
"""Compares the providers that take a key or a login, or trade it for a token, with facts gathered elsewhere:

    tests/catalog/compare.py FACTS.json

Every base URL, header, parameter and proving call of the facts stands in the file, and so do the calls for a token and the
claims of a JWT, or below with the reason why not. OAuth has its own: `expect.py`, and the flows that are played."""

import json
import pathlib
import re
import sys
import tomllib

PROVIDERS = pathlib.Path(__file__).parents[2] / "providers"
MODES = {"api_key", "basic"}
# A token is had with what is entered.
EXCHANGED = {"token_exchange", "session_login", "signed_jwt", "app_installation"}

# What the facts have and the files do not, by field: why.
SIGNED = {"headers": "the signature makes them: tests/real/signatures.py"}
DECIDED = {
    "aws-iam": SIGNED, "aws-inspector2": SIGNED, "aws-multi-service": SIGNED, "cisco-duo-admin": SIGNED, "streamline-ai": SIGNED,
    "acumatica": {"base": "an installation has a path", "endpoint": "an installation has a path"},
    "apple-app-store": {"claims": "a token for single requests alone is not what is kept"},
    "apple-business-manager": {"endpoint": "what its clients in use ask"},
    "connectsecure": {"headers": "they stand in the call for a token, which the other calls show"},
    "mip-on-premise": {"base": "a server of one's own has an address of its own", "endpoint": "it has a port and a path"},
    "nable-ncentral": {"verify": "the call for a token proves what was entered"},
    "netsuite-client-credentials": {"algorithm": "Oracle lists PS256 and ES256, not RS256"},
    "passportal": {"verify": "the call for a token proves what was entered"},
    "perimeter81": {"base": "each region has a host of its own"},
    "salesforce-cdp": {"base": "the answer has a host without its scheme"},
    "sap-business-one": {"base": "a server has a port and a path", "endpoint": "a server has a port and a path", "headers": "one cookie is enough"},
    "semble": {"params": "what is entered stands in GraphQL's variables, not in its text"},
    "veeva-vault-oauth": {"endpoint": "the address is asked for whole", "params": "Vault wants the whole host"},
    "anthropic": {"headers": "one version is good for all", "verify": "one model is enough"},
    "azure-devops": {"base": "the organization is a part of the path of dev.azure.com"},
    "datadog": {"verify": "it proves both keys"},
    "datacandy": {"verify": "its parameters stand under `query`"},
    "freshdesk": {"verify": "it tells who the agent is"},
    "jazzhr": {"verify": "its parameter stands under `query`"},
    "klaviyo": {"headers": "the revision of the older date is not supported any more"},
    "mailgun": {"verify": "one domain is enough"},
    "personio-recruiting": {"verify": "it is another host's, which knows no key"},
    "quickbase": {"query": "the header alone shows the key"},
    "readwise-reader": {"verify": "it is the address of the older API, under another base"},
    "supabase-mcp": {"variables": "nothing of what is sent names it"},
    "zendesk-api-key": {"headers": "the e-mail address is typed with the `/token` behind it"},
    "unipile": {"base": "host and port are given together, as the DSN"},
    "twilio": {"verify": "it proves the login without reading messages"},
}
# Headers that are a request's own: what it sends, and what it takes.
OF_A_REQUEST = {"content-type", "accept", "user-agent"}


def plain(text):
    """A template with its credentials and variables as one sign, however they are called."""
    return re.sub(r"\{[^{}]+\}", "{}", text or "").rstrip("/")


def problems(fact, file):
    name, decided = fact["id"], DECIDED.get(fact["id"], {})
    api = file.get("api", {})
    bases = api.get("base_url", "")
    bases = {plain(base) for base in (bases if isinstance(bases, list) else [bases])}
    for field in ("api_base_url", "api_base_url_fallback"):
        if fact.get(field) and plain(fact[field]) not in bases and "base" not in decided:
            yield f"{name}: {field} {fact[field]} is not among {sorted(bases)}"
    headers = dict(api.get("headers", {}))
    # The usual one stands where nothing else shows a key or a login.
    shown = [*headers.values(), *api.get("query", {}).values()]
    if "authorization" not in headers and not any("{token}" in value or "{credential." in value for value in shown):
        headers["authorization"] = "Basic {basic}" if fact["auth_mode"] == "basic" else "Bearer {token}"
    encoded = {f"{{encoded.{key}}}": "${base64(" + text + ")}" for key, text in file.get("encoded", {}).items()}
    for header, value in headers.items():
        for placeholder, text in encoded.items():
            headers[header] = headers[header].replace(placeholder, text)
    automated = {variable["name"] for variable in fact.get("connection_variables", []) if variable.get("automated")}
    for header, value in (fact.get("api_headers") or {}).items():
        header = header.lower()
        is_own = header in OF_A_REQUEST or any("{" + variable + "}" in value for variable in automated)
        if not is_own and plain(headers.get(header)) != plain(value) and "headers" not in decided:
            yield f"{name}: the header {header} is {headers.get(header)!r}, and {value!r} in the facts"
    asks = fact["auth_mode"] == "basic" and "authorization" not in (fact.get("api_headers") or {}) and not fact.get("api_query")
    if asks and "headers" not in decided and not headers.get("authorization", "").startswith("Basic"):
        yield f"{name}: the login is shown in {headers!r} alone"
    for parameter, value in (fact.get("api_query") or {}).items():
        if plain(api.get("query", {}).get(parameter)) != plain(value) and "query" not in decided:
            yield f"{name}: the parameter {parameter} is {api.get('query', {}).get(parameter)!r}, and {value!r} in the facts"
    call = fact.get("verification") or {}
    if call.get("method") == "GET" and call.get("paths") and "verify" not in decided:
        wanted = plain(f"GET {call['paths'][0]}")
        if plain(api.get("verify")) != wanted:
            yield f"{name}: the proving call is {api.get('verify')!r}, and {wanted!r} in the facts"


def read(path):
    """A file with what it extends under it."""
    file = tomllib.loads(path.read_text())
    if "extends" not in file:
        return file

    def merged(under, over):
        both = dict(under)
        for key, value in over.items():
            both[key] = merged(both[key], value) if isinstance(value, dict) and isinstance(both.get(key), dict) else value
        return both

    return merged(read(PROVIDERS / f"{file['extends']}.toml"), file)


def flat(params, before=""):
    """Nested parameters by their dotted names."""
    for name, value in params.items():
        if isinstance(value, dict):
            yield from flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def exchange_problems(fact, file):
    """What the calls for a token, or the claims of a JWT, have otherwise."""
    name, decided = fact["id"], DECIDED.get(fact["id"], {})
    table = file.get("token_exchange", {})
    calls = table.get("calls", [])
    endpoints = [each for call in calls for each in (call["endpoint"] if isinstance(call["endpoint"], list) else [call["endpoint"]])]
    endpoints = {plain(endpoint) for endpoint in endpoints}
    steps = [fact, *fact.get("additional_steps", [])]
    for index, step in enumerate(steps):
        # One for one, where they are as many.
        sent = [calls[index]] if len(calls) == len(steps) else calls
        url, _, query = (step.get("token_url") or "").partition("?")
        # What an earlier call answered stands at the beginning of the next.
        if url and plain(url) not in endpoints and "endpoint" not in decided:
            yield f"{name}: the call {url} is not among {sorted(endpoints)}"
        wanted = dict(flat(step.get("token_params") or {}))
        wanted.update(pair.split("=", 1) for pair in query.split("&") if "=" in pair)
        have = {key: value for call in sent for key, value in call.get("params", {}).items()}
        for key, value in wanted.items():
            is_same = plain(str(have.get(key)).lower()) == plain(str(value).lower())
            if not is_same and "params" not in decided:
                yield f"{name}: the parameter {key} is {have.get(key)!r}, and {value!r} in the facts"
        headers = {key.lower() for call in sent for key in call.get("headers", {})}
        for header in step.get("token_headers") or {}:
            if header.lower() not in OF_A_REQUEST and header.lower() not in headers and "headers" not in decided:
                yield f"{name}: the header {header} is not sent with the call for a token"
    path = (fact.get("token_response") or {}).get("access_token_path")
    found = table.get("response", {}).get("access_token", "access_token")
    if path and path != found and "answer" not in decided:
        yield f"{name}: the token stands at {found}, and at {path} in the facts"
    jwt = fact.get("jwt") or fact.get("assertion") or {}
    signed = file.get("signed_jwt") or table.get("assertion") or {}
    algorithm = (jwt.get("header") or {}).get("alg")
    if algorithm and signed.get("algorithm") != algorithm and "algorithm" not in decided:
        yield f"{name}: it is signed with {signed.get('algorithm')}, and with {algorithm} in the facts"
    for claim in jwt.get("payload") or {}:
        if claim not in signed.get("claims", {}) and claim not in ("iat", "exp") and "claims" not in decided:
            yield f"{name}: the claim {claim} is missing"


def main():
    facts = json.loads(pathlib.Path(sys.argv[1]).read_text())
    wrong, compared, missing = [], 0, []
    for fact in facts:
        path = PROVIDERS / f"{fact['id']}.toml"
        # A client whose secrets are more than its own is one of these too.
        is_exchanged = path.exists() and "[token_exchange" in path.read_text() or fact["auth_mode"] in EXCHANGED
        if fact["auth_mode"] not in MODES and not is_exchanged:
            continue
        if not path.exists():
            missing.append(fact["id"])
            continue
        compared += 1
        file = read(path)
        wrong += problems(fact, file)
        if is_exchanged:
            wrong += exchange_problems(fact, file)
    print("\n".join(wrong))
    print(f"{compared} compared, {len(wrong)} differ; without a file: {', '.join(missing) or 'none'}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
