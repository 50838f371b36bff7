#!/usr/bin/env python3
"""Writes what the OAuth flows of the built-in providers must look like, from facts gathered elsewhere and
not from the files under test:

    tests/catalog/expect.py FACTS.json [FACTS-EXTRA.json] > tests/catalog/expectations.json

Where an editor decided against a fact, the decision stands below with its reason, and nowhere else."""

import json
import pathlib
import re
import sys
import tomllib

import edits_extra

PROVIDERS = pathlib.Path(__file__).parents[2] / "providers"

# Two scopes that no provider has: what is looked at is how they are joined.
SCOPES = ["one", "two"]

# What variables are filled with, by name; the rest by the kind that the facts give them.
UUID = "6f1f0a3e-0d5f-4a47-9f6c-2f6f9a1f7c11"
EXAMPLES = {"extension": "com", "region": "eu", "accountId": "acme-1", "tenant": "common"}

# Variables that the facts have a person give, and that nobody is asked for here: a lookup brings them, or nothing
# that is sent holds them.
NOT_ASKED = {
    "basecamp": ["accountId"], "battlenet": ["extension"], "checkr-partner": ["client_id"], "checkr-partner-staging": ["client_id"],
    "paycor": ["tenantId"], "paycor-sandbox": ["tenantId"], "procore": ["companyId"], "sap-concur": ["companyRequestToken", "companyUUID"],
    "wrike": ["host"],
}

# And the other way round: what a person is asked for here.
ASKED = {"absorb-lms": {"apiVersion": "v1", "restApiKey": "some text"}, "blackbaud": {"subscription_key": "some text"}, "followupboss": {"system": "some text", "system_key": "some text"}, "stackexchange": {"key": "some text"}, "auth0": {"audience": "some text"}, "basecamp": {"appDetails": "Acme (jane@acme.example)"},
         "adoxx-cc": {"baseUrl": "https://login.acme.example"}, "practicefusion": {"baseUrl": "https://login.acme.example"},
         "bigcommerce": {"accountUuid": UUID}, "ebay": {"ruName": "some text"}, "ebay-sandbox": {"ruName": "some text"},
         "google-ads": {"developer_token": "some text"}, "harvest": {"appDetails": "Acme (jane@acme.example)"},
         "lightspeed-retail": {"domain_prefix": "acme"}, "maximizer": {"region": "caw"}, "pushpay-chms-v2": {"subdomain": "acme"},
         "paycor": {"subscriptionKey": "some text"}, "paycor-sandbox": {"subscriptionKey": "some text"}, "rippling-shop-app": {"appName": "acme"}, "sage-200": {"edition": "some text"}, "tempo": {"jiraSubdomain": "acme"},
         "trafft": {"subdomain": "acme"}, "walmart": {"sellerId": "some text", "clientType": "seller"}, "databricks-account": {"accountId": UUID}}

MODES = {"oauth2": "oauth2", "oauth1": "oauth1", "oauth2_client_credentials": "client_credentials", "mcp_oauth2": "oauth2"}

