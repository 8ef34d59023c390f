"""Workers of a run, forked from one process that has imported the application and the tests.

To import them takes longer than most files take to run, and each worker did so anew. What a worker collects,
sets up and runs is its own, as before; a worker that replaces one that died is started and not forked.
"""

from __future__ import annotations

import gc
import importlib
import io
import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn

import execnet
import pytest
from execnet import gateway_io
from execnet.gateway_base import Popen2IO
from execnet.gateway_io import Popen2IOMaster, popen_bootstrapline

from app.platform.settings import PROJECT

#: They are imported as in a worker, which has pytest rewrite their assertions.
PLUGIN = "tests.fixtures"
#: Elsewhere a process that has loaded libraries of the system cannot be forked safely.
CAN_FORK = sys.platform == "linux"


@dataclass
class ForkedProcess:
    """A worker, for those who expect one that was started: its pipes, and its end."""

    pid: int
    stdin: IO[bytes]
    stdout: IO[bytes]

    def wait(self) -> int:
        """Return its exit code, once it has ended."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self) -> None:
        """End it at once."""
        os.kill(self.pid, 9)


class ForkedIO(Popen2IOMaster):
    """Messages to and from a worker that was forked."""

    def __init__(self, process: ForkedProcess, execmodel: Any) -> None:
        self.popen = process
        Popen2IO.__init__(self, process.stdin, process.stdout, execmodel=execmodel)


class ForkedWorkers:
    """Forks the workers before they are asked for, while the process has no other thread."""

    @pytest.hookimpl
    def pytest_xdist_setupnodes(self, config: pytest.Config, specs: list[execnet.XSpec]) -> None:
        """Import what the workers will, and have them be forks of this process."""
        import_all(config)
        capturing = config.pluginmanager.getplugin("capturemanager")
        with _as_uncaptured(capturing):
            # What a process has yet to write would be written by each of its forks, too.
            config.get_terminal_writer().flush()
            sys.stdout.flush()
            sys.stderr.flush()
            gc.freeze()
            forked = iter(_fork_all(len(specs)))
        usual = gateway_io.create_io

        def create_io(spec: execnet.XSpec, execmodel: Any) -> Popen2IOMaster:
            process = next(forked, None) if spec.popen and not spec.python else None
            return usual(spec, execmodel) if process is None else ForkedIO(process, execmodel)

        gateway_io.create_io = create_io


def import_all(config: pytest.Config) -> None:
    """Import the plugin and the test modules that the arguments name. A worker reports what fails."""
    config.pluginmanager.rewrite_hook.mark_rewrite(PLUGIN)
    ignored = [Path(path).resolve() for path in config.getoption("ignore") or ()]
    for name in (PLUGIN, *_module_names(config.args, ignored)):
        # A module may skip itself, which is no Exception, or print a warning that is an error in a worker.
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                importlib.import_module(name)
        except (Exception, pytest.skip.Exception):
            sys.modules.pop(name, None)


def _module_names(args: Iterable[str], ignored: list[Path]) -> Iterator[str]:
    for arg in args:
        path = Path(arg.partition("::")[0]).resolve()
        files = [path] if path.is_file() else [*path.rglob("conftest.py"), *path.rglob("test_*.py")]
        for file in sorted(files, key=lambda file: (file.name != "conftest.py", file)):
            if file.is_relative_to(PROJECT) and not any(file.is_relative_to(other) for other in ignored):
                yield ".".join(file.relative_to(PROJECT).with_suffix("").parts)


@contextmanager
def _as_uncaptured(capturing: Any) -> Iterator[None]:
    """Until the block ends what is printed goes where it went before pytest: so it does in a worker."""
    if capturing is not None:
        capturing.suspend_global_capture(in_=True)
    try:
        yield
    finally:
        if capturing is not None:
            capturing.resume_global_capture()


def _fork_all(count: int) -> list[ForkedProcess]:
    forked: list[ForkedProcess] = []
    for _ in range(count):
        worker_input, to_worker = os.pipe()
        from_worker, worker_output = os.pipe()
        with warnings.catch_warnings():
            # Libraries of numbers have threads that they end and start again by themselves.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            # A worker ends when nobody can write to it any more: it must not hold the pipes of others.
            for other in forked:
                other.stdin.close()
                other.stdout.close()
            os.close(to_worker)
            os.close(from_worker)
            _be_worker(worker_input, worker_output)
        os.close(worker_input)
        os.close(worker_output)
        forked.append(ForkedProcess(pid, os.fdopen(to_worker, "wb"), os.fdopen(from_worker, "rb")))
    return forked


def _be_worker(worker_input: int, worker_output: int) -> NoReturn:
    """Do what execnet has a new Python do, and end without what the other process does at its end."""
    code = 1
    try:
        for place, descriptor in enumerate((worker_input, worker_output)):
            os.dup2(descriptor, place)
            os.close(descriptor)
        sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding="utf-8", write_through=True)
        exec(popen_bootstrapline, {"__name__": "__main__"})  # as in a new Python
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)
