"""examples/nginx/hallmark.conf with Debian's nginx: each kind of credential is let through and refused by auth_request, what is
judged is what is passed on, and nothing gets through while Hallmark is down."""

import base64
import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import atlassian_jwt
import requests

from person import Person
from server import PERSON, READY_WITHIN_SECONDS, REDIRECT_URI, ROOT, Server, free_port

CONFIGURATION = ROOT / "examples/nginx/hallmark.conf"
NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")

API = ("machines", "the-machines-api-authenticates-with-this")
CLIENT = ("desk", "the-desk-app-authenticates-with-this")
IMPORT = "import:import-configuration:cmdb"
SECOND = "second@example.com"
KEY = "com.example.machines"

MODEL = {
    "objects": [
        {"type": "workspace"},
        {"type": "schema", "parent": "workspace"},
        {"type": "object", "parent": "schema"},
        {"type": "import_source", "parent": "schema"},
    ],
    "roles": [
        {"role": "user", "on": ["schema"]},
        {"role": "admin", "on": ["workspace"], "includes": ["user"], "held_by_site_admins": True},
    ],
    "servers": ["/machines/{site}/v1"],
    "operations": [
        {"operation": "GET /object/{id}", "scope": "read:machine", "on": "object", "id": "id", "requires": "user", "connect": "READ"},
        {"operation": "PUT /object/{id}", "scope": "write:machine", "on": "object", "id": "id", "requires": "user", "connect": "WRITE"},
        {"operation": "GET /objects", "scope": "read:machine", "on": "workspace", "requires": "user", "filter": True},
        {"operation": "GET /importsource/{id}", "scope": IMPORT, "on": "import_source", "id": "id", "requires": "admin", "container_token": True},
    ],
}

# What nginx puts there for the API; a caller's own must never arrive.
IDENTITY = ["subject", "username", "client", "act", "site", "workspace", "scope", "credential", "operation", "filter"]


