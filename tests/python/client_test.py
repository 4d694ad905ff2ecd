"""requests_oauth2client as published, given the issuer's URL and no patch: the whole chain, and proof that it would notice."""

import re
import unittest
from urllib.parse import parse_qs, quote, urlsplit

from requests_oauth2client import AuthorizationResponseError, OAuth2Client, oauth2_discovery_document_url

from person import Person
from server import APP, AUDIENCE, PERSON, REDIRECT_URI, RESOURCE, Server
from tampering_proxy import BehindProxy, in_json, in_redirects, with_status


def discover(issuer, client_id, secret):
    """RFC 8414 discovery; `testing` lets the client talk plain http to the loopback address."""
    return OAuth2Client.from_discovery_endpoint(
        oauth2_discovery_document_url(issuer),
        issuer=issuer,
        auth=(client_id, secret),
        redirect_uri=REDIRECT_URI,
        testing=True,
    )


def asks(client):
    return client.authorization_request(
        scope="read:asset offline_access",
        resource=AUDIENCE,
        prompt="consent",
        authorization_response_iss_parameter_supported=client.authorization_response_iss_parameter_supported,
    )


def chain(issuer, person):
    """Discovery, PAR, code and PKCE, refresh, introspect, revoke; gives what each step saw."""
    client = discover(issuer, *APP)
    request = asks(client)
    pushed = client.pushed_authorization_request(request)
    answer = request.validate_callback(person.decide(str(pushed)))
    tokens = client.authorization_code(answer)
    fresh = client.refresh_token(tokens.refresh_token)

    resource = discover(issuer, *RESOURCE)
    live = resource.introspect_token(fresh.access_token)
    revoked = client.revoke_refresh_token(fresh.refresh_token)
    dead = resource.introspect_token(fresh.access_token)
    return {"pushed": pushed, "tokens": tokens, "fresh": fresh, "live": live, "revoked": revoked, "dead": dead}


class AnUnmodifiedClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)

    def test_it_walks_the_whole_chain_given_only_the_issuer(self):
        seen = chain(self.server.issuer, Person(self.server.origin, *PERSON))

        self.assertEqual(set(parse_qs(urlsplit(str(seen["pushed"])).query)), {"client_id", "request_uri"})
        self.assertEqual(seen["tokens"].token_type, "Bearer")
        self.assertGreater(seen["tokens"].expires_in, 0)
        self.assertNotEqual(seen["fresh"].refresh_token, seen["tokens"].refresh_token)
        self.assertTrue(seen["live"]["active"])
        self.assertEqual(seen["live"]["username"], PERSON[0])
        self.assertEqual(seen["live"]["scope"], "read:asset")
        self.assertTrue(seen["revoked"])
        self.assertEqual(seen["dead"], {"active": False})

    def test_it_is_told_that_the_person_denied(self):
        request = asks(discover(self.server.issuer, *APP))
        answer = Person(self.server.origin, *PERSON).decide(str(request), "deny")
        with self.assertRaises(AuthorizationResponseError) as refused:
            request.validate_callback(answer)
        self.assertEqual(refused.exception.error, "access_denied")


METADATA = "/.well-known/oauth-authorization-server"
ELSEWHERE = quote("http://127.0.0.1:9", safe="")
FAULTS = {
    "metadata that is not there": with_status(METADATA, 404),
    "metadata of another issuer": in_json(METADATA, lambda body: body.update(issuer="http://127.0.0.1:9")),
    "a pushed request that is refused": with_status("/oauth/par", 400),
    "an answer from another issuer": in_redirects(lambda text: re.sub(r"\biss=[^&\"]+", f"iss={ELSEWHERE}", text)),
    "an answer without its issuer": in_redirects(lambda text: re.sub(r"(&amp;|&#38;|&)iss=[^&\"]+", "", text)),
    "an answer with another state": in_redirects(lambda text: re.sub(r"\bstate=[^&\"]+", "state=stolen", text)),
    "a token of another type": in_json("/oauth/token", lambda body: body.update(token_type="mac")),
    "a token that is no token": in_json("/oauth/token", lambda body: body.pop("access_token")),
    "a refresh that is refused": in_json(
        "/oauth/token", lambda body: body.pop("access_token"), lambda request: "grant_type=refresh_token" in request
    ),
    "an introspection that is not there": with_status("/oauth/introspect", 404),
}


class ABrokenEndpoint(BehindProxy, unittest.TestCase):
    def walk(self, fault):
        self.proxy.fault = fault
        return chain(self.proxy.origin, Person(self.proxy.origin, *PERSON))

    def test_a_proxy_that_changes_nothing_is_not_noticed(self):
        self.assertEqual(self.walk(None)["dead"], {"active": False})

    def test_each_fault_stops_the_chain(self):
        for name, fault in FAULTS.items():
            with self.subTest(name):
                with self.assertRaises(Exception) as refused:
                    self.walk(fault)
                self.assertNotIsInstance(refused.exception, AssertionError)

    def test_a_revocation_that_is_not_there_is_told(self):
        self.assertFalse(self.walk(with_status("/oauth/revoke", 404))["revoked"])


if __name__ == "__main__":
    unittest.main()
