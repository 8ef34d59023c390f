"""What a reader makes of a file: rows that it understood, rows that it refuses, or a refusal of the whole
file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from app.common.records import CodeEnum


class FileRefused(Exception):
    """The file as a whole cannot be taken; the message says why, and what to do."""


class RefusedRow(NamedTuple):
    """A row that cannot be taken. `line` counts the file's lines from 1; `text` is the row as it stands
    there. `likely_encoding`: what it looks like, if it is in another encoding than was said.
    """

    line: int
    code: str
    reason: str
    text: str
    likely_encoding: str | None = None


class SourceRow(NamedTuple):
    """How a case stood after one change, as the file tells it.

    `values` are those of the source's own columns, under the file's `heading`, None where there is none;
    `private` the columns that hold free text, or that nobody knows. `fields` are the record's, but for those
    that name persons and teams and those that are personal. `identity` is all that tells this row from others
    of the case, whatever program has saved the file. `size` is its number of characters.
    """

    line: int
    case: str
    at: datetime
    opened_at: datetime
    state: CodeEnum | None
    fields: dict[str, Any]
    heading: tuple[str, ...]
    values: tuple[str | None, ...]
    private: tuple[str, ...]
    irregular: tuple[str, ...]
    identity: str
    size: int


@dataclass(frozen=True)
class Format:
    """What holds for all files of a kind.

    `kind` is that of the records. Columns are the source's: `persons` and `teams` name such, `fields` says
    which field of the record a column tells, `names` and `free_text` which of these hold names, and free
    text; `with_state` are the fields that are told only with a state, and with which. `at` are the columns of
    a row's own time, `actor` of who made a row, `opener` of who opened the case, the first that is given.
    `repeats`: a row that finds a case ended once more means that it ended again.
    """

    name: str
    kind: str
    persons: frozenset[str]
    teams: frozenset[str]
    fields: Mapping[str, str]
    names: Mapping[str, str]
    free_text: Mapping[str, str]
    with_state: Mapping[str, frozenset[CodeEnum]]
    at: frozenset[str]
    actor: str
    opener: tuple[str, ...]
    repeats: bool


class Reader(Protocol):
    """Reads files of one format. `zone` is the IANA name of the zone of times that have none."""

    @property
    def format(self) -> Format:
        """What holds for all of its files."""

    @property
    def zone(self) -> str:
        """As it was given; whether there is such a zone is found by `read`."""

    def read(self, block: Callable[[int], bytes]) -> Iterator[SourceRow | RefusedRow]:
        """The rows, in the order of the file. `block` gives up to so many more bytes. Raises FileRefused."""
