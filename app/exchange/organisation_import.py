"""Import of an organisation's teams and people from CSV files: each line is a command that is carried out
once, however often the file is imported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.exchange.readers.lines import DELIMITERS, UTF8, DelimitedRows, likely_encoding, lines
from app.exchange.readers.rows import FileRefused, RefusedRow
from app.foundation.people import persons, teams
from app.foundation.people.roles import invalid_role_scopes
from app.kernel.access.reads import ReadContext, load
from app.kernel.actions.context import ActionContext, ActionSettings, CommandMetadata
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import Payload
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.log.events import id_of
from app.log.writer import DuplicateCommand

TEAM_COLUMNS = ("key", "name", "kind")
PERSON_COLUMNS = (
    *("name", "email", "phone", "login", "department", "post", "manager", "grade", "locale", "time_zone"),
    *("teams", "roles"),
)
#: Columns with several values, separated by VALUE_SEPARATOR.
MULTI_VALUE_COLUMNS = ("teams", "roles")
VALUE_SEPARATOR = ";"
CHANGED_LINE = "The entry already exists and differs. Change it by the API; a file does not change it."

SELECT_RECORDED = """
select stream, encode(fingerprint, 'hex') as fingerprint
from log.idempotency where key = %s and route = %s and principal = %s
"""


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A line that was refused, and why; lines count from 1, the heading being the first."""

    line: int
    why: str


@dataclass(slots=True)
class ImportSummary:
    """Result of importing a file: lines added, lines already present, and refused lines."""

    added: int = 0
    there_already: int = 0
    wrong: list[RejectedLine] = field(default_factory=list)


@dataclass(slots=True)
class OrganisationImport:
    """One run of the import. With `dry` nothing is written, and lines that would be added count as added.

    `_persons` are the ids of people by e-mail, None where a dry run would add the person; `_keys` are the
    keys of the teams that the run adds, or would add.
    """

    ledger: Ledger
    context: CommandMetadata
    dry: bool = False
    _persons: dict[str, str | None] = field(default_factory=dict)
    _keys: set[str] = field(default_factory=set)

    async def teams(self, path: Path) -> ImportSummary:
        """Adds the teams of the file. Raises FileRefused."""
        import_summary = ImportSummary()
        for line, row in _rows(path, TEAM_COLUMNS, needed=("key", "name")):
            await self._import_line(import_summary, line, row, self._team)
        return import_summary

    async def people(self, path: Path) -> ImportSummary:
        """Adds the people of the file; a manager must stand before those who report to them. Raises
        FileRefused.
        """
        import_summary = ImportSummary()
        for line, row in _rows(path, PERSON_COLUMNS, needed=("name", "email")):
            await self._import_line(import_summary, line, row, self._person)
        return import_summary

    async def _import_line(
        self, import_summary: ImportSummary, line: int, row: dict[str, Any] | _LineRejected, add: Any
    ) -> None:
        try:
            if isinstance(row, _LineRejected):
                raise row
            added = await add(row)
        except ValidationError as error:
            faults = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            import_summary.wrong.append(RejectedLine(line, "; ".join(faults)))
        except Refusal as refusal:
            import_summary.wrong.append(RejectedLine(line, refusal.sentence("en")))
        except _LineRejected as error:
            import_summary.wrong.append(RejectedLine(line, str(error)))
        else:
            import_summary.added += added
            import_summary.there_already += not added

    async def _team(self, row: dict[str, Any]) -> bool:
        body = teams.AddTeam(**row)
        key = self._idempotency_key("team", body.key, row)
        if (recorded := await self._recorded(key)) is not None:
            recorded.require_unchanged(key)
            return False
        if await load(self.ledger.db, teams.LIFECYCLE, body.key) is not None:
            return False  # added by someone else, perhaps under another name
        self._keys.add(body.key)
        await self._add(teams.LIFECYCLE, body, key)
        return True

    async def _person(self, row: dict[str, Any]) -> bool:
        email = row["email"].casefold()
        key = self._idempotency_key("person", email, row)
        manager = row.pop("manager", None)
        if manager is not None and manager.casefold() not in self._persons:
            raise _LineRejected(f"manager: no line before this one has the e-mail {manager!r}.")
        body = persons.AddPerson(**row, manager=self._persons[manager.casefold()] if manager else None)
        recorded = await self._recorded(key)
        if recorded is not None:
            self._persons[email] = recorded.id
            recorded.require_unchanged(key)
            return False
        if self.dry:
            await self._check_references(body)
        self._persons[email] = await self._add(persons.LIFECYCLE, body, key)
        return True

    async def _check_references(self, body: persons.AddPerson) -> None:
        """Checks that the teams and role scopes that the person's payload names exist, or would be added by
        this dry run. Raises _LineRejected or a Refusal.
        """
        for name in body.teams:
            if name not in self._keys and await load(self.ledger.db, teams.LIFECYCLE, name) is None:
                raise _LineRejected(f"teams: there is no team {name!r}.")
        now = self.context.now
        ctx = ActionContext(self.context.caller, now, now, ActionSettings(self.ledger.settings.reopen_days))
        await invalid_role_scopes(
            ReadContext(self.ledger.db, self.ledger.lifecycles, self.ledger.directory), None, body, ctx
        )

    def _idempotency_key(self, kind: str, name: str, row: dict[str, Any]) -> IdempotencyKey:
        """Return the idempotency key of a line; the team's key or the e-mail enters only as a fingerprint,
        since the log keeps the key.
        """
        fingerprint = self.ledger.vault.fingerprint
        content = json.dumps(row, sort_keys=True)
        return IdempotencyKey(
            f"roster_{kind}", fingerprint("roster", kind, name), fingerprint("roster row", content)
        )

    async def _recorded(self, key: IdempotencyKey) -> _RecordedLine | None:
        """Return the earlier command with this key, whatever else its line contained, or None."""
        row = await self.ledger.db.row(SELECT_RECORDED, (key.key, key.route, self.context.caller.actor))
        return None if row is None else _RecordedLine(str(id_of(row["stream"])), row["fingerprint"])

    async def _add(self, lifecycle: Lifecycle[Any], body: Payload, key: IdempotencyKey) -> str | None:
        if self.dry:
            return None
        try:
            done = await perform(
                self.ledger, Command(lifecycle, lifecycle["add"], None, body, self.context, key=key)
            )
        except DuplicateCommand as repeated:  # added by another run at the same time
            return str(id_of(repeated.earlier.stream))
        return str(done.record.id)


