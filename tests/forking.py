"""Runs commands of the command line, each in a process of its own that is forked from this one.

So importing everything, which takes the longest, is done once. One JSON line in, one out: what is to be done,
and what became of it. When there are no more lines, whatever was started is killed.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from app.cli import main
from app.cli.commands import command_line

#: Those that were started and have not been seen to have ended.
STARTED: set[int] = set()


def run(arguments: list[str], environment: dict[str, str], said: str) -> dict[str, Any]:
    """A command's exit code and what it printed."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(said.encode("utf-8"))
        given.seek(0)
        child = os.fork()
        if child == 0:
            _become(arguments, environment, given, out, err)
        _, status = os.waitpid(child, 0)
        printed = [file.seek(0) or file.read().decode("utf-8") for file in (out, err)]
    return {"code": os.waitstatus_to_exitcode(status), "out": printed[0], "err": printed[1]}


def start(arguments: list[str], environment: dict[str, str], log: str) -> dict[str, Any]:
    """The process id of a command in a session of its own, which prints to the end of that file."""
    with Path(os.devnull).open("rb") as given, Path(log).open("ab") as file:
        child = os.fork()
        if child == 0:
            os.setsid()
            _become(arguments, environment, given, file, file)
    STARTED.add(child)
    return {"pid": child}


def end(pid: int, wait: bool) -> dict[str, Any]:
    """The exit code of what was started; None: it has not ended, and is not waited for."""
    ended, status = os.waitpid(pid, 0 if wait else os.WNOHANG)
    if ended == 0:
        return {"code": None}
    STARTED.remove(pid)
    return {"code": os.waitstatus_to_exitcode(status)}


def _become(arguments: list[str], environment: dict[str, str], *files: IO[bytes]) -> None:
    """Is the command, and ends."""
    for descriptor, file in enumerate(files):
        os.dup2(file.fileno(), descriptor)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
    sys.argv = ["ledgerdesk", *arguments]
    os.environ.clear()
    os.environ.update(environment)
    code: object = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    command_line()  # loads all of them
    answers = sys.stdout
    does: dict[str, Callable[..., dict[str, Any]]] = {"run": run, "start": start, "end": end}
    try:
        for line in sys.stdin:
            asked = json.loads(line)
            done = does[asked.pop("do")](**asked)
            answers.write(json.dumps(done) + "\n")
            answers.flush()
    finally:
        for left in STARTED:
            with contextlib.suppress(ProcessLookupError):
                os.kill(left, signal.SIGKILL)