PKCE = "the source switches PKCE off; the server takes it, and RFC 9700 section 2.1.1 asks for it"
POST_OR_BASIC = "RFC 6749 section 2.3 forbids to show the client in two ways; the vendor documents the header"
# Another one each time.
DRAWN = "a UUID"
EDITS = {
    "absorb-lms": {"token_params": ({"nonce": DRAWN}, "facts: special exchange"), "refresh_params": ({"nonce": DRAWN, "scope": "one two"}, "facts: special exchange")},
    "discord": {"authorization_url": ("https://discord.com/oauth2/authorize", "what Discord documents now")},
    "epic-games": {"token_url": ("https://api.epicgames.dev/epic/oauth/v2/token", "v1 is the older path; revocation is v2 in the facts too")},
    "facebook": {"body_format": ("form", "redirect_uri stands in the form: the endpoint takes a POST")},
    "microsoft": {"pkce": ("s256", PKCE)},
    "microsoft-teams": {"pkce": ("s256", PKCE)},
    "microsoft-tenant-specific": {"pkce": ("s256", PKCE)},
    "one-drive": {"pkce": ("s256", PKCE)},
    "outlook": {"pkce": ("s256", PKCE)},
    "sharepoint-online": {"pkce": ("s256", PKCE)},
    "pinterest": {"scope_separator": (",", "Pinterest documents commas")},
    "shopify": {"scope_separator": (",", "Shopify documents commas"), "refresh_params": ({}, "expiring is asked for once, with the code")},
    "stackexchange": {"scope_separator": (",", "Stack Exchange documents commas")},
    "zoho": {"scope_separator": (",", "Zoho documents commas")},
    "zoho-books": {"scope_separator": (",", "Zoho documents commas")},
    "zoho-crm": {"scope_separator": (",", "Zoho documents commas")},
    "zoho-invoice": {"scope_separator": (",", "Zoho documents commas")},
    "zoom": {"token_request_auth_method": ("client_secret_basic", "Zoom documents the header")},
    "auth0": {"authorization_params": ({"response_mode": "query", "audience": "some text"}, "without an audience the token is good for nothing but userinfo")},
    "salesforce-sandbox": {"authorization_params": ({"prompt": "consent"}, "as in production")},
    "smugmug": {"authorization_params": ({"Access": "Full", "Permissions": "Modify"}, "without them the token reads what is public")},
    "braintree": {"body_format": ("xml", "the gateway speaks XML (facts: special exchange)")},
    "braintree-sandbox": {"body_format": ("xml", "the gateway speaks XML (facts: special exchange)")},
    "instagram": {"refresh_url": (None, "that address renews an access token with itself; it takes no refresh token")},
    "threads": {"refresh_url": (None, "that address renews an access token with itself; it takes no refresh token")},
    "front": {"token_request_auth_method": ("client_secret_basic", "Front documents the header")},
    "hubspot": {"token_url": ("https://api.hubapi.com/oauth/2026-03/token", "v1 ends in February 2027")},
    "monday": {"token_url": ("https://auth.monday.com/oauth_ms/oauth/token", "the older flow's tokens are refused since October 2026"), "pkce": ("s256", "the new flow takes it")},
    "netsuite": {"token_request_auth_method": ("client_secret_basic", "Oracle documents the header")},
    "pagerduty": {"authorization_url": ("https://identity.pagerduty.com/oauth/authorize", "what PagerDuty documents now"), "token_url": ("https://identity.pagerduty.com/oauth/token", "what PagerDuty documents now")},
    "squareup-sandbox": {"authorization_params": ({}, "the sandbox refuses `session`")},
    "adoxx-cc": {"token_url": ("{baseUrl}/oauth2/token", "the web application has a path, so the whole address is asked for")},
    "amazon-selling-partner": {"authorization_param_names": ({"client_id": ""}, "the application id stands in its place")},
    "amazon-selling-partner-beta": {"authorization_param_names": ({"client_id": ""}, "the application id stands in its place")},
    "battlenet": {"authorization_url": ("https://oauth.battle.net/authorize", "one host for all but China"), "token_url": ("https://oauth.battle.net/token", "one host for all but China")},
    "checkr-partner": {"authorization_url": ("https://partners.checkr.com/authorize/client%20id%2B1", "the id of the config")},
    "checkr-partner-staging": {"authorization_url": ("https://partners.checkrhq-staging.net/authorize/client%20id%2B1", "the id of the config")},
    "attio-mcp": {"scope_separator": (" ", "a plus that is encoded once more separates nothing")},
    "clover": {"grant_type_sent": (False, "Clover documents no grant type (facts: special exchange)")},
    "confluence-data-center": {"authorization_params": ({}, "grant_type is the token request's")},
    "jira-data-center": {"authorization_params": ({}, "grant_type is the token request's")},
    "ebay": {"redirect_uri": ("some text", "eBay wants the RuName there")},
    "ebay-sandbox": {"redirect_uri": ("some text", "eBay wants the RuName there")},
    "employment-hero": {"pkce": ("s256", "Employment Hero demands it since September 2026")},
    "google-ads": {"token_url": ("https://oauth2.googleapis.com/token", "what Google's metadata says")},
    "heygen": {"token_request_auth_method": ("none", "a public client (facts: special exchange)")},
    "looker-oauth": {"token_request_auth_method": ("none", "Looker's clients have no secret")},
    "posthog-oauth": {"token_request_auth_method": ("none", "a public client (facts: special exchange)")},
    "pax8": {"token_params": ({"audience": "https://api.pax8.com"}, "it is always the same")},
    "payfit": {"token_url": ("https://oauth.payfit.com/token", "the facts have PagerDuty's")},
    "pennylane": {"scope_separator": (" ", "a plus that is encoded once more separates nothing")},
    "workable-oauth": {"scope_separator": (" ", "a plus that is encoded once more separates nothing")},
    "practicefusion": {"authorization_url": ("{baseUrl}/authorize", "the base has a path"), "authorization_params": ({"aud": "{baseUrl}", "launch": "{launch}"}, "the base has a path"), "token_url": ("{baseUrl}/token", "the base has a path")},
    "sentry-oauth": {"authorization_url": ("https://sentry.io/oauth/authorize/", "an OAuth application: a public integration needs a webhook"), "token_url": ("https://sentry.io/oauth/token/", "the same")},
    "sophos-central": {"token_params": ({}, "`token` is the default scope")},
    "squarespace": {"authorization_params": ({"access_type": "offline"}, "without it there is no refresh token")},
    "strava": {"authorization_url": ("https://www.strava.com/oauth/authorize", "the other one is for phones"), "authorization_params": ({"approval_prompt": "force"}, "as `strava-web`")},
    "tiktok-accounts": {"body_format": ("json", "facts: special exchange")},
    "tiktok-ads": {"body_format": ("json", "facts: special exchange")},
    "walmart": {"token_request_auth_method": ("client_secret_basic", "facts: special exchange"), "redirect_metadata": ([], "the token request names the seller, who is asked for"), "authorization_params": ({"clientType": "{clientType}", "nonce": DRAWN}, "facts: special exchange")},
    "lightspeed-retail": {"redirect_metadata": ([], "the token endpoint is there, so it is asked for")},
    "wildix-pbx": {"redirect_metadata": ([], "it stands in the authorization URL, so it is asked for")},
    "trello": {"scope_param": ("scope", "Trello's own parameter")},
    "apollo-oauth": {"authorization_url": ("https://app.apollo.io/", "the page of a host has a path")},
    "followupboss": {"token_request_auth_method": ("client_secret_basic", "facts: special exchange")},
    "stripe-app": {"token_request_auth_method": ("client_secret_as_user", "facts: special exchange")},
    "stripe-app-sandbox": {"token_request_auth_method": ("client_secret_as_user", "facts: special exchange")},
}

