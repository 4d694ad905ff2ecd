"""atlassian-jwt of the Python package index, as published, beside introspection: for random requests what it signs is taken, and
is taken for no other request."""

import base64
import hashlib
import json
import os
import random
import re
import threading
import unittest
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import atlassian_jwt
import jwt

from server import RESOURCE, Server

# Where we differ on purpose: what the package writes for a request is not taken, and what we write is.
DIFFERENCES = [
    ("//path", "GET&//path&", "a path is signed as it is sent, as the implementation in JavaScript does: each slash counts"),
    ("/path//", "GET&/path/&", "only the last slash is nothing"),
    ("/a/;b", "GET&/a/;b&", "what follows a semicolon is a part of the path like any other"),
    ("/a;", "GET&/a;&", "a semicolon that nothing follows is a part of the path"),
    ("/a;b&c", "GET&/a;b%26c&", "a path that holds & could be taken for a query"),
    ("/a:b/c", "GET&/a:b/c&", "a target that begins with a slash is a path, and no scheme is in it"),
]

COUNT = int(os.environ.get("COUNT", "1000"))
SEED = int(os.environ.get("SEED", "20240229"))
KEY = "com.example.qsh"

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "get", "Post"]
LETTERS = list("abABzZ019-._~!'()*,;:@$+%^`{}|\"<>") + ["%20", "%2B", "%2b", "%2C", "%2F", "%2f", "%26", "%3D", "%25", "%27", "%7E", "%21"]
OCTETS = ["%00", "%0A", "%c3%a9", "%C3%BC", "%E2%82%AC", "%EF%BC%81", "%F0%9F%98%80", "%FF", "%C3", "%ED%A0%80", "%zz", "%4"]
IN_PATH = LETTERS + OCTETS + ["&", "=", "/", "/", "/", "/../", "/./"]
IN_QUERY = LETTERS + OCTETS + ["/", "?", "\\", "[", "]"]
NAMES = ["a", "b", "A", "a-b", "a%2Fb", "a[]", "a.b", "a%20b", "a+b", "%61", "jwt", "%6Awt", "JWT", "", "%C3%A9", "~", "__proto__", "10", "9"]

# What the package reads otherwise, as the table shows; it takes a semicolon and a colon for what they are in some places.
ODD = re.compile(r"//|[;:]")


def text(chance, alphabet, longest):
    return "".join(chance.choices(alphabet, k=chance.randint(0, longest)))


def parameter(chance):
    name = chance.choice([text(chance, IN_QUERY, 4), chance.choice(NAMES), chance.choice(NAMES), chance.choice(NAMES)])
    return chance.choice([name, name + "=", f"{name}={text(chance, IN_QUERY, 5)}", f"{name}={text(chance, IN_QUERY, 5)}", ""])


def requests():
    chance, made = random.Random(SEED), []
    while len(made) < COUNT:
        path = "/" + text(chance, IN_PATH, 8)
        query = "&".join(parameter(chance) for _ in range(chance.randint(0, 6)))
        if not ODD.search(path):
            made.append((chance.choice(METHODS), path, chance.choice([None, query, query, query])))
    return made


def whole(path, query):
    return path if query is None else f"{path}?{query}"


def without_jwt(query):
    """A JWT in the query of a request would have to be the one that is asked about."""
    if query is None:
        return None
    kept = (pair for pair in query.split("&") if "jwt" not in urllib.parse.parse_qs(pair, keep_blank_values=True))
    return "&".join(kept)


class App(BaseHTTPRequestHandler):
    """Takes what the app is told."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append(json.loads(body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class TheReferenceInPython(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings={"HALLMARK_CONNECT__ALLOW_PRIVATE_ADDRESSES": "true"})
        cls.addClassCleanup(cls.server.stop)
        app = ThreadingHTTPServer(("127.0.0.1", 0), App)
        app.told = []
        cls.addClassCleanup(app.server_close)
        threading.Thread(target=app.serve_forever, daemon=True).start()
        cls.addClassCleanup(app.shutdown)
        descriptor = Path(cls.server.folder) / "descriptor.json"
        declared = {
            "key": KEY,
            "name": "Hashes",
            "baseUrl": f"http://127.0.0.1:{app.server_port}",
            "authentication": {"type": "jwt"},
            "lifecycle": {"installed": "/installed"},
            "scopes": ["READ"],
            "apiVersion": 1,
        }
        descriptor.write_text(json.dumps(declared))
        registered = cls.server.command(["app", "connect", str(descriptor)])["app"]["id"]
        cls.server.command(["installation", "add", "--app", registered])
        cls.tenant = app.told[0]

    def sign(self, method, target):
        return atlassian_jwt.encode_token(method, target, timeout_secs=180, payload_kwargs={"iss": KEY}, **self.tenant)

    def sign_text(self, canonical):
        claims = jwt.decode(self.sign("GET", "/"), options={"verify_signature": False})
        claims["qsh"] = hashlib.sha256(canonical.encode()).hexdigest()
        return jwt.encode(claims, self.tenant["sharedSecret"], algorithm="HS256")

    def is_taken(self, token, method, target):
        form = {"token": token, "request_method": method, "request_target": target, "site": self.tenant["clientKey"]}
        basic = base64.b64encode(":".join(RESOURCE).encode()).decode()
        request = urllib.request.Request(
            f"{self.server.origin}/oauth/introspect", urllib.parse.urlencode(form).encode(), {"Authorization": f"Basic {basic}"}
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["active"]

    def test_what_it_signs_is_taken_with_or_without_the_jwt_in_the_query(self):
        for method, path, query in requests():
            token, sent = self.sign(method, whole(path, query)), without_jwt(query)
            with_jwt = f"{sent or ''}&jwt={token}"
            for asked in (sent, with_jwt):
                self.assertTrue(self.is_taken(token, method, whole(path, asked)), (SEED, method, whole(path, asked)))

    def test_what_it_signs_is_taken_for_no_other_request(self):
        for method, path, query in requests():
            query = without_jwt(query)
            token = self.sign(method, whole(path, query))
            others = [
                ("POST" if method.upper() == "GET" else "GET", whole(path, query)),
                (method, whole(path + "z", query)),
                (method, whole(path, f"{query or ''}&z")),
                (method, whole(path, f"{query or ''}&a=another")),
            ]
            for other in others:
                self.assertFalse(self.is_taken(token, *other), (SEED, whole(path, query), other))

    def test_where_we_differ_it_is_not_taken_and_we_are(self):
        for target, ours, why in DIFFERENCES:
            self.assertFalse(self.is_taken(self.sign("GET", target), "GET", target), why)
            self.assertTrue(self.is_taken(self.sign_text(ours), "GET", target), why)


if __name__ == "__main__":
    unittest.main()