class Upstream(BaseHTTPRequestHandler):
    """The API: it answers what it was asked, and remembers that it was."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        asked = {
            "method": self.command,
            "target": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self.rfile.read(length).decode(),
        }
        self.server.asked.append(asked)
        body = json.dumps(asked).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


class App(BaseHTTPRequestHandler):
    """The Connect app: it takes what it is told."""

    def do_POST(self):
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def listening(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.asked, server.told = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Nginx:
    """nginx with the example, at other addresses."""

    def __init__(self, hallmark, api, secret=API[1]):
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="hallmark-nginx-"))
        text = CONFIGURATION.read_text()
        for written, ours in [
            ("127.0.0.1:8000", f"127.0.0.1:{hallmark}"),
            ("127.0.0.1:9000", f"127.0.0.1:{api}"),
            ("127.0.0.1:8080", f"127.0.0.1:{self.port}"),
        ]:
            if text.count(written) != 1:
                raise AssertionError(f"{written} is not once in {CONFIGURATION}")
            text = text.replace(written, ours)
        (self.folder / "nginx.conf").write_text(text)
        credentials = base64.b64encode(f"{API[0]}:{secret}".encode()).decode()
        (self.folder / "hallmark_secret.conf").write_text(f'set $hallmark_gateway "Basic {credentials}";\n')
        kept = " ".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
        # Its workers would be somebody who may not look into our folder.
        user = "user root; " if os.geteuid() == 0 else ""
        globals = f"{user}daemon off; pid {self.folder}/nginx.pid;"
        # Where nginx keeps long bodies is compiled in, and nobody but root may write there.
        (self.folder / "nginx.conf").write_text(text.replace("http {", f"http {{ client_body_temp_path {self.folder}/body; {kept}", 1))
        command = [NGINX, "-p", str(self.folder), "-c", "nginx.conf", "-e", "stderr", "-g", globals]
        subprocess.run([*command, "-t", "-q"], check=True)
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        until = time.monotonic() + READY_WITHIN_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    self.stop()
                    raise

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.text = response.status, response.headers, response.read().decode()

    def json(self):
        return json.loads(self.text)


def basic(*pair):
    return "Basic " + base64.b64encode(":".join(pair).encode()).decode()


class ThroughNginx(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if NGINX is None:
            raise RuntimeError("nginx is missing (Debian: nginx-light)")
        cls.hallmark = Server(settings={"HALLMARK_CONNECT__ALLOW_PRIVATE_ADDRESSES": "true"})
        cls.addClassCleanup(cls.hallmark.stop)
        cls.app, cls.upstream = listening(App), listening(Upstream)
        for server in (cls.app, cls.upstream):
            cls.addClassCleanup(server.server_close)
            cls.addClassCleanup(server.shutdown)
        cls.furnish()
        port = urllib.parse.urlsplit(cls.hallmark.origin).port
        cls.nginx = Nginx(port, cls.upstream.server_port)
        cls.addClassCleanup(cls.nginx.stop)

    @classmethod
    def furnish(cls):
        """The API with its model and objects, two people of whom one holds a role, and each kind of credential."""
        run = cls.hallmark.command
        run(
            ["resource", "add", "--id", API[0], "--name", "Machines", "--identifier", "https://machines.example"]
            + ["--scope", "read:machine", "--scope", "write:machine", "--scope", IMPORT, "--secret-stdin"],
            API[1],
        )
        model = Path(cls.hallmark.folder) / "model.json"
        model.write_text(json.dumps(MODEL))
        run(["resource", "access", "set", API[0], "--model", str(model)])
        run(
            ["app", "add", "--client-id", CLIENT[0], "--redirect-uri", REDIRECT_URI, "--no-pkce", "--profile", "atlassian"]
            + ["--grant", "authorization_code", "--scope", "read:machine", "--secret-stdin"],
            CLIENT[1],
        )
        run(["user", "add", SECOND, "--password-stdin"], PERSON[1])
        cls.site = run(["site", "list"])[0]
        cls.source = run(["container", "add", cls.site["id"], "--label", "Hosts"])["id"]
        schema = {"type": "schema", "id": "4"}
        told = [
            {**schema, "label": "Machines"},
            {"type": "object", "id": "88", "label": "Crane", "parent": schema},
            {"type": "import_source", "id": cls.source, "label": "Hosts", "parent": schema},
        ]
        body = {"site": cls.site["id"], "objects": told}
        requests.put(f"{cls.hallmark.origin}/access/v1/objects", json=body, auth=API).raise_for_status()

        descriptor = Path(cls.hallmark.folder) / "descriptor.json"
        declared = {
            "key": KEY,
            "name": "Machines",
            "baseUrl": f"http://127.0.0.1:{cls.app.server_port}",
            "authentication": {"type": "jwt"},
            "lifecycle": {"installed": "/installed"},
            "scopes": ["READ"],
            "apiVersion": 1,
        }
        descriptor.write_text(json.dumps(declared))
        registered = run(["app", "connect", str(descriptor)])["app"]["id"]
        installed = run(["installation", "add", "--app", registered])["id"]
        cls.tenant = cls.app.told[0]
        for subject in (PERSON[0], f"app:{installed.rsplit('/', 1)[-1]}"):
            run(["role", "give", "user", "--resource", API[0], "--on", "schema:4", "--to", subject])

        cls.tokens = {email: cls.access_token(email) for email in (PERSON[0], SECOND)}
        script = ["token", "create", PERSON[0], "--label", "Script", "--scope"]
        cls.script, cls.writer = (run([*script, scope])["token"] for scope in ("read:machine", "write:machine"))
        cls.container = run(["container", "token", cls.site["id"], cls.source])["token"]

    @classmethod
    def access_token(cls, email):
        asked = {
            "response_type": "code", "client_id": CLIENT[0], "redirect_uri": REDIRECT_URI, "scope": "read:machine", "state": "s",
            "prompt": "consent",
        }
        origin = cls.hallmark.origin
        answer = Person(origin, email, PERSON[1]).decide(f"{origin}/authorize?{urllib.parse.urlencode(asked)}")
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(answer).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
        return requests.post(f"{origin}/oauth/token", data=form, auth=CLIENT).json()["access_token"]

    def target(self, path):
        return f"/machines/{self.site['workspace_id']}/v1{path}"

    def jwt(self, method, target):
        return atlassian_jwt.encode_token(method, target, timeout_secs=180, payload_kwargs={"iss": KEY}, **self.tenant)

    def call(self, method, target, authorization=None, more=(), body=None, nginx=None):
        """One request, whose target is sent as it is written."""
        connection = http.client.HTTPConnection("127.0.0.1", (nginx or self.nginx).port, timeout=30)
        try:
            connection.putrequest(method, target)
            for name, value in [*([("Authorization", authorization)] if authorization else []), *more]:
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body.encode() if body is not None else None)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def bearer(self, token=None):
        return f"Bearer {token or self.tokens[PERSON[0]]}"

    def passes(self, method, target, *args, **more):
        answer = self.call(method, target, *args, **more)
        self.assertEqual(answer.status, 200, answer.text)
        asked = answer.json()
        self.assertEqual((asked["method"], asked["target"]), (method, target))
        return asked

    def stops(self, status, *args, **more):
        before = len(self.upstream.asked)
        answer = self.call(*args, **more)
        self.assertEqual(answer.status, status, f"{args}: {answer.text}")
        self.assertEqual(len(self.upstream.asked), before, f"{args} reached the API")
        return answer

    def identity(self, asked):
        return {name: asked["headers"].get(f"x-hallmark-{name}") for name in IDENTITY}

    def test_each_kind_of_credential_is_let_through_and_the_api_learns_whose_it_is(self):
        object = self.target("/object/88")
        jwt_in_query = f"{object}?jwt={self.jwt('GET', object)}"
        source = self.target(f"/importsource/{self.source}")
        for target, authorization, kind in [
            (object, self.bearer(), "oauth_user"),
            (object, f"JWT {self.jwt('GET', object)}", "connect_app"),
            (jwt_in_query, None, "connect_app"),
            (object, basic(PERSON[0], self.script), "api_token"),
            (object, self.bearer(self.script), "api_token"),
            (source, self.bearer(self.container), "container_token"),
        ]:
            with self.subTest(kind=kind, target=target):
                asked = self.passes("GET", target, authorization)
                told = self.identity(asked)
                self.assertEqual((told["credential"], told["site"]), (kind, self.site["id"]))
                self.assertNotIn("authorization", asked["headers"])

    def test_an_identity_is_whole(self):
        told = self.identity(self.passes("GET", self.target("/objects?x=1"), self.bearer()))

        self.assertTrue(told.pop("subject").startswith("user:"))
        expected = {
            "username": PERSON[0], "client": CLIENT[0], "act": None, "site": self.site["id"], "workspace": self.site["workspace_id"],
            "scope": "read:machine", "credential": "oauth_user", "operation": "GET /objects", "filter": "true",
        }
        self.assertEqual(told, expected)

    def test_each_kind_of_credential_is_refused_where_it_does_not_reach(self):
        object, source = self.target("/object/88"), self.target(f"/importsource/{self.source}")
        other = self.target("/importsource/11111111-1111-4111-8111-111111111111")
        for status, layer, error, method, target, authorization in [
            (401, "1", "missing_token", "GET", object, None),
            (401, "1", "invalid_token", "GET", object, self.bearer("hma_unknown")),
            (401, "1", "invalid_token", "GET", object, f"JWT {self.jwt('GET', object + '9')}"),
            (401, "1", "invalid_token", "GET", object, basic(SECOND, self.script)),
            (403, "2", "insufficient_scope", "PUT", object, self.bearer()),
            (403, "2", "insufficient_scope", "PUT", object, f"JWT {self.jwt('PUT', object)}"),
            (403, "2", "insufficient_scope", "PUT", object, basic(PERSON[0], self.script)),
            (403, "2", "insufficient_scope", "GET", object, basic(PERSON[0], self.writer)),
            (403, "2", "insufficient_scope", "GET", object, self.bearer(self.container)),
            (403, "2", "insufficient_scope", "GET", other, self.bearer(self.container)),
            (403, "2", "insufficient_scope", "GET", source, self.bearer()),
            (403, "3", "access_denied", "GET", object, self.bearer(self.tokens[SECOND])),
            (403, "3", "access_denied", "GET", self.target("/object/99"), self.bearer()),
        ]:
            with self.subTest(layer=layer, target=target, authorization=authorization):
                answer = self.stops(status, method, target, authorization)
                told = answer.json()
                self.assertEqual((told["layer"], told["error"]), (layer, error))
                challenges = answer.headers.get_all("WWW-Authenticate", [])
                # Newer versions of nginx hand on the second challenge, for JWT, too.
                self.assertEqual(len(challenges), len(set(challenges)), challenges)
                names = [challenge.split(",")[0] for challenge in challenges]
                self.assertEqual(names[:1], [] if layer == "3" else ['Bearer realm="Machines"'])
                if layer == "3":
                    self.assertEqual(told["required"], "user")
                    self.assertTrue(told["trace"])

    def test_what_a_caller_forges_never_arrives(self):
        forged = [(f"X-Hallmark-{name}", "forged") for name in (*IDENTITY, "authorization")]
        forged += [(f"x_hallmark_{name}", "forged") for name in IDENTITY]
        forged += [("X-HTTP-Method-Override", "DELETE"), ("X-Original-URI", "/"), ("X-Original-Method", "PUT")]
        forged += [("X-Forwarded-Uri", self.target("/objects")), ("X-Forwarded-Method", "GET")]

        asked = self.passes("GET", self.target("/object/88"), basic(PERSON[0], self.script), forged)

        told = self.identity(asked)
        self.assertEqual((told["client"], told["act"], told["filter"]), (None, None, None))
        self.assertEqual((told["username"], told["operation"]), (PERSON[0], "GET /object/{id}"))
        for name, value in asked["headers"].items():
            if "hallmark" in name or "override" in name:
                self.assertNotIn(value, ("forged", "DELETE"), name)
        self.stops(403, "GET", self.target("/object/99"), self.bearer(), forged)
        self.stops(401, "GET", self.target("/object/88"), None, forged)

    def test_a_credential_is_sent_once(self):
        object = self.target("/object/88")
        self.assertIn(self.call("GET", object, self.bearer(), [("Authorization", self.bearer())]).status, (400, 401))
        self.stops(401, "GET", object, self.bearer() + ", " + self.bearer())
        self.stops(403, "GET", f"{object}?jwt={self.jwt('GET', object)}", self.bearer())
        self.stops(403, "GET", f"{object}?access_token={self.tokens[PERSON[0]]}")

    def test_a_path_that_two_readers_could_read_differently_is_refused(self):
        allowed = self.target("/object/88")
        for target in [
            self.target("//object/88"),
            "/" + allowed,
            self.target("/object//88"),
            self.target("/object/88/"),
            self.target("/nothing/../object/88"),
            self.target("/nothing/%2e%2e/object/88"),
            self.target("/object/99/%2E./88"),
            self.target("/object/88/.."),
            self.target("/./object/88"),
            self.target("/object/8%38"),
            self.target("/object%2f88"),
            self.target("/object%5c88"),
            self.target("/object\\88"),
            self.target("/object/88;a=b"),
            self.target("/object/88%00"),
            self.target("/object/88%3fx"),
            self.target("/OBJECT/88"),
            self.target("/object/88%20"),
        ]:
            with self.subTest(target=target):
                before = len(self.upstream.asked)
                answer = self.call("GET", target, self.bearer())
                # Some nginx itself does not read.
                self.assertIn(answer.status, (400, 403), answer.text)
                self.assertEqual(len(self.upstream.asked), before)

    def test_the_question_cannot_be_asked_from_outside_and_no_other_method_leads_anywhere(self):
        self.stops(404, "GET", "/hallmark", self.bearer())
        for method in ("HEAD", "DELETE", "POST"):
            self.stops(403, method, self.target("/object/88"), self.bearer())

    def test_a_body_goes_to_the_api_alone(self):
        asked = self.passes("PUT", self.target("/object/88"), basic(PERSON[0], self.writer), body="x" * 100_000)
        self.assertEqual(len(asked["body"]), 100_000)

    def test_nothing_gets_through_a_gateway_that_hallmark_does_not_know_or_that_does_not_reach_it(self):
        port, object = urllib.parse.urlsplit(self.hallmark.origin).port, self.target("/object/88")
        for nginx in (Nginx(port, self.upstream.server_port, secret="another"), Nginx(free_port(), self.upstream.server_port)):
            self.addCleanup(nginx.stop)
            self.stops(500, "GET", object, self.bearer(), nginx=nginx)
            self.stops(500, "GET", object, nginx=nginx)


if __name__ == "__main__":
    unittest.main()
