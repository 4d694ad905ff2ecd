"""Where a client believes Atlassian's API to be: a proxy with one tunnel, to a TLS listener with the name of that API, which hands
what it is asked to the demo's API, and what concerns tokens of import sources to Hallmark."""

import select
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

HOST = "api.atlassian.com"
FORWARDED = ("Authorization", "Accept", "Content-Type")


class AssetsTunnel:
    def __init__(self, issuer, api):
        self.folder = Path(tempfile.mkdtemp(prefix="hallmark-tunnel-"))
        self.certificate, key = self.folder / "certificate.pem", self.folder / "key.pem"
        words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=Tests"]
        words += ["-keyout", key, "-out", self.certificate, "-addext", f"subjectAltName=DNS:{HOST}"]
        subprocess.run(["openssl", *words], check=True, capture_output=True)
        tunnel = self
        #: What was asked through it, as `GET /path`.
        self.asked = []

        class Inside(BaseHTTPRequestHandler):
            def forward(self):
                tunnel.asked.append(f"{self.command} {self.path}")
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                of_hallmark = self.path.endswith("/token") or self.path == "/jsm/assets/v1/imports/info"
                headers = {name: self.headers[name] for name in FORWARDED if name in self.headers}
                target = (issuer if of_hallmark else api) + self.path
                answer = requests.request(self.command, target, data=body, headers=headers, allow_redirects=False)
                self.send_response(answer.status_code)
                self.send_header("Content-Type", answer.headers.get("Content-Type", "text/plain"))
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST = do_PUT = do_DELETE = forward

            def log_message(self, *_):
                pass

        class Outside(BaseHTTPRequestHandler):
            def do_CONNECT(self):
                if self.path != f"{HOST}:443":
                    return self.send_error(403)
                with socket.create_connection(("127.0.0.1", tunnel._inside.server_port)) as inside:
                    self.send_response(200)
                    self.end_headers()
                    carry(self.connection, inside)
                self.close_connection = True

            def log_message(self, *_):
                pass

        self._inside = ThreadingHTTPServer(("127.0.0.1", 0), Inside)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self._inside.socket = context.wrap_socket(self._inside.socket, server_side=True)
        self._outside = ThreadingHTTPServer(("127.0.0.1", 0), Outside)
        self.origin = f"http://127.0.0.1:{self._outside.server_port}"
        for listener in (self._inside, self._outside):
            threading.Thread(target=listener.serve_forever, daemon=True).start()

    def stop(self):
        for listener in (self._outside, self._inside):
            listener.shutdown()
            listener.server_close()
        shutil.rmtree(self.folder, ignore_errors=True)


def carry(one, other):
    """Hands on what either says until one of them ends."""
    while True:
        for ready in select.select([one, other], [], [])[0]:
            said = ready.recv(65536)
            if not said:
                return
            (other if ready is one else one).sendall(said)