# Answers that are not the standard one. `{access}`, `{refresh}` and `{base}` are filled in by the test.
STANDARD = {"access_token": "{access}", "refresh_token": "{refresh}", "expires_in": 3600, "token_type": "bearer"}
ANSWERS = {
    "braintree": {"access-token": "{access}", "refresh-token": "{refresh}", "expires-at": "2026-01-01T01:00:00Z", "token-type": "bearer"},
    "slack": {"ok": True, "access_token": "{access}", "refresh_token": "{refresh}", "expires_in": 43200, "token_type": "bot", "team": {"id": "T1"}, "authed_user": {"id": "U1"}},
    "squareup": {"access_token": "{access}", "refresh_token": "{refresh}", "expires_at": "2026-01-01T01:00:00Z", "token_type": "bearer", "merchant_id": "M1"},
    "stackexchange": {"access_token": "{access}", "expires": 86400},
    "facebook": {"access_token": "{access}", "token_type": "bearer", "expires_in": 3600},
    "instagram": {"access_token": "{access}", "user_id": 1},
    "threads": {"access_token": "{access}", "user_id": 1},
    "zoom": {**STANDARD, "scope": "one two"},
    "github": {"access_token": "{access}", "scope": "one,two", "token_type": "bearer"},
}
ANSWERS["meta-marketing-api"] = ANSWERS["facebook"]
ANSWERS["braintree-sandbox"] = ANSWERS["braintree"]
ANSWERS["squareup-sandbox"] = ANSWERS["squareup"]

