"""The ways to a database that an operator may choose, each with a PostgreSQL server of its own: TLS, a pooler that gives every
transaction another connection, and a standby that introspection is asked of. `hallmark demo --walk` walks through all that a server does."""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from server import BINARY, ROOT, free_port

sys.path.insert(0, str(ROOT / "scripts"))
import lib_postgres  # noqa: E402

PGBOUNCER = shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin")
PATIENCE = 60
POOLED = 4
# As docs/postgres.md has them, for a role whose connections a pooler makes.
ROLE_SETTINGS = ["enable_seqscan = off", "enable_hashjoin = off", "enable_mergejoin = off", "join_collapse_limit = 1", "jit = off"]


def hallmark(*arguments, **settings):
    """What a command does, without anything of the caller's environment but the path."""
    environment = {"PATH": os.environ["PATH"], "ROCKET_PORT": str(free_port()), **settings}
    with tempfile.TemporaryDirectory(prefix="hallmark-test-") as folder:
        return subprocess.run(
            [BINARY, *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE
        )


def reachable(port):
    try:
        socket.create_connection((lib_postgres.HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


class Database(unittest.TestCase):
    """Servers in a folder, which are gone after each test."""

    def setUp(self):
        spare = pathlib.Path(tempfile.mkdtemp(prefix="hallmark-test-", dir="/var/tmp"))
        self.folder = lib_postgres.folder_for_servers(ROOT / "target/test-postgres", spare)
        if self.folder != spare:
            spare.rmdir()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def server(self, name):
        server = lib_postgres.Server(self.folder / name)
        self.addCleanup(server.remove)
        return server

    def primary(self, **settings):
        server = self.server("primary")
        server.make(**lib_postgres.FAST, **settings)
        return server

    def run_by_postgres(self, path):
        """Gives a file to whoever runs the servers."""
        if lib_postgres.as_root():
            shutil.chown(path, lib_postgres.USER, lib_postgres.USER)
        return path

    def wait_until(self, holds, otherwise):
        until = time.monotonic() + PATIENCE
        while not holds():
            self.assertLess(time.monotonic(), until, otherwise)
            time.sleep(0.02)

    def walk(self, **settings):
        walked = hallmark("demo", "--walk", **settings)
        self.assertEqual(walked.returncode, 0, walked.stdout + walked.stderr)


class Tls(Database):
    def certificate(self, name, hosts, by=None):
        """A certificate for these hosts, by itself or by another; its file and that of its key."""
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
        command += ["-keyout", key, "-out", certificate]
        if by:
            command += ["-CA", by[0], "-CAkey", by[1], "-addext", f"subjectAltName={hosts}", "-addext", "basicConstraints=critical,CA:FALSE"]
        subprocess.run(command, check=True, capture_output=True)
        key.chmod(0o600)
        return certificate, key

    def test_a_database_is_reached_by_tls_if_its_certificate_names_it_and_is_vouched_for(self):
        ours, others = self.certificate("ours", None), self.certificate("others", None)
        certificate, key = map(self.run_by_postgres, self.certificate("database", "DNS:localhost", by=ours))
        server = self.primary(ssl="on", ssl_cert_file=f"'{certificate}'", ssl_key_file=f"'{key}'")
        access = server.data / "pg_hba.conf"
        access.write_text("hostssl all all all trust\nhostnossl all all all reject\n")
        server.start()
        server.ask("CREATE DATABASE hallmark")
        url = lambda host, mode: f"postgres://{lib_postgres.ROLE}@{host}:{server.port}/hallmark?sslmode={mode}"
        check = lambda host, mode, authority: hallmark(
            "store", "migrate", HALLMARK_STORE__URL=url(host, mode), HALLMARK_STORE__CERTIFICATE_AUTHORITY=str(authority)
        )

        for host, mode, authority in [("localhost", "disable", ours[0]), ("localhost", "require", others[0]), ("127.0.0.1", "require", ours[0])]:
            refused = check(host, mode, authority)
            self.assertNotEqual(refused.returncode, 0, (host, mode, authority))
        self.assertEqual(server.ask("SELECT to_regclass('tokens') IS NULL", "hallmark"), "t")

        self.walk(HALLMARK_STORE__URL=url("localhost", "require"), HALLMARK_STORE__CERTIFICATE_AUTHORITY=str(ours[0]))


class Pooler(Database):
    def test_everything_works_through_a_pooler_that_gives_each_transaction_another_connection(self):
        server = self.primary()
        server.start()
        server.ask("CREATE DATABASE hallmark")
        for setting in ROLE_SETTINGS:
            server.ask(f"ALTER ROLE {lib_postgres.ROLE} SET {setting}")
        port, log = free_port(), self.folder / "pgbouncer.log"
        users, settings = self.folder / "users", self.folder / "pgbouncer.ini"
        users.write_text(f'"{lib_postgres.ROLE}" ""\n')
        settings.write_text(
            f"[databases]\nhallmark = host={lib_postgres.HOST} port={server.port}\n"
            f"[pgbouncer]\nlisten_addr = {lib_postgres.HOST}\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {users}\n"
            f"pool_mode = transaction\nserver_round_robin = 1\ndefault_pool_size = {POOLED}\n"
        )
        for path in (users, settings):
            self.run_by_postgres(path)
        with open(log, "wb") as told:
            pooler = subprocess.Popen([*lib_postgres.as_user(), PGBOUNCER, settings], cwd="/", stdin=subprocess.DEVNULL, stdout=told, stderr=told)
        self.addCleanup(pooler.wait)
        self.addCleanup(pooler.terminate)
        self.wait_until(lambda: reachable(port), "PgBouncer is not there")
        # So many at once make so many connections, which then take turns.
        command = [server.binaries / "psql", "--no-psqlrc", "--dbname", f"host={lib_postgres.HOST} port={port} user={lib_postgres.ROLE} dbname=hallmark"]
        asleep = [subprocess.Popen([*command, "--command", "SELECT pg_sleep(0.5)"], cwd="/", stdout=subprocess.DEVNULL) for _ in range(POOLED)]
        self.assertEqual([one.wait() for one in asleep], [0] * POOLED)

        self.walk(
            HALLMARK_STORE__URL=f"postgres://{lib_postgres.ROLE}@{lib_postgres.HOST}:{port}/hallmark?connect_timeout=10",
            HALLMARK_STORE__POOLER="transaction",
        )
        last = server.ask("SELECT query LIKE '%pg_sleep%' FROM pg_stat_activity WHERE datname = 'hallmark' AND backend_type = 'client backend'")
        self.assertEqual(last.split(), ["f"] * POOLED, log.read_text())


class Standby(Database):
    def databases(self, **settings):
        """A primary, and a standby `s1` that follows it."""
        primary = self.primary(max_wal_senders="4")
        primary.start()
        primary.ask("CREATE DATABASE hallmark")
        standby = self.server("standby")
        standby.follow(primary, "s1", cluster_name="s1", hot_standby="on")
        standby.start()
        primary.set(**settings)
        primary.reload()
        following = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
        self.wait_until(lambda: primary.ask(following) == "1", "the standby does not follow")
        return primary, standby

    def read_of(self, standby):
        """How often the standby looked for a token. The counters of a session come when it ends, as those of the walk do."""
        sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'hallmark' AND pid <> pg_backend_pid()"
        self.wait_until(lambda: standby.ask(sessions) == "0", "the walk's connections to the standby do not end")
        return int(standby.ask("SELECT coalesce(sum(idx_scan), 0) FROM pg_stat_user_tables WHERE relname ~ '^tokens_'", "hallmark"))

    def test_introspection_is_asked_of_a_standby_that_every_change_waits_for(self):
        primary, standby = self.databases(synchronous_commit="remote_apply", synchronous_standby_names="'FIRST 1 (s1)'")
        self.walk(HALLMARK_STORE__URL=primary.url("hallmark"), HALLMARK_STORE__STANDBY=standby.url("hallmark"))
        self.assertGreater(self.read_of(standby), 0)

    def test_a_standby_that_changes_do_not_wait_for_is_asked_about_no_credential(self):
        for settings in [{"synchronous_commit": "on"}, {"synchronous_commit": "remote_apply", "synchronous_standby_names": "'*'"}]:
            with self.subTest(settings):
                primary, standby = self.databases(**settings)
                self.walk(HALLMARK_STORE__URL=primary.url("hallmark"), HALLMARK_STORE__STANDBY=standby.url("hallmark"))
                self.assertEqual(self.read_of(standby), 0)
                for server in (standby, primary):
                    server.remove()


if __name__ == "__main__":
    unittest.main()
