"""The real binary on a fresh data folder and a free port of the loopback address, seeded by its own commands."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("BINARY", str(ROOT / "target/release/hallmark"))
READY_WITHIN_SECONDS = 30

PERSON = ("pat@example.com", "correct horse battery staple")
RESOURCE = ("assets", "the-assets-server-authenticates-with-this")
AUDIENCE = "https://assets.example"
APP = ("inventory", "the-inventory-app-authenticates-with-this")
REDIRECT_URI = "http://127.0.0.1:9/callback"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running server with a person, a protected resource and an app."""

    def __init__(self, port=None, issuer=None, settings=None):
        port = port or free_port()
        self.origin = f"http://127.0.0.1:{port}"
        self.issuer = issuer or self.origin
        self.folder = tempfile.mkdtemp(prefix="hallmark-test-")
        # Nothing of the caller's environment: a HALLMARK_ variable there would be a setting here.
        self.environment = {
            "PATH": os.environ["PATH"],
            "ROCKET_PORT": str(port),
            "HALLMARK_ISSUER__URL": self.issuer,
            "HALLMARK_LOG": "warn",
            **(settings or {}),
        }
        self.process = subprocess.Popen(
            [BINARY, "--data", self.folder, "serve"], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL
        )
        try:
            self._wait()
            self._seed()
        except BaseException:
            self.stop()
            raise

    def _wait(self):
        until = time.monotonic() + READY_WITHIN_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}")
            try:
                urllib.request.urlopen(f"{self.origin}/.well-known/oauth-authorization-server").close()
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.05)
        raise RuntimeError(f"the server does not answer after {READY_WITHIN_SECONDS} s")

    def _seed(self):
        self.command(["user", "add", PERSON[0], "--name", "Pat Person", "--password-stdin"], PERSON[1])
        self.command(
            ["resource", "add", "--id", RESOURCE[0], "--name", "Assets", "--identifier", AUDIENCE]
            + ["--scope", "read:asset=See your assets", "--secret-stdin"],
            RESOURCE[1],
        )
        self.command(
            ["app", "add", "--client-id", APP[0], "--name", "Inventory", "--redirect-uri", REDIRECT_URI]
            + ["--grant", "authorization_code", "--grant", "refresh_token"]
            + ["--scope", "read:asset", "--scope", "offline_access", "--secret-stdin"],
            APP[1],
        )

    def command(self, words, secret=""):
        """Runs one command of the binary, which reaches the server through its socket."""
        done = subprocess.run(
            [BINARY, "--data", self.folder, "--json", *words],
            cwd=self.folder,
            env=self.environment,
            input=secret,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise RuntimeError(f"hallmark {' '.join(words)}: {done.stderr}")
        return json.loads(done.stdout)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