# Trades an access token for a longer one, and renews that with itself.
LONG_LIVED = {
    "facebook": ("fb_exchange_token", "fb_exchange_token", "graph.facebook.com/v22.0/oauth/access_token", ["client_id", "client_secret"],
                 "fb_exchange_token", "fb_exchange_token", "graph.facebook.com/v22.0/oauth/access_token", ["client_id", "client_secret"]),
    "instagram": ("ig_exchange_token", "access_token", "graph.instagram.com/access_token", ["client_secret"],
                  "ig_refresh_token", "access_token", "graph.instagram.com/refresh_access_token", []),
    "threads": ("th_exchange_token", "access_token", "graph.threads.net/access_token", ["client_secret"],
                "th_refresh_token", "access_token", "graph.threads.net/refresh_access_token", []),
}


# The state goes along with the code (facts: special exchange).
STATE_AGAIN = ["followupboss"]
# The token request has the standard names all the same.
IN_THE_BROWSER = ["amazon-selling-partner", "amazon-selling-partner-beta", "printful", "tiktok-accounts", "walmart"]


# Further names in the token request: what the facts tell of it in words.
TOKEN_NAMES = {
    "stripe-app": {"client_id": "", "redirect_uri": ""},
    "stripe-app-sandbox": {"client_id": "", "redirect_uri": ""},
    "clover": {"redirect_uri": ""},
    "tiktok-accounts": {"code": "auth_code"},
    "tiktok-ads": {"client_id": "app_id", "client_secret": "secret", "code": "auth_code"},
    "zoominfo": {"client_id": "username", "client_secret": "password"},
}
# What a token answer may hold that is an address.
ADDRESSES = ["api_base_url_for_customer", "api_domain", "base_url", "installation.apiEndPoint", "instance_url"]
HOSTS = ["host"]


LONG_LIVED["meta-marketing-api"] = LONG_LIVED["facebook"]


def examples(fact):
    found = {}
    for variable in fact.get("connection_variables", []):
        name = variable["name"]
        # What the flow brings, and what only somebody's own paths want, nobody is asked for.
        if variable.get("automated") or variable.get("captured") or variable.get("used_in") == ["api_paths"]:
            continue
        if name in NOT_ASKED.get(fact["id"], []):
            continue
        if name in EXAMPLES and EXAMPLES[name] in variable.get("enum", [EXAMPLES[name]]):
            found[name] = EXAMPLES[name]
        elif variable.get("format") == "uuid":
            found[name] = UUID
        elif "enum" in variable:
            found[name] = variable["enum"][0]
        elif variable.get("format") == "hostname" or "host" in variable.get("position", []):
            found[name] = "login.acme.example"
        elif "host_part" in variable.get("position", []):
            found[name] = "acme"
        else:
            found[name] = "some text"
    return found


def filled(text, values):
    """The text with its variables, or None where one has no value."""
    if text is None:
        return None
    missing = [name for name in re.findall(r"\{([\w.-]+)\}", text) if name not in values]
    if missing:
        return None
    return re.sub(r"\{([\w.-]+)\}", lambda match: values[match.group(1)], text)


for name in (
    "azure-blob-storage microsoft-ads microsoft-entra-id microsoft-excel microsoft-people microsoft-planner microsoft-power-bi "
    "microsoft-powerpoint microsoft-word one-note"
).split():
    EDITS[name] = {"pkce": ("s256", PKCE)}
EDITS.update(edits_extra.EDITS)
ASKED.update(edits_extra.ASKED)
ANSWERS.update(edits_extra.ANSWERS)
TOKEN_NAMES.update(edits_extra.TOKEN_NAMES)
for name in "zoho-bigin zoho-calendar zoho-desk zoho-inventory zoho-mail zoho-people zoho-recruit".split():
    EDITS[name] = {"scope_separator": (",", "Zoho documents commas")}


