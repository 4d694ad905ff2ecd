"""PostgreSQL servers of our own, from the packages of the machine, each in a folder and on a loopback port."""

import dataclasses
import os
import pathlib
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import time

OLDEST = 15
DEBIAN = pathlib.Path("/usr/lib/postgresql")
# Where the server is root, this user runs the database, which refuses root.
USER = "postgres"
ROLE = "hallmark"
HOST = "127.0.0.1"
BOUND = {"listen_addresses": f"'{HOST}'", "unix_socket_directories": "''", "max_connections": "300", "shared_buffers": "'128MB'"}
# For tests alone: what is acknowledged may be lost with the machine.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
TICK = os.sysconf("SC_CLK_TCK")


class Missing(Exception):
    """What the machine has not, in words for whoever may install it."""


class Failed(Exception):
    """A command of the database failed; its words."""


def binaries():
    """The folder of the newest PostgreSQL of the machine: Debian has each in a folder of its own, others have one in the path."""
    majors = {int(folder.parent.name): folder for folder in DEBIAN.glob("*/bin") if folder.parent.name.isdigit() and (folder / "initdb").exists()}
    if majors:
        newest = max(majors)
        found, folder = newest, majors[newest]
    else:
        initdb = shutil.which("initdb")
        if initdb is None:
            raise Missing(f"PostgreSQL {OLDEST} or later (Debian: postgresql)")
        folder = pathlib.Path(initdb).resolve().parent
        found = int(re.search(r"(\d+)", subprocess.run([initdb, "--version"], capture_output=True, text=True, check=True).stdout)[1])
    if found < OLDEST:
        raise Missing(f"PostgreSQL {OLDEST} or later; {folder} has {found} (Debian: postgresql)")
    if as_root():
        try:
            pwd.getpwnam(USER)
        except KeyError as error:
            raise Missing(f"the user {USER}, as whom root runs the database (Debian: postgresql-common)") from error
        if shutil.which("runuser") is None:
            raise Missing("runuser (Debian: util-linux)")
    return folder


def as_root():
    return os.geteuid() == 0


def as_user():
    """What comes before a command that is to run as whoever runs the database."""
    return ["runuser", "-u", USER, "--"] if as_root() else []


