"""Results of reading a file: understood rows, refused rows, or a refusal of the whole file; and the protocol
of readers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from app.common.records import CodeEnum
from app.platform.failures import OperationRefused


class FileRefused(OperationRefused):
    """The file as a whole is refused; the message has the reason and the remedy."""


class RefusedRow(NamedTuple):
    """A row that is refused. `line` counts the file's lines from 1; `text` is the row as it stands in the
    file. `likely_encoding` is the encoding that the row looks like, if that is another than the stated one.
    """

    line: int
    code: str
    reason: str
    text: str
    likely_encoding: str | None = None


class SourceRow(NamedTuple):
    """The state of a case after one change, as a row of the file gives it.

    `values` are those of the source's columns under the file's `heading`, None where a value is missing;
    `private` are the columns with free text, and those of unknown content. `fields` are the record's fields,
    except those that refer to persons and teams and those with personal data. `identity` is the text that
    distinguishes this row from the case's other rows, whatever program has saved the file. `size` is its
    number of characters. `altered` are the fields whose text was made fit, each with codes.
    """

    line: int
    case: str
    occurred_at: datetime
    opened_at: datetime
    state: CodeEnum | None
    fields: dict[str, Any]
    heading: tuple[str, ...]
    values: tuple[str | None, ...]
    private: tuple[str, ...]
    irregular: tuple[str, ...]
    identity: str
    size: int
    altered: Mapping[str, list[str]] = MappingProxyType({})


@dataclass(frozen=True)
class Format:
    """Properties of all files of one format, or with one mapping.

    `kind` is the kind of the records. All columns are the source's: those of `persons` and `teams` contain
    their names; `fields` is the record's field by column, and `names` and `free_text` are the subsets with
    names and with free text. `with_state` are the fields that are set only together with a state, and those
    states. `time_columns` are those of the time of a row, `actor` is the column of the person who made the
    change; `opener` are the columns of the person who opened the case, of which the first with a value
    counts. `repeats`: a further row that has the case ended means that it ended again.
    """

    name: str
    kind: str
    persons: frozenset[str]
    teams: frozenset[str]
    fields: Mapping[str, str]
    names: Mapping[str, str]
    free_text: Mapping[str, str]
    with_state: Mapping[str, frozenset[CodeEnum]]
    time_columns: frozenset[str]
    actor: str
    opener: tuple[str, ...]
    repeats: bool


class Reader(Protocol):
    """Reads files of one format. `zone` is the IANA name of the zone of times that state no zone."""

    @property
    def format(self) -> Format:
        """The properties of all files that it reads."""

    @property
    def zone(self) -> str:
        """The name of the zone as the caller stated it; `read` checks whether the zone exists."""

    def read(self, block: Callable[[int], bytes]) -> Iterator[SourceRow | RefusedRow]:
        """Reads the rows, in the order of the file. `block(n)` returns up to n further bytes. Raises
        FileRefused.
        """


def distinct_names(heading: list[str], needed: Collection[str]) -> list[str]:
    """Return the names of the columns, a repeated one with its number, so that its values are kept like those
    of other unknown columns. Raises FileRefused if one of the `needed` columns is there twice.
    """
    twice = sorted({name for name in heading if name in needed and heading.count(name) > 1})
    if twice:
        raise FileRefused(f"The heading has {', '.join(map(repr, twice))} more than once.")
    names: list[str] = []
    for name in heading:
        numbered = (f"{name} ({n})" for n in count(2))
        free = (each for each in chain((name,), numbered) if each not in names and each not in needed)
        names.append(name if name not in names else next(free))
    return names
