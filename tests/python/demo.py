"""`hallmark demo` on free ports, and the variables that it prints for scripts."""

import os
import re
import select
import signal
import subprocess
import tempfile
import time

from server import BINARY, READY_WITHIN_SECONDS, free_port


class Demo:
    def __init__(self):
        # Nothing of the caller's environment: a HALLMARK_ variable there would be a setting here.
        environment = {"PATH": os.environ["PATH"], "ROCKET_PORT": str(free_port())}
        self.process = subprocess.Popen(
            [BINARY, "demo"], cwd=tempfile.gettempdir(), env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        try:
            self.variables = dict(re.findall(r"^ *export ([A-Z_]+)=(\S+)$", self._banner(), re.MULTILINE))
        except BaseException:
            self.stop()
            raise

    def __getattr__(self, name):
        return self.variables[name.upper()]

    def _banner(self):
        said, until = b"", time.monotonic() + READY_WITHIN_SECONDS
        while b"Stop with Ctrl-C." not in said:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, until - time.monotonic()))
            chunk = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not chunk:
                raise RuntimeError(f"the demo said no more than {said.decode()!r}")
            said += chunk
        return said.decode()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        self.process.stdout.close()
