"""A child process for what has no bound of its own: one function is called there, with a limit of time and of
memory, and the process is ended when it takes more. Nothing that it does reaches the process that asks.
"""

from __future__ import annotations

import os
import pickle
import resource
import selectors
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from importlib import import_module
from time import monotonic
from typing import IO, Any
from weakref import finalize

#: Until a new process has read its modules.
START_SECONDS = 60.0
#: Memory beyond what the process uses when it is ready.
MEMORY_BYTES = 512 * 1024 * 1024
_LENGTH = struct.Struct(">Q")
_READY = b"ready"


class LimitExceeded(Exception):
    """The call took more than its time or memory, or ended the process in another way."""


class BoundedProcess:
    """Calls one function of a module in one child process, started when it is needed. It may be shared by
    threads, whose calls wait for one another.
    """

    def __init__(self, module: str, function: str, *, seconds: float) -> None:
        self._module = module
        self._function = function
        self._seconds = seconds
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._ending: finalize[Any, Any] | None = None

    def call_function(self, *arguments: Any) -> Any:
        """Return what the function returns for these arguments; both must be picklable. It blocks for at most
        the limit. Raises LimitExceeded.
        """
        question = pickle.dumps(arguments)
        with self._lock:
            child = self._running()
            try:
                until = monotonic() + self._seconds
                assert child.stdin is not None
                _write(child.stdin, question)
                answer = _read_message(child, until)
            except (OSError, EOFError) as error:
                self._end()
                raise LimitExceeded from error
            except BaseException:
                self._end()
                raise
        return pickle.loads(answer)  # noqa: S301  # from our own process

    def close(self) -> None:
        """End the child process."""
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._end()
        command = [sys.executable, "-c", f"from {__name__} import serve; serve()"]
        child = subprocess.Popen(  # noqa: S603  # ourselves
            [*command, self._module, self._function], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._child = child
        # This also ends a process that was never closed, and runs when Python ends.
        self._ending = finalize(self, _end_process, child)
        try:
            ready = _read_message(child, monotonic() + START_SECONDS)
        except BaseException:
            self._end()
            raise
        assert ready == _READY
        return child

    def _end(self) -> None:
        self._child = None
        if self._ending is not None:
            self._ending()


def _end_process(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def serve() -> None:
    """Answer questions on the standard streams until they end. This is what the child process does."""
    module, function = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "wb")
    # Printed output must not be taken for an answer.
    os.dup2(2, 1)
    called = getattr(import_module(module), function)
    _limit_memory()
    _write(answers, _READY)
    questions = sys.stdin.buffer
    while head := questions.read(_LENGTH.size):
        question = questions.read(_LENGTH.unpack(head)[0])
        arguments = pickle.loads(question)  # noqa: S301  # from our own process
        _write(answers, pickle.dumps(called(*arguments)))


def _limit_memory() -> None:
    # macOS knows the limit and refuses to set it; there the time alone limits it.
    with suppress(OSError, ValueError):
        with open("/proc/self/statm", encoding="ascii") as sizes:
            used = int(sizes.read().split()[0]) * resource.getpagesize()
        limit = used + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _write(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(_LENGTH.pack(len(message)) + message)
    pipe.flush()


def _read_message(child: subprocess.Popen[bytes], until: float) -> bytes:
    """Read one message. Raises TimeoutError, or EOFError if the process is gone."""
    assert child.stdout is not None
    head = _read_until(child.stdout, _LENGTH.size, until)
    return _read_until(child.stdout, _LENGTH.unpack(head)[0], until)


def _read_until(pipe: IO[bytes], length: int, until: float) -> bytes:
    content = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while len(content) < length:
            seconds = until - monotonic()
            if seconds <= 0 or not selector.select(seconds):
                raise TimeoutError
            piece = os.read(pipe.fileno(), length - len(content))
            if not piece:
                raise EOFError
            content += piece
    return bytes(content)
