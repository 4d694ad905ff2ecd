"""Nodes of the server: each a process with a data folder of its own, all on one database, nothing before them."""

import json
import os
import pathlib
import secrets
import socket
import subprocess
import time

import lib_postgres
from lib_people import Connection, Gone

# A connection that was idle for longer may be one that its node is about to close.
IDLE = 4
# What no figure here is about: passwords that cost what they must, and counts of those who guess.
HURRIED = {
    "HALLMARK_PASSWORDS__MEMORY_KIB": "64",
    "HALLMARK_PASSWORDS__QUEUE": "1000",
    **{f"HALLMARK_THROTTLE__{rate}__PER_MINUTE": "0" for rate in (
        "SIGN_IN_PER_ADDRESS", "SIGN_IN_PER_ACCOUNT", "SIGN_IN_PER_ACCOUNT_ANYWHERE", "LEAKS_PER_ADDRESS")},
}


class Node:
    """One node."""

    def __init__(self, binary, folder, environment, before=()):
        self.binary, self.folder, self.before = binary, folder, list(before)
        self.port = lib_postgres.free_port()
        self.environment = {**os.environ, **environment, "ROCKET_PORT": str(self.port), "HALLMARK_OPERATIONS__ADDRESS": "off"}
        self.process = None
        folder.mkdir(mode=0o700)

    def start(self):
        with open(self.folder / "log", "ab") as log:
            command = [*self.before, self.binary, "--data", self.folder / "data", "serve"]
            self.process = subprocess.Popen(command, env=self.environment, cwd=self.folder, stdout=log, stderr=log)

    def wait(self, seconds=30):
        """Returns once it can be reached."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise lib_postgres.Failed(f"a node ended with {self.process.returncode}; {self.folder / 'log'} says why")
            try:
                return socket.create_connection((lib_postgres.HOST, self.port), timeout=1).close()
            except OSError:
                time.sleep(0.01)
        raise lib_postgres.Failed(f"a node cannot be reached; {self.folder / 'log'} may say why")

    def tell(self, arguments, secret=""):
        """What a command on this node answers. `arguments` is a line, or a list where one of them has a space."""
        words = arguments.split() if isinstance(arguments, str) else arguments
        command = [self.binary, "--data", self.folder / "data", "--json", *words]
        done = subprocess.run(command, input=secret, text=True, check=False, capture_output=True, env=self.environment, cwd=self.folder)
        if done.returncode:
            raise lib_postgres.Failed(f"hallmark {' '.join(map(str, words))}: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def cpu_seconds(self):
        return lib_postgres.cpu_of(self.process.pid)[0]

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def nodes(binary, folder, count, url, before=(), **settings):
    """So many nodes that are the same server: one issuer, one key-encryption key, one store. They are not started."""
    kek = folder / "kek"
    if not kek.exists():
        kek.touch(mode=0o600)
        kek.write_text(secrets.token_hex(32) + "\n")
    environment = {**HURRIED, "HALLMARK_ISSUER__URL": f"http://{lib_postgres.HOST}:{lib_postgres.free_port()}", "HALLMARK_KEYS__KEK_FILE": str(kek)}
    if url:
        environment["HALLMARK_STORE__URL"] = url
    return [Node(binary, folder / f"node{number}", {**environment, **settings}, before) for number in range(1, count + 1)]


def start(these):
    """Starts all of them at once; none is left if one does not start."""
    for node in these:
        node.start()
    try:
        for node in these:
            node.wait()
    except lib_postgres.Failed:
        for node in these:
            node.stop()
        raise


def host_of(node):
    """What a browser has in its address bar, whichever node answers."""
    return node.environment["HALLMARK_ISSUER__URL"].removeprefix("http://")


class Anywhere:
    """A connection to each node, kept open; `choose` says which has the next request, given all ports and the last one."""

    def __init__(self, ports, host, choose):
        self.ports, self.host, self.choose = ports, host, choose
        self.kept, self.last = {}, None
        self.counts = {port: 0 for port in ports}

    def ask(self, method, path, form=None, **headers):
        port = self.last = self.choose(self.ports, self.last)
        self.counts[port] += 1
        connection, used = self.kept.pop(port, (None, 0))
        if connection and time.monotonic() - used > IDLE:
            connection.close()
            connection = None
        connection = connection or Connection(port, self.host)
        try:
            answer = connection.ask(method, path, form, **headers)
        except Gone:
            connection.close()
            raise
        if ("connection", "close") in [(name, value.lower()) for name, value in answer[1]]:
            connection.close()
        else:
            self.kept[port] = connection, time.monotonic()
        return answer

    def close(self):
        for connection, _ in self.kept.values():
            connection.close()


def drawn(draw):
    """Any node, as it is drawn."""
    return lambda ports, last: draw.choice(ports)


def another(draw):
    """Any node but the one that had the request before."""
    return lambda ports, last: draw.choice([port for port in ports if port != last] or ports)


def new_database(server, name="hallmark"):
    """A database for one run, in a server that is ours; its URL."""
    server.ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    server.ask(f"CREATE DATABASE {name}")
    return server.url(name)


def binary_or_exit(script, binary):
    path = pathlib.Path(binary)
    if not path.exists():
        raise SystemExit(f"{script}: missing: {path} (cargo build --release --locked)")
    return path.resolve()
