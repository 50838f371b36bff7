#!/usr/bin/env python3
"""Compares the API of the providers that take a key or a login with facts gathered elsewhere:

    tests/catalog/compare.py FACTS.json

Every base URL, header, parameter and proving call of the facts stands in the file, or below with the reason why not.
OAuth has its own: `expect.py`, and the flows that are played."""

import json
import pathlib
import re
import sys
import tomllib

PROVIDERS = pathlib.Path(__file__).parents[2] / "providers"
MODES = {"api_key": "api_key", "basic": "basic"}

# What the facts have and the files do not, by field: why.
DECIDED = {
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
        headers["authorization"] = "Bearer {token}" if fact["auth_mode"] == "api_key" else "Basic {basic}"
    automated = {variable["name"] for variable in fact.get("connection_variables", []) if variable.get("automated")}
    for header, value in (fact.get("api_headers") or {}).items():
        header = header.lower()
        is_own = header in OF_A_REQUEST or any("{" + variable + "}" in value for variable in automated)
        if not is_own and plain(headers.get(header)) != plain(value) and "headers" not in decided:
            yield f"{name}: the header {header} is {headers.get(header)!r}, and {value!r} in the facts"
    asks = fact["auth_mode"] == "basic" and "authorization" not in (fact.get("api_headers") or {}) and not fact.get("api_query")
    if asks and not headers.get("authorization", "").startswith("Basic"):
        yield f"{name}: the login is shown in {headers!r} alone"
    for parameter, value in (fact.get("api_query") or {}).items():
        if plain(api.get("query", {}).get(parameter)) != plain(value) and "query" not in decided:
            yield f"{name}: the parameter {parameter} is {api.get('query', {}).get(parameter)!r}, and {value!r} in the facts"
    call = fact.get("verification") or {}
    if call.get("method") == "GET" and call.get("paths") and "verify" not in decided:
        wanted = plain(f"GET {call['paths'][0]}")
        if plain(api.get("verify")) != wanted:
            yield f"{name}: the proving call is {api.get('verify')!r}, and {wanted!r} in the facts"


def main():
    facts = json.loads(pathlib.Path(sys.argv[1]).read_text())
    wrong, compared, missing = [], 0, []
    for fact in facts:
        if fact["auth_mode"] not in MODES:
            continue
        path = PROVIDERS / f"{fact['id']}.toml"
        if not path.exists():
            missing.append(fact["id"])
            continue
        compared += 1
        wrong += problems(fact, tomllib.loads(path.read_text()))
    print("\n".join(wrong))
    print(f"{compared} compared, {len(wrong)} differ; without a file: {', '.join(missing) or 'none'}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