def expectation(name, fact):
    fact = {**fact, **{field: value for field, (value, _) in EDITS.get(name, {}).items()}}
    values = examples(fact)
    values.update(ASKED.get(name, {}))
    said = {"variables": values, "mode": MODES[fact["auth_mode"]]}

    def url(field):
        found = filled(fact.get(field), values) or filled(fact.get(f"{field}_fallback"), values)
        return found and found.replace(" ", "%20")

    def parameters(field):
        all = {key: filled(str(value).lower() if isinstance(value, bool) else str(value), values) for key, value in (fact.get(field) or {}).items()}
        return {key: value for key, value in all.items() if value is not None}

    said["authorization_url"], said["token_url"] = url("authorization_url"), url("token_url")
    said["scope"] = (fact.get("scope_separator") or " ").join(SCOPES)
    said["authorization_params"] = parameters("authorization_params")
    said["response_type"] = said["authorization_params"].pop("response_type", "code")
    fragment = fact.get("authorization_url_fragment")
    said["fragment"] = fragment and f"/{fragment}"
    said["state_again"] = name in STATE_AGAIN
    if said["mode"] == "oauth1":
        said["request_token_url"] = url("request_token_url")
        said["signature_method"] = fact.get("signature_method") or "HMAC-SHA1"
        said["request_token_params"] = parameters("request_token_params")
        said["scope_param"] = fact.get("scope_param")
        return said
    said["refresh_url"] = url("refresh_url") or said["token_url"]
    said["pkce"] = fact.get("pkce") != "disabled"
    said["client_auth"] = fact.get("token_request_auth_method") or "client_secret_post"
    said["format"] = fact.get("body_format") or "form"
    said["names"] = {} if name in IN_THE_BROWSER else fact.get("authorization_param_names") or {}
    said["names"] = {**said["names"], **TOKEN_NAMES.get(name, {})}
    if fact.get("grant_type_sent") is False:
        said["names"]["grant_type"] = ""
    said["authorization_names"] = fact.get("authorization_param_names") or {}
    # Where it is not an address.
    said["redirect_uri"] = fact.get("redirect_uri")
    said["method"] = fact.get("method") or "POST"
    said["token_params"], said["refresh_params"] = parameters("token_params"), parameters("refresh_params")
    if fact["auth_mode"] == "mcp_oauth2" and "resource" in said["authorization_params"]:
        # RFC 8707 section 2: in every request.
        for field in ("token_params", "refresh_params"):
            said[field]["resource"] = said["authorization_params"]["resource"]
    if fact.get("client_registration") == "dynamic":
        # A client that registers itself here is a public one (RFC 7591 section 2).
        said["client_auth"] = "none"
    if said["mode"] == "client_credentials":
        # What a config asks for stands in the place of the provider's own.
        said["token_params"].pop("scope", None)
    answer = dict(ANSWERS.get(name, STANDARD))
    captured = {}
    for field in fact.get("token_response_metadata", []):
        value = "api.acme.example" if field in HOSTS else "{base}/api" if field in ADDRESSES else f"the {field}"
        target, parts = answer, field.split(".")
        for part in parts[:-1]:
            target = target.setdefault(part, {})
        target.setdefault(parts[-1], value)
        if len(parts) == 1:
            captured[field] = value
    said["answer"], said["captured"] = answer, captured
    said["callback"] = {field: f"the {field}" for field in fact.get("redirect_metadata", []) if field != "accounts-server"}
    if name in LONG_LIVED:
        keys = ["grant_type", "token_param", "url", "client"]
        said["long_lived"] = dict(zip(keys, LONG_LIVED[name][:4]))
        said["renewal"] = dict(zip(keys, LONG_LIVED[name][4:]))
    return said


def is_played(name, fact):
    # One whose secrets are more than a client's has a table of its own: `compare.py`.
    file = tomllib.loads((PROVIDERS / f"{name}.toml").read_text())
    return fact["auth_mode"] in MODES and "token_exchange" not in file


def main():
    facts = {}
    for file in reversed(sys.argv[1:]):
        facts.update({fact["id"]: fact for fact in json.loads(pathlib.Path(file).read_text())})
    names = sorted(path.stem for path in PROVIDERS.glob("*.toml"))
    unknown = [name for name in names if name not in facts]
    if unknown:
        sys.exit(f"no facts of {', '.join(unknown)}")
    expected = {name: expectation(name, facts[name]) for name in names if is_played(name, facts[name])}
    json.dump(expected, sys.stdout, indent=1, sort_keys=True, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
