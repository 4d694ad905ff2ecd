"""A proxy that stands at the issuer's address and changes one answer, so that a test can show what a client refuses."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import requests

from server import Server, free_port

NOT_FORWARDED = {"host", "connection", "content-length", "transfer-encoding", "content-encoding", "keep-alive", "accept-encoding"}


class TamperingProxy:
    def __init__(self):
        self.fault = None
        self.target = None
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name: value for name, value in self.headers.items() if name.lower() not in NOT_FORWARDED}
                answer = requests.request(
                    self.command, proxy.target + self.path, data=body, headers=headers, allow_redirects=False
                )
                path = urlsplit(self.path).path
                seen = (answer.status_code, answer.headers.get("Location"), answer.text)
                status, location, text = proxy.fault(path, seen, body.decode()) if proxy.fault else seen
                self.send_response(status)
                for name, value in answer.raw.headers.items():
                    if name.lower() not in NOT_FORWARDED | {"location"}:
                        self.send_header(name, value)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = forward

            def log_message(self, *_):
                pass

        self._listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._listener.server_port}"
        threading.Thread(target=self._listener.serve_forever, daemon=True).start()

    def stop(self):
        self._listener.shutdown()
        self._listener.server_close()


def in_json(path, change, when=lambda request: True):
    """Changes the JSON answer of one path."""

    def fault(at, answer, request):
        status, location, text = answer
        if at != path or not when(request):
            return answer
        body = json.loads(text)
        change(body)
        return status, location, json.dumps(body)

    return fault


def with_status(path, status):
    """Puts an answer without a body in the place of the one of one path."""
    return lambda at, answer, request: (status, None, "") if at == path else answer


def in_redirects(change):
    """Changes where the person is sent, whether by a redirect or by a page."""
    return lambda at, answer, request: (answer[0], answer[1] and change(answer[1]), change(answer[2]))


class BehindProxy:
    """For a test case: a server that clients reach through a proxy, whose fault each test sets."""

    @classmethod
    def setUpClass(cls):
        cls.proxy = TamperingProxy()
        cls.addClassCleanup(cls.proxy.stop)
        port = free_port()
        cls.proxy.target = f"http://127.0.0.1:{port}"
        cls.server = Server(port, cls.proxy.origin)
        cls.addClassCleanup(cls.server.stop)
