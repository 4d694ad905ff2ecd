"""People at their browsers with an app and scripts of theirs, and the record of what all of them were told.

An answer counts as an acknowledgement once it was read whole; what was under way otherwise may have happened or not.
"""

import base64
import dataclasses
import enum
import json
import random
import re
import socket
import threading
import urllib.parse

SECRET = "a secret of the crash test, long enough for anybody"
PASSWORD = "correct horse battery staple"
CALLBACK = "https://app.example/callback"
VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
IMPORT = "import:import-configuration:cmdb"


class Gone(Exception):
    """The server went away before an answer was read whole."""


class Connection:
    """One connection to the server, kept open."""

    def __init__(self, port, host=None):
        self.host = host or f"127.0.0.1:{port}"
        self.buffer = b""
        try:
            self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            raise Gone from error

    def ask(self, method, path, form=None, **headers):
        """Status, headers and body of a whole answer."""
        self.send(self.written(method, path, form, **headers))
        return self.answer()

    def written(self, method, path, form=None, **headers):
        """A request as it is sent."""
        body = urllib.parse.urlencode(form or {}).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}"]
        if method == "POST":
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def send(self, octets):
        try:
            self.socket.sendall(octets)
        except OSError as error:
            raise Gone from error

    def answer(self):
        """Status, headers and body of the next answer."""
        while b"\r\n\r\n" not in self.buffer:
            self._read()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        length = int(dict(headers).get("content-length", 0))
        while len(self.buffer) < length:
            self._read()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return int(status.split(" ")[1]), headers, body.decode()

    def _read(self):
        try:
            part = self.socket.recv(65536)
        except OSError as error:
            raise Gone from error
        if not part:
            raise Gone
        self.buffer += part

    def close(self):
        self.socket.close()


def basic(name):
    return "Basic " + base64.b64encode(f"{name}:{urllib.parse.quote(SECRET, safe='')}".encode()).decode()


class Doing(enum.Enum):
    """What may be under way at the kill, beyond what leaves nothing behind."""

    REDEEM, ROTATE, REVOKE_ACCESS, REVOKE_FAMILY, WITHDRAW, REPLACE, REPORT = range(7)


@dataclasses.dataclass
class Family:
    """Everything that came from one code, as it was acknowledged."""

    code: str
    access: list
    refresh: list
    ended: bool = False
    revoked: set = dataclasses.field(default_factory=set)