@dataclass(frozen=True, slots=True)
class _RecordedLine:
    """A line that was imported earlier: the id of its record, and the fingerprint (hex) of its content."""

    id: str
    fingerprint: str

    def require_unchanged(self, key: IdempotencyKey) -> None:
        """Raises _LineRejected if the content of the line has changed since."""
        if self.fingerprint != key.fingerprint:
            raise _LineRejected(CHANGED_LINE)


class _LineRejected(Exception):
    """A line cannot be read, names a team or manager that is not there, or has changed since its import."""


def _rows(
    path: Path, columns: tuple[str, ...], *, needed: tuple[str, ...]
) -> Iterator[tuple[int, dict[str, Any] | _LineRejected]]:
    """Read the lines of the file as their numbers and fields, without empty fields, or the reason why a line
    cannot be read. Raises FileRefused.
    """
    try:
        with path.open("rb") as file:
            content = file.read()
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error}.") from error
    try:
        content.decode("utf-8")
        encoding = UTF8
    except UnicodeDecodeError:
        encoding = likely_encoding(content) or UTF8
    rows = DelimitedRows(lines(BytesIO(content).read, encoding), encoding)
    heading = [name.strip().lower() for name in rows.heading()]
    if unknown := [name for name in heading if name not in columns]:
        raise FileRefused(f"{path}: the column {unknown[0]!r} is unknown; possible are {', '.join(columns)}.")
    if missing := [name for name in needed if name not in heading]:
        raise FileRefused(f"{path}: column {missing[0]!r} is missing.")
    for row in rows:
        if isinstance(row, RefusedRow):
            if row.text.strip(f"{DELIMITERS} "):
                yield row.line, _LineRejected(f"{row.reason}.")
        elif any(cell.strip() for cell in row[1]):
            yield row[0], dict.fromkeys(needed, "") | _fields(dict(zip(heading, row[1], strict=True)))


def _fields(row: dict[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in row.items():
        text = value.strip()
        if text:
            fields[name] = _split_values(text) if name in MULTI_VALUE_COLUMNS else text
    return fields


def _split_values(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(VALUE_SEPARATOR) if part.strip())
