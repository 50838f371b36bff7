"""Where an editor decided against the facts of the providers that the extra list has: by id, by field, with the reason."""

BASIC = ("client_secret_basic", "the vendor documents the header")
SPACE = (" ", "the facts have it as it looks in a URL")
COMMA = (",", "what clients in use send")

EDITS = {
    "chatwork": {"token_request_auth_method": BASIC},
    "cilogon": {"scope_separator": SPACE},
    "clever": {"token_request_auth_method": BASIC},
    "coinbase": {
        "authorization_url": ("https://login.coinbase.com/oauth2/auth", "what Coinbase documents now"),
        "token_url": ("https://login.coinbase.com/oauth2/token", "what Coinbase documents now"),
        "scope_separator": (" ", "as in the vendor's example"),
    },
    "concept2": {"scope_separator": (",", "Concept2 documents commas")},
    "coursera": {"authorization_params": ({"access_type": "offline"}, "without it there is no refresh token")},
    "deezer": {
        "authorization_param_names": ({"client_id": "app_id", "scope": "perms"}, "Deezer's own names"),
        "token_params": ({"output": "json"}, "the answer is a form otherwise"),
    },
    "eve-online": {"token_request_auth_method": BASIC},
    "faceit": {
        "authorization_params": ({"redirect_popup": True}, "FACEIT answers within its window otherwise"),
        "token_request_auth_method": BASIC,
    },
    "fedora-oidc": {
        "authorization_url": ("https://id.fedoraproject.org/openidc/Authorization", "the facts have the issuer alone"),
        "token_url": ("https://id.fedoraproject.org/openidc/Token", "the facts have the issuer alone"),
    },
    "fence": {
        "authorization_url": ("https://nci-crdc.datacommons.io/user/oauth2/authorize", "the facts have the issuer alone"),
        "token_url": ("https://nci-crdc.datacommons.io/user/oauth2/token", "the facts have the issuer alone"),
        "token_request_auth_method": ("client_secret_basic", "what RFC 6749 has every server support"),
    },
    "flickr": {"scope_param": ("perms", "Flickr's own parameter")},
    "gitea": {"scope_separator": (" ", "the server splits at spaces")},
    "huggingface": {"token_request_auth_method": BASIC},
    "keycloak": {
        "authorization_url": ("{subdomain}/protocol/openid-connect/auth", "the value has a path"),
        "token_url": ("{subdomain}/protocol/openid-connect/token", "the value has a path"),
    },
    "lichess": {"token_request_auth_method": ("none", "Lichess knows public clients alone")},
    "mapmyfitness": {
        "authorization_url": ("https://www.mapmyfitness.com/v7.1/oauth2/authorize/", "what MapMyFitness documents now"),
        "token_url": ("https://api.mapmyfitness.com/v7.1/oauth2/access_token/", "what MapMyFitness documents now"),
    },
    "mediamath": {
        "authorization_url": ("https://auth.mediamath.com/authorize", "what MediaMath documents now"),
        "token_url": ("https://auth.mediamath.com/oauth/token", "what MediaMath documents now"),
        "authorization_params": ({"audience": "https://api.mediamath.com/"}, "without it the token opens nothing"),
    },
    "mendeley": {
        "authorization_url": ("https://api.mendeley.com/oauth/authorize", "what Mendeley documents now"),
        "token_url": ("https://api.mendeley.com/oauth/token", "what Mendeley documents now"),
        "scope_separator": SPACE,
        "token_request_auth_method": BASIC,
    },
    "mercadopago": {"authorization_params": ({"platform_id": "mp"}, "as in the vendor's example")},
    "monzo": {"authorization_url": ("https://auth.monzo.com/", "the company's name before was Mondo")},
    "musicbrainz": {"authorization_params": ({"access_type": "offline", "approval_prompt": "force"}, "without them there is no refresh token")},
    "odnoklassniki": {
        "authorization_url": ("https://connect.ok.ru/oauth/authorize", "what clients in use ask"),
        "token_url": ("https://api.ok.ru/oauth/token.do", "what clients in use ask"),
    },
    "qiita": {"body_format": ("json", "Qiita documents JSON")},
    "qq": {
        "scope_separator": COMMA,
        "body_format": ("query", "QQ documents GET"),
        "method": ("GET", "QQ documents GET"),
        "token_params": ({"fmt": "json", "need_openid": 1}, "the answer is a form otherwise, without the user"),
        "refresh_params": ({"fmt": "json", "need_openid": 1}, "the answer is a form otherwise, without the user"),
    },
    "railway": {"authorization_params": ({"prompt": "consent"}, "without it there is no refresh token")},
    "seznam": {"scope_separator": COMMA},
    "shikimori": {
        "authorization_url": ("https://shikimori.io/oauth/authorize", "its domain moved in 2026"),
        "token_url": ("https://shikimori.io/oauth/token", "its domain moved in 2026"),
    },
    "soundcloud": {
        "authorization_url": ("https://secure.soundcloud.com/authorize", "what SoundCloud documents now"),
        "token_url": ("https://secure.soundcloud.com/oauth/token", "what SoundCloud documents now"),
    },
    "startgg": {"body_format": ("json", "start.gg documents JSON"), "refresh_url": ("https://api.start.gg/oauth/refresh", "an address of its own")},
    "taobao": {"authorization_params": ({"view": "web"}, "the page for browsers")},
    "trakt": {"body_format": ("json", "Trakt documents JSON")},
    "untappd": {
        "authorization_param_names": ({"redirect_uri": "redirect_url"}, "Untappd's own name"),
        "body_format": ("query", "Untappd documents GET"),
        "method": ("GET", "Untappd documents GET"),
        "grant_type_sent": (False, "Untappd documents `response_type` there"),
        "token_params": ({"response_type": "code"}, "Untappd documents `response_type` there"),
    },
    "upwork": {
        "auth_mode": ("oauth2", "Upwork documents OAuth 2.0 alone"),
        "authorization_url": ("https://www.upwork.com/ab/account-security/oauth2/authorize", "OAuth 2.0"),
        "token_url": ("https://www.upwork.com/api/v3/oauth2/token", "OAuth 2.0"),
    },
    "vk": {"scope_separator": COMMA},
    "wechat": {
        "scope_separator": COMMA,
        "body_format": ("query", "WeChat documents GET"),
        "method": ("GET", "WeChat documents GET"),
        "refresh_url": ("https://api.weixin.qq.com/sns/oauth2/refresh_token", "an address of its own"),
        "authorization_param_names": ({"client_id": "appid"}, "WeChat's own name"),
    },
    "weibo": {"scope_separator": COMMA},
    "withings": {
        "scope_separator": (",", "Withings documents commas"),
        "token_params": ({"action": "requesttoken"}, "one address serves several actions"),
        "refresh_params": ({"action": "requesttoken"}, "one address serves several actions"),
    },
    "xing": {"scope_separator": SPACE},
    "zotero": {"authorization_params": ({"library_access": 1, "notes_access": 1, "write_access": 1}, "without them the key reads what is public")},
}

# Further names in the token request.
TOKEN_NAMES = {"deezer": {"client_secret": "secret"}, "wechat": {"client_secret": "secret"}}

# What a person is asked for beside what the facts say.
ASKED = {
    "authentik": {"subdomain": "login.acme.example"},
    "bungie": {"apiKey": "some text"},
    "keycloak": {"subdomain": "https://login.acme.example"},
    "mastodon": {"subdomain": "login.acme.example"},
    "scistarter": {"key": "some text"},
    "shikimori": {"application": "some text"},
}

# Answers that are not the standard one, as `expect.py` has them.
ANSWERS = {
    "qiita": {"token": "{access}", "client_id": "c", "scopes": ["one", "two"]},
    "untappd": {"response": {"access_token": "{access}"}},
    "withings": {"status": 0, "body": {"access_token": "{access}", "refresh_token": "{refresh}", "expires_in": 10800}},
    "yammer": {"access_token": {"token": "{access}"}},
}
