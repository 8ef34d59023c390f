"""Runs commands of the command line, each in a process of its own that is forked from this one.

So importing everything, which takes the longest, is done once. One JSON line in, one out.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from typing import IO, Any

from app.cli import main
from app.cli.commands import command_line


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
    for line in sys.stdin:
        answers.write(json.dumps(run(**json.loads(line))) + "\n")
        answers.flush()