def run(*command, **more):
    """Runs a command as whoever runs the database; what it wrote."""
    more = more or {"stdin": subprocess.DEVNULL}
    done = subprocess.run([*as_user(), *map(str, command)], cwd="/", capture_output=True, text=True, check=False, **more)
    if done.returncode:
        raise Failed(f"{pathlib.Path(command[0]).name}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def folder_for_servers(wanted, spare):
    """The first of both folders that whoever runs the database can reach and write to; it is made, and is theirs."""
    for folder in (wanted, spare):
        folder.mkdir(parents=True, exist_ok=True)
        if not as_root():
            return folder
        shutil.chown(folder, USER, USER)
        if subprocess.run([*as_user(), "test", "-w", folder], cwd="/", check=False, stderr=subprocess.DEVNULL).returncode == 0:
            return folder
    raise Failed(f"neither {wanted} nor {spare} can be written by {USER}")


def free_port():
    """A port that nobody listens on, from below those that Linux gives to whoever connects."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as bound:
            try:
                bound.bind((HOST, port))
                return port
            except OSError:
                continue


@dataclasses.dataclass
class Server:
    """One server: its folder and its port."""

    folder: pathlib.Path
    port: int = 0

    def __post_init__(self):
        self.binaries = binaries()
        self.data = self.folder / "data"
        self.port = self.port or self._port_of_a_running_one() or free_port()

    def make(self, **settings):
        """A new cluster, whose superuser needs no password on the loopback address; whatever was in the folder is gone."""
        self._empty()
        run(self.binaries / "initdb", "--pgdata", self.data, "--username", ROLE, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync")
        self.set(**settings)

    def follow(self, primary, name, **settings):
        """A new standby of another server, by the name under which that one waits for it."""
        self._empty()
        self.folder.mkdir(parents=True, exist_ok=True)
        run(self.binaries / "pg_basebackup", "--pgdata", self.data, "--dbname", primary.conninfo(), "--checkpoint", "fast", "--no-sync")
        self.set(**settings)
        self.stand_by(primary, name)

    def stand_by(self, primary, name):
        """From the next start on it is a standby of that server."""
        signal_file = self.data / "standby.signal"
        signal_file.touch()
        if as_root():
            shutil.chown(signal_file, USER, USER)
        self.set(primary_conninfo=f"'{primary.conninfo(application_name=name)}'")

    def _empty(self):
        shutil.rmtree(self.data, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        if as_root():
            shutil.chown(self.folder, USER, USER)

    def set(self, **settings):
        """Adds to the settings; the last of a name counts."""
        path = self.data / "postgresql.auto.conf"
        lines = {**BOUND, "port": str(self.port), **settings}
        with open(path, "a", encoding="utf-8") as file:
            file.writelines(f"{name} = {value}\n" for name, value in lines.items())

    def reload(self):
        run(self.binaries / "pg_ctl", "reload", "--pgdata", self.data)

    def start(self, cores=None):
        """Returns once it answers; all of it is on these cores, if they are named."""
        run(*(["taskset", "-c", cores] if cores else []), self.binaries / "pg_ctl", "start", "--pgdata", self.data, "--log", self.folder / "log", "--wait", "--timeout", "60", "--silent")

    def stop(self, mode="fast"):
        if self.is_running():
            run(self.binaries / "pg_ctl", "stop", "--pgdata", self.data, "--mode", mode, "--wait", "--silent")

    def remove(self):
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def promote(self):
        """Makes a primary of a standby; returns once it is one."""
        run(self.binaries / "pg_ctl", "promote", "--pgdata", self.data, "--wait", "--silent")

    def pid(self):
        """The server's first process, by what it wrote down."""
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def is_running(self):
        pid = self.pid()
        try:
            return pid is not None and str(self.data) in pathlib.Path(f"/proc/{pid}/cmdline").read_text()
        except OSError:
            return False

    def _port_of_a_running_one(self):
        return int((self.data / "postmaster.pid").read_text().split("\n")[3]) if self.is_running() else 0

    def processes(self):
        """The server's processes: the first of them, and its children."""
        first = self.pid()
        return [first, *children(first)] if first else []

    def kill(self):
        """Ends every process of it as a machine does that loses its power: the first is stopped before, so that it tells nobody."""
        first = self.pid()
        os.kill(first, signal.SIGSTOP)
        for pid in [*children(first), first]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        while pathlib.Path(f"/proc/{first}").exists() and not is_dead(first):
            time.sleep(0.001)

    def silence(self):
        """Stops whatever sends to its standbys."""
        for pid in children(self.pid()):
            try:
                if pathlib.Path(f"/proc/{pid}/cmdline").read_text().startswith("postgres: walsender"):
                    os.kill(pid, signal.SIGSTOP)
            except OSError:
                continue

    def cpu_seconds(self):
        """User and system time of every process there is, and of those that the first has waited for."""
        first, *others = self.processes()
        own, waited_for = cpu_of(first)
        return own + waited_for + sum(cpu_of(pid)[0] for pid in others)

    def conninfo(self, database="postgres", **more):
        parts = {"host": HOST, "port": self.port, "user": ROLE, "dbname": database, **more}
        return " ".join(f"{name}={value}" for name, value in parts.items())

    def url(self, database="postgres"):
        return f"postgres://{ROLE}@{HOST}:{self.port}/{database}"

    def ask(self, sql, database="postgres"):
        """What a statement answers, a line for each row and a tab between its columns."""
        return run(*self.psql(database), "--file", "-", input=sql).strip()

    def copy(self, table, file, database):
        """Adds the lines of a file to a table."""
        run(*self.psql(database), "--command", f"COPY {table} FROM STDIN", stdin=file)

    def psql(self, database):
        command = [self.binaries / "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator", "\t"]
        return [*command, "--set", "ON_ERROR_STOP=1", "--dbname", self.conninfo(database)]


def children(pid):
    """Every process that came from one; one that ends while they are read is none."""
    born = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                born.setdefault(int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]), []).append(int(entry.name))
            except (OSError, IndexError):
                continue
    found = born.get(pid, [])
    for child in found:
        found.extend(born.get(child, []))
    return found


def is_dead(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def cpu_of(pid):
    """Seconds of a process, and of its children that it has waited for; nothing if it is gone."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0, 0.0
    return (int(fields[11]) + int(fields[12])) / TICK, (int(fields[13]) + int(fields[14])) / TICK
