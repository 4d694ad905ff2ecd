"""requests-oauthlib and Authlib as published, pointed at this server as at Atlassian's, with settings alone and no patch."""

import os
import time
import unittest
from urllib.parse import parse_qs, urlsplit

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from oauthlib.oauth2 import InvalidGrantError
from requests_oauthlib import OAuth2Session as OauthlibSession

from person import Person
from server import PERSON, REDIRECT_URI, Server
from tampering_proxy import BehindProxy, in_json, with_status

# The clients talk plain http to the loopback address only when they are told so.
os.environ.update(OAUTHLIB_INSECURE_TRANSPORT="1", AUTHLIB_INSECURE_TRANSPORT="1")

AUDIENCE = "api.atlassian.com"
PRODUCTS = ("products", "the-products-authenticate-with-this")
EXEMPT = ("mailer", "the-mailer-authenticates-with-this")
PROVING = ("planner", "the-planner-authenticates-with-this")
SCOPES = ["read:jira-work", "read:me", "offline_access"]
LEEWAY_SECONDS = 1
SETTINGS = {"HALLMARK_LIFETIMES__REFRESH_TOKEN_LEEWAY_ATLASSIAN": f"{LEEWAY_SECONDS}s"}


class RequestsOauthlib:
    """Sends no challenge, and its secret in the body."""

    def __init__(self, origin, app=EXEMPT, redirect_uri=REDIRECT_URI):
        self.origin, self.app = origin, app
        self.session = OauthlibSession(app[0], redirect_uri=redirect_uri, scope=SCOPES)

    def request(self):
        return self.session.authorization_url(f"{self.origin}/authorize", audience=AUDIENCE, prompt="consent")[0]

    def redeem(self, answer):
        return self.session.fetch_token(
            f"{self.origin}/oauth/token",
            authorization_response=answer,
            client_secret=self.app[1],
            include_client_id=True,
        )

    def refresh(self, token):
        id, secret = self.app
        return self.session.refresh_token(
            f"{self.origin}/oauth/token", refresh_token=token, client_id=id, client_secret=secret
        )


class Authlib:
    """Sends a challenge, and its secret in the body."""

    def __init__(self, origin, app=PROVING):
        self.origin = origin
        self.verifier = generate_token(64)
        self.session = AuthlibSession(
            *app,
            scope=" ".join(SCOPES),
            redirect_uri=REDIRECT_URI,
            token_endpoint_auth_method="client_secret_post",
            code_challenge_method="S256",
        )

    def request(self):
        asked = {"audience": AUDIENCE, "prompt": "consent", "code_verifier": self.verifier}
        return self.session.create_authorization_url(f"{self.origin}/authorize", **asked)[0]

    def redeem(self, answer):
        token_url = f"{self.origin}/oauth/token"
        return self.session.fetch_token(token_url, authorization_response=answer, code_verifier=self.verifier)

    def refresh(self, token):
        return self.session.refresh_token(f"{self.origin}/oauth/token", refresh_token=token)


def seed(server):
    server.command(
        ["resource", "add", "--id", PRODUCTS[0], "--name", "Products", "--identifier", AUDIENCE]
        + ["--scope", "read:jira-work=See your work", "--secret-stdin"],
        PRODUCTS[1],
    )
    for (id, secret), more in ((EXEMPT, ["--no-pkce"]), (PROVING, [])):
        scopes = [word for scope in SCOPES for word in ("--scope", scope)]
        server.command(
            ["app", "add", "--client-id", id, "--redirect-uri", REDIRECT_URI, "--profile", "atlassian"]
            + ["--grant", "authorization_code", "--grant", "refresh_token", "--secret-stdin", *scopes, *more],
            secret,
        )


def introspected(origin, token):
    return requests.post(f"{origin}/oauth/introspect", data={"token": token}, auth=PRODUCTS).json()


def walk(client, person):
    """Consent, code, sites, person, two refreshes; gives what each step saw."""
    tokens = client.redeem(person.decide(client.request()))
    sites = client.session.get(f"{client.origin}/oauth/token/accessible-resources")
    sites.raise_for_status()
    me = client.session.get(f"{client.origin}/me")
    me.raise_for_status()
    second = client.refresh(tokens["refresh_token"])
    third = client.refresh(second["refresh_token"])
    return {"tokens": tokens, "sites": sites.json(), "me": me.json(), "second": second, "third": third}


class AnUnmodifiedClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings=SETTINGS)
        cls.addClassCleanup(cls.server.stop)
        seed(cls.server)

    def person(self):
        return Person(self.server.origin, *PERSON)

    def walks(self, client):
        seen = walk(client, self.person())

        scope = seen["tokens"]["scope"]
        self.assertEqual(set(scope.split() if isinstance(scope, str) else scope), set(SCOPES))
        self.assertEqual([site["url"] for site in seen["sites"]], [self.server.issuer])
        self.assertEqual(seen["sites"][0]["scopes"], ["read:jira-work"])
        self.assertEqual((seen["me"]["email"], seen["me"]["name"]), (PERSON[0], "Pat Person"))
        told = introspected(self.server.origin, seen["third"]["access_token"])
        self.assertEqual((told["active"], told["scope"], told["aud"]), (True, "read:jira-work", AUDIENCE))
        self.assertEqual(told["sub"], f"user:{seen['me']['account_id']}")
        self.assertEqual(told["site"]["id"], seen["sites"][0]["id"])
        self.assertEqual(len({seen[step]["refresh_token"] for step in ("tokens", "second", "third")}), 3)

    def is_refused_once_the_leeway_is_over(self, client, refusal):
        first = client.redeem(self.person().decide(client.request()))["refresh_token"]
        second = client.refresh(first)
        time.sleep(LEEWAY_SECONDS + 1)
        with self.assertRaises(refusal) as refused:
            client.refresh(first)
        self.assertIn("Unknown or invalid refresh token.", str(refused.exception))
        self.assertEqual(introspected(self.server.origin, second["access_token"]), {"active": False})

    def test_requests_oauthlib_walks_the_flow_without_pkce(self):
        self.walks(RequestsOauthlib(self.server.origin))

    def test_authlib_walks_the_flow_with_pkce(self):
        self.walks(Authlib(self.server.origin))

    def test_requests_oauthlib_is_refused_a_token_that_it_used_before(self):
        self.is_refused_once_the_leeway_is_over(RequestsOauthlib(self.server.origin), InvalidGrantError)

    def test_authlib_is_refused_a_token_that_it_used_before(self):
        self.is_refused_once_the_leeway_is_over(Authlib(self.server.origin), OAuthError)

    def test_a_refused_refresh_is_403(self):
        id, secret = EXEMPT
        form = {"grant_type": "refresh_token", "client_id": id, "client_secret": secret, "refresh_token": "unknown"}
        answer = requests.post(f"{self.server.origin}/oauth/token", data=form)
        told = {"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."}
        self.assertEqual((answer.status_code, answer.json()), (403, told))

    def test_an_app_that_is_not_exempt_must_send_a_challenge(self):
        answer = self.person().decide(RequestsOauthlib(self.server.origin, PROVING).request())
        self.assertEqual(parse_qs(urlsplit(answer).query)["error"], ["invalid_request"])

    def test_a_person_who_denies_is_told_of(self):
        answer = self.person().decide(RequestsOauthlib(self.server.origin).request(), "deny")
        self.assertEqual(parse_qs(urlsplit(answer).query)["error"], ["access_denied"])

    def test_an_address_that_is_not_registered_is_told_on_a_page(self):
        client = RequestsOauthlib(self.server.origin, redirect_uri="http://127.0.0.1:9/elsewhere")
        page = requests.get(client.request(), allow_redirects=False)
        self.assertEqual((page.status_code, page.headers.get("Location")), (400, None))
        self.assertIn("unauthorized_client", page.text)
        self.assertIn("redirect_uri is not registered for client: http://127.0.0.1:9/elsewhere", page.text)


FAULTS = {
    "a token that is no token": in_json("/oauth/token", lambda body: body.pop("access_token")),
    "a token without its successor": in_json("/oauth/token", lambda body: body.pop("refresh_token")),
    "sites that are not there": with_status("/oauth/token/accessible-resources", 404),
    "a person who is not there": with_status("/me", 401),
    "a refresh that is refused": in_json(
        "/oauth/token",
        lambda body: (body.clear(), body.update(error="invalid_grant")),
        lambda request: "grant_type=refresh_token" in request,
    ),
}


class ABrokenEndpoint(BehindProxy, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        seed(cls.server)

    def walk(self, client, fault):
        self.proxy.fault = fault
        return walk(client(self.proxy.origin), Person(self.proxy.origin, *PERSON))

    def test_a_proxy_that_changes_nothing_is_not_noticed(self):
        for client in (RequestsOauthlib, Authlib):
            with self.subTest(client.__name__):
                self.assertIn("access_token", self.walk(client, None)["third"])

    def test_each_fault_stops_the_flow(self):
        for client in (RequestsOauthlib, Authlib):
            for name, fault in FAULTS.items():
                with self.subTest(name, client=client.__name__):
                    with self.assertRaises(Exception) as refused:
                        self.walk(client, fault)
                    self.assertNotIsInstance(refused.exception, AssertionError)


if __name__ == "__main__":
    unittest.main()