class Person:
    """Somebody at a browser with the app that they allowed, and the record of what both were told."""

    def __init__(self, number, seed):
        self.email = f"person{number}@example.com"
        self.random = random.Random(f"{seed} {number}")
        self.cookies = {}
        self.connection = None
        self.codes = []
        self.families = []
        self.own_tokens = {}
        # The path of their import source, their script's credentials, the live container token and those that are over.
        self.import_path = self.script = self.container_token = None
        self.over = []
        self.doing = None
        self.acknowledged = 0
        self.faults = []
        self.checked = 0

    # What the person and the app ask for.

    def connect(self, port):
        if self.connection:
            self.connection.close()
        self.connection = Connection(port)

    def browse(self, method, path, form=None):
        """The page that a browser comes to, or where it is sent outside the server."""
        while True:
            cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            status, headers, body = self.connection.ask(method, path, form, Cookie=cookies, Origin=f"http://{self.connection.host}")
            for name, value in headers:
                if name == "set-cookie":
                    cookie, _, content = value.split(";", 1)[0].partition("=")
                    self.cookies[cookie] = content
            location = dict(headers).get("location", "")
            if status not in (302, 303) or location.startswith(CALLBACK):
                return status, location, body
            method, path, form = "GET", urllib.parse.urljoin("/", location.removeprefix(f"http://{self.connection.host}")), None

    def submit(self, page, action, **typed):
        form = page[page.index(f'action="{action}"'):]
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form[:form.index("</form>")]))
        return self.browse("POST", action, {**hidden, **typed})

    def allow(self):
        """Signs in where need be and allows the app; the code is not used."""
        status, location, page = self.browse("GET", authorize())
        if 'action="/login"' in page:
            status, location, page = self.submit(page, "/login", email=self.email, password=PASSWORD)
        if 'action="/consent"' in page:
            status, location, page = self.submit(page, "/consent", decision="allow")
        return status in (200, 303)

    def app(self, path, **form):
        status, _, body = self.connection.ask("POST", path, form, Authorization=basic("app"))
        return status, json.loads(body) if body.startswith("{") else {}

    def redeem(self, code):
        return self.app("/oauth/token", grant_type="authorization_code", code=code, code_verifier=VERIFIER, redirect_uri=CALLBACK)

    def refresh(self, token):
        return self.app("/oauth/token", grant_type="refresh_token", refresh_token=token)

    def replace(self):
        status, _, body = self.connection.ask("POST", self.import_path, {}, Authorization=self.script)
        return status, json.loads(body) if body.startswith("{") else {}

    def report(self):
        return self.connection.ask("POST", "/tokens/leaked", {"token": self.container_token})[0]

    def is_active(self, token):
        status, _, body = self.connection.ask("POST", "/oauth/introspect", {"token": token}, Authorization=basic("api"))
        if status != 200:
            self.faults.append(f"introspection answers {status}")
        return status == 200 and json.loads(body)["active"]

    # The load. Each step keeps what it was told, and only once it was told.

    def work(self, stop):
        try:
            while not stop.is_set():
                self.step()
        except Gone:
            pass

    def step(self):
        live = [family for family in self.families if not family.ended]
        draw = self.random.random()
        if draw < 0.20 or not live and draw < 0.6:
            self.issue_code()
        elif draw < 0.40 and self.codes:
            self.redeem_one(self.codes.pop(self.random.randrange(len(self.codes))))
        elif draw < 0.65 and live:
            self.rotate(self.random.choice(live))
        elif draw < 0.73 and live:
            self.revoke_access(self.random.choice(live))
        elif draw < 0.80 and live:
            self.revoke_family(self.random.choice(live))
        elif draw < 0.805 and live:
            self.withdraw()
        elif draw < 0.87:
            self.replace_container_token()
        elif draw < 0.88 and self.container_token:
            self.report_container_token()
        else:
            self.issue_own()

    def told(self, status, expected, what):
        """Counts an acknowledgement. After a refusal for want of a disk it is unknown what happened, as after no answer."""
        if status in expected:
            self.acknowledged += 1
            return True
        if status == 503:
            raise Gone
        self.faults.append(f"{what} is answered with {status} under load")
        return False

    def issue_code(self):
        status, location, _ = self.browse("GET", authorize())
        if self.told(status, [303], "a remembered consent"):
            self.codes.append(code_in(location))

    def redeem_one(self, code):
        self.doing = (Doing.REDEEM, code)
        status, tokens = self.redeem(code)
        if self.told(status, [200], "a code"):
            self.families.append(Family(code, [tokens["access_token"]], [tokens["refresh_token"]]))
            self.doing = None

    def rotate(self, family):
        self.doing = (Doing.ROTATE, family)
        status, tokens = self.refresh(family.refresh[-1])
        if self.told(status, [200], "a refresh token"):
            family.access.append(tokens["access_token"])
            family.refresh.append(tokens["refresh_token"])
            self.doing = None

    def revoke_access(self, family):
        token = self.random.choice(family.access)
        self.doing = (Doing.REVOKE_ACCESS, (family, token))
        if self.told(self.app("/oauth/revoke", token=token)[0], [200], "a revocation"):
            family.revoked.add(token)
            self.doing = None

    def revoke_family(self, family):
        self.doing = (Doing.REVOKE_FAMILY, family)
        if self.told(self.app("/oauth/revoke", token=family.refresh[-1])[0], [200], "a revocation"):
            family.ended = True
            self.doing = None

    def withdraw(self):
        _, _, page = self.browse("GET", "/account/apps")
        place = re.search(r'href="(/account/apps/[^"]+)"', page)[1]
        _, _, page = self.browse("GET", place)
        self.doing = (Doing.WITHDRAW, None)
        if self.told(self.submit(page, f"{place}/remove")[0], [200], "a withdrawal"):
            self.end_all()
            self.doing = None
            self.allow()

    def issue_own(self):
        status, tokens = self.app("/oauth/token", grant_type="client_credentials", scope="read:object")
        if self.told(status, [200], "client credentials"):
            self.own_tokens[tokens["access_token"]] = True
        if self.own_tokens and self.random.random() < 0.2:
            token = self.random.choice(list(self.own_tokens))
            # Until it is acknowledged it may be either, and is not asked about.
            del self.own_tokens[token]
            if self.told(self.app("/oauth/revoke", token=token)[0], [200], "a revocation"):
                self.own_tokens[token] = False

    def replace_container_token(self):
        self.doing = (Doing.REPLACE, None)
        status, made = self.replace()
        if self.told(status, [200], "a container token"):
            self.has_token(made["token"])
            self.doing = None

    def report_container_token(self):
        self.doing = (Doing.REPORT, None)
        if self.told(self.report(), [202], "a report of a leaked token"):
            self.has_token(None)
            self.doing = None

    def has_token(self, token):
        """From now on this is the token of the import source, and the one before is over."""
        if self.container_token:
            self.over.append(self.container_token)
        self.container_token = token

    def end_all(self):
        for family in self.families:
            family.ended = True
        self.families += [Family(code, [], [], ended=True) for code in self.codes]
        self.codes = []

    # The check.

    def expect(self, holds, what):
        self.checked += 1
        if not holds:
            self.faults.append(f"{self.email}: {what}")

    def check(self):
        try:
            self.settle_what_was_under_way()
            self.check_tokens()
            self.check_single_use()
        except Gone:
            self.faults.append(f"{self.email}: the server went away while it was asked what it holds")
        except (AttributeError, KeyError, ValueError, TypeError) as error:
            self.faults.append(f"{self.email}: an answer is not what it was before the kill: {error!r}")

    def settle_what_was_under_way(self):
        """It happened or it did not; asking again leads to a state that is known."""
        what, subject = self.doing or (None, None)
        self.doing = None
        if what is Doing.REDEEM:
            status, tokens = self.redeem(subject)
            self.expect(status in (200, 400), f"a code whose redemption was cut is answered with {status}")
            if status == 200:
                self.families.append(Family(subject, [tokens["access_token"]], [tokens["refresh_token"]]))
        elif what is Doing.ROTATE:
            status, tokens = self.refresh(subject.refresh[-1])
            self.expect(status == 200, f"an app whose rotation was cut cannot go on: {status}")
            if status == 200:
                subject.access.append(tokens["access_token"])
                subject.refresh.append(tokens["refresh_token"])
        elif what is Doing.REVOKE_ACCESS:
            family, token = subject
            self.expect(self.app("/oauth/revoke", token=token)[0] == 200, "a revocation that was cut cannot be repeated")
            family.revoked.add(token)
        elif what is Doing.REVOKE_FAMILY:
            self.expect(self.app("/oauth/revoke", token=subject.refresh[-1])[0] == 200, "a revocation that was cut cannot be repeated")
            subject.ended = True
        elif what is Doing.REPLACE:
            status, made = self.replace()
            self.expect(status == 200, f"a container token whose making was cut cannot be made again: {status}")
            self.has_token(made.get("token"))
        elif what is Doing.REPORT:
            self.expect(self.report() == 202, "a report that was cut cannot be repeated")
            self.has_token(None)
        elif what is Doing.WITHDRAW:
            live = [(family, token) for family in self.families if not family.ended for token in family.access if token not in family.revoked]
            active = {self.is_active(token) for _, token in live}
            self.expect(len(active) < 2, "a withdrawal that was cut happened by half")
            if active != {True}:
                self.end_all()

    def check_tokens(self):
        for family in self.families:
            for token in family.access:
                live = not family.ended and token not in family.revoked
                self.expect(self.is_active(token) == live, "an issued token is gone" if live else "a revoked token is active again")
        for token, live in self.own_tokens.items():
            self.expect(self.is_active(token) == live, "an issued token is gone" if live else "a revoked token is active again")
        if self.container_token:
            self.expect(self.is_active(self.container_token), "the token of an import source is gone")
        for token in self.over:
            self.expect(not self.is_active(token), "a replaced or reported token is active again")
        for family in self.families:
            if family.ended and family.refresh:
                self.expect(self.refresh(family.refresh[-1])[0] == 400, "an ended refresh token works again")

    def check_single_use(self):
        self.expect(self.allow(), "the session or the consent is gone")
        for code in self.codes:
            status, tokens = self.redeem(code)
            self.expect(status == 200, f"an issued code is gone: {status}")
            if status == 200:
                self.families.append(Family(code, [tokens["access_token"]], [tokens["refresh_token"]]))
        self.codes = []
        for turn, family in enumerate(self.families):
            if family.ended:
                self.expect(self.redeem(family.code)[0] == 400, "a spent code redeems again")
                continue
            status, tokens = self.refresh(family.refresh[-1])
            self.expect(status == 200, f"the newest refresh token is gone: {status}")
            if status != 200:
                family.ended = True
                continue
            family.access.append(tokens["access_token"])
            family.refresh.append(tokens["refresh_token"])
            if turn % 3 == 0:
                continue
            reused = turn % 3 == 1 and len(family.refresh) > 2
            again = self.refresh(family.refresh[-3]) if reused else self.redeem(family.code)
            self.expect(again[0] == 400, "an old refresh token works again" if reused else "a redeemed code redeems again")
            family.ended = True
            self.expect(not self.is_active(family.access[-1]), "a replay left its family alive")

    def forget(self, bounds):
        """Drops what the next rounds are not asked about."""
        self.families = self.families[-bounds:]
        self.over = self.over[-bounds:]
        for token in list(self.own_tokens)[:-bounds]:
            del self.own_tokens[token]


