"""A PostgreSQL server and a Spark cluster of this machine's own, stopped whatever happens.

Both listen on loopback or on a socket in a temporary folder, hold nothing but test data and die
with the process that started them. PostgreSQL refuses to run as root: started by root it runs as
the user ``postgres``.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

__all__ = ["SPARK_OPTIONS", "postgres_missing", "postgres_server", "spark_cluster", "spark_missing"]

PATIENCE_S = 90
_SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
SPARK_OPTIONS = {
    "spark.driver.extraJavaOptions": _SHORT_LIVED,
    "spark.executor.extraJavaOptions": _SHORT_LIVED,
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "700m",
    "spark.executor.memory": "600m",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""For small data on one machine; a cluster's own defaults suit a cluster."""
_DAEMON = {
    "SPARK_DAEMON_MEMORY": "256m",
    "SPARK_DAEMON_JAVA_OPTS": _SHORT_LIVED,
    "SPARK_LAUNCHER_OPTS": _SHORT_LIVED,
    "SPARK_LOCAL_IP": "127.0.0.1",
}


def _postgres_folder() -> Path | None:
    """Return where the server's programs are: on the path, or where Debian puts the newest."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    return versions[-1].parent if versions else None


def _version(program: Path) -> int:
    name = program.parts[-3]
    return int(name) if name.isdigit() else 0


def postgres_missing() -> str:
    """Say what a test on PostgreSQL lacks here; empty if nothing."""
    if importlib.util.find_spec("psycopg") is None:
        return "psycopg is not installed (the extra `postgres`)"
    if _postgres_folder() is None:
        return "no PostgreSQL server is installed (Debian: postgresql)"
    if os.getuid() == 0 and (not _has_user("postgres") or shutil.which("setpriv") is None):
        return "PostgreSQL does not run as root, and there is no user postgres to run it"
    return ""


def spark_missing() -> str:
    """Say what a test on Spark lacks here; empty if nothing."""
    if importlib.util.find_spec("pyspark") is None:
        return "pyspark is not installed (the extra `spark`)"
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        return "no Java is installed (Debian: openjdk-17-jre-headless)"
    return ""


def _has_user(name: str) -> bool:
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwnam(name))
    return False


def _bound(command: Sequence[str], user: str = "", stop: str = "TERM") -> list[str]:
    """Return a command that gets a signal when its parent dies, and runs as another user."""
    if shutil.which("setpriv") is None:
        return list(command)
    change = [f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
    return ["setpriv", *change, f"--pdeathsig={stop}", *command]


@contextlib.contextmanager
def _running(
    command: Sequence[str], log: Path, stop: signal.Signals, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server; ask it to stop at the end, and make it if it does not."""
    with log.open("wb") as out:
        server = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True, env=env
        )
    try:
        yield server
    finally:
        server.send_signal(stop)
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """Start a new PostgreSQL server; yield the connection string of a plain user.

    Its texts sort by the rules of a language, as most servers' do: what is sorted byte by byte
    nevertheless is so because the engine says so.
    """
    programs = _postgres_folder()
    assert programs is not None, postgres_missing()
    user = "postgres" if os.getuid() == 0 else ""
    folder = Path(tempfile.mkdtemp(prefix="playbook-pg-"))
    try:
        if user:
            shutil.chown(folder, user, user)
        data, log = folder / "data", folder / "log"
        make = [str(programs / "initdb"), "-D", str(data), "-U", "owner", "-A", "trust"]
        make += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        make += ["--locale-provider=icu", "--icu-locale=en-US"]
        subprocess.run(_bound(make, user), check=True, capture_output=True, cwd=folder)
        serve = [str(programs / "postgres"), "-D", str(data), "-k", str(folder), "-h", ""]
        serve += ["-c", "fsync=off", "-c", "max_connections=10", "-c", "TimeZone=Asia/Tokyo"]
        where = f"host={folder} user=owner dbname=postgres"
        with _running(_bound(serve, user, "INT"), log, signal.SIGINT) as server:
            _wait_for_postgres(where, server, log)
            yield _plain_user(where)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for_postgres(where: str, server: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(where).close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}")


def _plain_user(where: str) -> str:
    """Make a user who may do nothing but connect and make temporary tables."""
    import psycopg

    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'hush-hush'")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    return where.replace("user=owner", "user=reader password=hush-hush")


@contextlib.contextmanager
def spark_cluster(*, workers: int = 2, memory: str = "640m") -> Iterator[str]:
    """Start a standalone master and its workers, one core each; yield the master's URL."""
    import pyspark

    home = Path(pyspark.__file__).parent
    start = str(home / "bin" / "spark-class")
    port = _free_port()
    env = {**os.environ, **_DAEMON, "SPARK_HOME": str(home)}
    folder = Path(tempfile.mkdtemp(prefix="playbook-spark-"))
    where = ["--host", "127.0.0.1"]
    master = [start, "org.apache.spark.deploy.master.Master", *where, "--port", str(port)]
    master += ["--webui-port", "0"]
    worker = [start, "org.apache.spark.deploy.worker.Worker", *where, "--webui-port", "0"]
    worker += ["--cores", "1", "--memory", memory]
    url = f"spark://127.0.0.1:{port}"
    try:
        with contextlib.ExitStack() as servers:
            logs = [folder / "master.log"]
            servers.enter_context(_running(_bound(master), logs[0], signal.SIGTERM, env))
            for number in range(workers):
                logs.append(folder / f"worker-{number}.log")
                own = [*worker, "--work-dir", str(folder / f"work-{number}"), url]
                servers.enter_context(_running(_bound(own), logs[-1], signal.SIGTERM, env))
            _wait_for_workers(logs)
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for_workers(logs: Sequence[Path]) -> None:
    """Wait until every worker says that the master has accepted it."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        said = [log.read_text(errors="replace") for log in logs[1:]]
        if all("Successfully registered with master" in text for text in said):
            return
        time.sleep(0.2)
    ends = "\n".join(f"{log.name}: {log.read_text(errors='replace')[-1500:]}" for log in logs)
    raise RuntimeError(f"the Spark cluster did not start:\n{ends}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
