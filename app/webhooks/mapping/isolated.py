"""Evaluation of users' own mappings in a process of its own, which is ended when it takes too long.

The library counts the steps of an expression, and not its memory; so the process has a limit of both.
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
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import IO, Any

from app.exchange.mapping import MappingRefused
from app.webhooks.mapping.deliveries import Delivery
from app.webhooks.mapping.evaluate import Mapping
from app.webhooks.mapping.news import Evaluation, MappingFailed
from app.webhooks.mapping.parse import parse_mapping

EVALUATION_SECONDS = 2.0
#: Until a new process has read its modules.
START_SECONDS = 60.0
#: Of memory beyond what the process has when it is ready.
MEMORY_BYTES = 512 * 1024 * 1024
MOST_PARSED = 50
_LENGTH = struct.Struct(">Q")
_READY = b"ready"


@dataclass(frozen=True)
class _Answer:
    delivery_id: str | None
    evaluation: Evaluation


class IsolatedEvaluator:
    """Evaluates mappings in one child process, started when it is needed. It may be shared by threads."""

    def __init__(self, *, seconds: float = EVALUATION_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def evaluate(self, text: str, name: str, delivery: Delivery) -> Evaluation:
        """Return the news that the mapping in `text` finds in the delivery. Raises MappingFailed, with the
        code `too_much` if it takes too long or too much memory, and MappingRefused. It blocks for at most the
        limit.
        """
        return self._request(text, name, delivery).evaluation

    def delivery_id(self, text: str, name: str, delivery: Delivery) -> str | None:
        """Return the delivery's id, None if it has none. Raises as `evaluate` does."""
        return self._request(text, name, delivery, only_id=True).delivery_id

    def close(self) -> None:
        """End the child process."""
        with self._lock:
            self._end()

    def _request(self, text: str, name: str, delivery: Delivery, *, only_id: bool = False) -> _Answer:
        question = pickle.dumps((text, name, delivery, only_id))
        with self._lock:
            child = self._started()
            try:
                assert child.stdin is not None
                _write(child.stdin, question)
                answer = self._read(child, self._seconds)
            except (OSError, EOFError) as error:
                self._end()
                reason = f"it takes more than {self._seconds:g} s, or too much memory."
                raise MappingFailed("too_much", "", reason) from error
            except BaseException:
                self._end()
                raise
        found = pickle.loads(answer)  # noqa: S301  # from our own process
        if isinstance(found, _Answer):
            return found
        kind, arguments = found
        raise (MappingFailed if kind == "failed" else MappingRefused)(*arguments)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._end()
        command = [sys.executable, "-c", f"from {__name__} import serve; serve()"]
        child = subprocess.Popen(  # noqa: S603  # ourselves
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._child = child
        try:
            ready = self._read(child, START_SECONDS)
        except BaseException:
            self._end()
            raise
        assert ready == _READY
        return child

    def _read(self, child: subprocess.Popen[bytes], seconds: float) -> bytes:
        assert child.stdout is not None
        until = monotonic() + seconds
        head = _read_until(child.stdout, _LENGTH.size, until)
        return _read_until(child.stdout, _LENGTH.unpack(head)[0], until)

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def serve() -> None:
    """Answer questions on the standard streams until they end. This is what the child process does."""
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever prints must not be taken for an answer.
    os.dup2(2, 1)
    _limit_memory()
    _write(answers, _READY)
    questions = sys.stdin.buffer
    while head := questions.read(_LENGTH.size):
        question = questions.read(_LENGTH.unpack(head)[0])
        given = pickle.loads(question)  # noqa: S301  # from our own process
        _write(answers, pickle.dumps(_answer(*given)))


def _answer(text: str, name: str, delivery: Delivery, only_id: bool) -> Any:
    try:
        mapping = _parsed(text, name)
        if only_id:
            return _Answer(mapping.delivery_id(delivery), Evaluation(()))
        return _Answer(None, mapping.evaluate(delivery))
    except MappingFailed as failed:
        return "failed", (failed.code, failed.key, failed.words)
    except MappingRefused as refused:
        return "refused", (name, refused.problems)
    except MemoryError:
        return "failed", ("too_much", "", "it takes too much memory.")


@lru_cache(MOST_PARSED)
def _parsed(text: str, name: str) -> Mapping:
    return parse_mapping(text, name)


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


def _read_until(pipe: IO[bytes], length: int, until: float) -> bytes:
    """Read so many bytes. Raises TimeoutError, or EOFError if the other end is gone."""
    found = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while len(found) < length:
            if not selector.select(max(0.0, until - monotonic())):
                raise TimeoutError
            part = os.read(pipe.fileno(), length - len(found))
            if not part:
                raise EOFError
            found += part
    return bytes(found)