def asked(client="app"):
    """What an app asks a browser to bring, or pushes itself."""
    return {
        "response_type": "code", "client_id": client, "redirect_uri": CALLBACK, "state": "s", "scope": "read:object offline_access",
        "code_challenge_method": "S256", "code_challenge": CHALLENGE,
    }


def authorize(client="app"):
    return "/oauth/authorize?" + urllib.parse.urlencode(asked(client))


def code_in(location):
    return urllib.parse.parse_qs(urllib.parse.urlsplit(location).query)["code"][0]


def in_parallel(work):
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    return threads


def prepare(tell, people):
    """Registers the API, the app and the people; `tell` gives the server's program a line and perhaps a secret, and has its answer."""
    tell(f"resource add --id api --identifier https://api.example --scope read:object --scope {IMPORT} --secret-stdin", SECRET)
    tell(f"app add --client-id app --redirect-uri {CALLBACK} --secret-stdin --scope read:object --scope offline_access "
         "--grant authorization_code --grant refresh_token --grant client_credentials", SECRET)
    site = tell("site list")[0]
    for person in people:
        tell(f"user add {person.email} --name Person --password-stdin", PASSWORD)
        tell(f"site add-member {site['id']} {person.email} --admin")
        token = tell(f"token create {person.email} --label Script --scope {IMPORT}")["token"]
        source = tell(f"container add {site['id']} --label Source")["id"]
        person.script = "Basic " + base64.b64encode(f"{person.email}:{token}".encode()).decode()
        person.import_path = f"/jsm/assets/workspace/{site['workspace_id']}/v1/importsource/{source}/token"
