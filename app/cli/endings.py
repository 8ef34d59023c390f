"""Messages and exit codes of commands that fail. Only a command that has failed loads this module."""

from __future__ import annotations

from typing import Any

import psycopg
from pydantic import ValidationError

from app.api.requests.faults import fault_of
from app.api.service.own_disk import OwnDisk
from app.cli.exits import DIFFERENT, NO_ANSWER, NO_DATABASE, REFUSED, WRONG_USE
from app.kernel.actions.refusals import Refusal
from app.platform import settings
from app.platform.db import DatabaseGone
from app.platform.embedded import DISK_FULL
from app.platform.failures import (
    DatabaseUnavailable,
    Failure,
    LogDiffers,
    OperationRefused,
    ServiceUnreachable,
    WrongUse,
)
from app.platform.files.directories import data_directory

ASK_DOCTOR = "Run “ledgerdesk doctor” to see what to check."
#: The exit code of each kind of failure.
EXIT_CODES: dict[type[Failure], int] = {
    WrongUse: WRONG_USE,
    DatabaseUnavailable: NO_DATABASE,
    OperationRefused: REFUSED,
    LogDiffers: DIFFERENT,
    ServiceUnreachable: NO_ANSWER,
}


def ending_of(error: Exception) -> tuple[str, int] | None:
    """Return the message and the exit code of a foreseeable failure; None for a defect of the program."""
    if isinstance(error, DatabaseGone | psycopg.Error):
        begin = "" if isinstance(error, DatabaseGone) else "The database refuses: "
        return _full_disk() or f"{begin}{str(error).strip()}\n{ASK_DOCTOR}", NO_DATABASE
    if isinstance(error, Refusal):
        return error.sentence("en"), REFUSED
    if isinstance(error, ValidationError):
        return "\n".join(_sentence(dict(fault)) for fault in error.errors()), WRONG_USE
    codes = (code for kind, code in EXIT_CODES.items() if isinstance(error, kind))
    code = next(codes, None)
    return None if code is None else (str(error), code)


def _full_disk() -> str | None:
    """Return the message if the disk of the embedded database is full: the database has then ended itself
    without giving the reason to its clients.
    """
    current = settings.current()
    if current.database_url is not None:
        return None
    folder = data_directory(current)
    return f"{folder}: {DISK_FULL}" if OwnDisk(folder).is_full else None


def _sentence(error: dict[str, Any]) -> str:
    """Return the message on a value of a command's options that is invalid."""
    names = [part for part in error["loc"] if isinstance(part, str)]
    fault = fault_of("en", {**error, "loc": ("body", *error["loc"])}, ())
    return ": ".join([*names[:1], fault.message])
