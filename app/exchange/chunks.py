"""Conversion of a file's rows into commands to append: one for each case, and one for each new person or
team.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from app.common.children import ExternalReference
from app.common.personal import Ciphertext
from app.common.records import ALTERED, as_row
from app.exchange.case_cache import CachedCase, CaseCache
from app.exchange.continuations import continue_texts, long_texts
from app.exchange.people import KnownPerson, People
from app.exchange.readers.rows import Format, SourceRow
from app.kernel.access.visibility import audience
from app.kernel.actions.made_fit import Alteration, fit_paragraph
from app.kernel.actions.payloads import LONGEST_LINE, LONGEST_PARAGRAPH
from app.kernel.histories.history_source import HistorySource
from app.kernel.histories.observe import ObservedEvent, Snapshot, observe
from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.log.events import stream
from app.log.histories import History
from app.log.ids import uuid7

# A number with more rows than this is no ticket but some counter, and all its entries would have to be in
# memory at once.
LONGEST_CASE = 50_000
# The write under way gets its turn on the event loop after so many cases (see load.ROWS_PER_TURN).
CASES_PER_TURN = 2


class ImportRow(NamedTuple):
    """A row of a file, and its key: the same row has the same key in any file and in any import."""

    source_row: SourceRow
    key: str


@dataclass(slots=True)
class CaseImport:
    """The command that imports one case: its rows, the number of its events, whether it begins the case, and
    the codes of what is irregular in its events.
    """

    rows: list[ImportRow]
    events: int
    begins: bool
    irregular: list[str]


@dataclass(slots=True)
class Chunk:
    """Rows of a file as commands that one append writes to the log.

    `commands` are the imports of cases by their number in the history; `repeated` counts rows that are
    imported already; `added` counts stubs by kind; `refused` are rows of cases that have too many rows
    already.
    """

    history: History
    commands: dict[int, CaseImport] = field(default_factory=dict)
    repeated: int = 0
    refused: list[ImportRow] = field(default_factory=list)
    added: Counter[str] = field(default_factory=Counter)

    def unapplied_rows(self, stale: frozenset[int] | None) -> list[ImportRow]:
        """Return the rows of the commands `stale`, which were not applied, so that they can be converted
        again; `stale` None: all rows, since nothing was written.
        """
        commands = self.commands.items()
        return [row for n, command in commands if stale is None or n in stale for row in command.rows]


class ChunkBuilder:
    """Converts the rows of one import into chunks."""

    def __init__(
        self, ledger: Ledger, form: Format, source: str, *, now: datetime, run: str, dry_run: bool
    ) -> None:
        lifecycle = ledger.lifecycles[form.kind]
        self._form = form
        self._now = now
        self._run = run
        self.source = HistorySource(
            source,
            lifecycle,
            columns=form.fields,
            with_state={**form.with_state, ALTERED: frozenset(lifecycle.states)},
            time_columns=form.time_columns,
            actor=form.actor,
            repeats=form.repeats,
        )
        #: Held by the task that reads or converts rows, also while it lets the write under way have its
        #: turns: reading and converting in alternation, row by row, take a twelfth longer than one after the
        #: other.
        self.work_lock = asyncio.Lock()
        self._cases = CaseCache(ledger, self.source, dry_run=dry_run)
        self._people = People(ledger, source, now)
        self._index_columns(())

    @property
    def recounted(self) -> bool:
        """True if a dry run has imported a case from its beginning more than once, so that its counts are
        estimates.
        """
        return self._cases.recounted

    def forget(self, rows: Iterable[ImportRow]) -> None:
        """Drops the cached cases, persons and teams of these rows, because the rows were prepared but not
        written.
        """
        self._cases.forget(row.source_row.case for row in rows)
        self._people.forget()

    async def prepare(self, rows: list[ImportRow]) -> Chunk:
        """Return the chunk of these rows, without those that are imported already."""
        by_case: dict[str, list[ImportRow]] = {}
        for row in rows:
            by_case.setdefault(row.source_row.case, []).append(row)
        if rows:
            self._index_columns(rows[0].source_row.heading)
        if self._people.is_full():
            self._people.forget()
        chunk = Chunk(History(self.source.channel, self._run), repeated=len(rows))
        held = await self._cases.fetch(
            {case: [row.key for row in some] for case, some in by_case.items()},
            lambda case: by_case[case][0].source_row.opened_at,
        )
        news: list[tuple[CachedCase, list[ImportRow]]] = []
        for case, cached in held.items():
            if cached is not None:
                some = [row for row in by_case[case] if row.key not in cached.imported_keys]
                chunk.repeated -= len(some)
                if len(cached.case.entries) > LONGEST_CASE:
                    chunk.refused += some
                elif some:
                    news.append((cached, some))
        await self._find_or_add_people(chunk, [row.source_row for _, some in news for row in some])
        async with self.work_lock:
            for n, (cached, some) in enumerate(news):
                self._add_case(chunk, cached, some)
                if n % CASES_PER_TURN == 0:
                    await asyncio.sleep(0)
            chunk.history.close()
        return chunk

    def _index_columns(self, heading: tuple[str, ...]) -> None:
        """Finds the positions of the columns in this heading, which all rows of a file share."""
        form = self._form
        self._column_index = {column: n for n, column in enumerate(heading)}
        # In the order of their names, which is their order in the events.
        self._sorted_indexes = tuple(sorted(range(len(heading)), key=heading.__getitem__))
        self._persons = frozenset(n for column, n in self._column_index.items() if column in form.persons)
        self._teams = frozenset(n for column, n in self._column_index.items() if column in form.teams)
        self._name_indexes = self._persons | self._teams
        self._name_fields = {
            n: form.names[column] for column, n in self._column_index.items() if column in form.names
        }
        self._text_indexes = {
            form.free_text[column]: n for column, n in self._column_index.items() if column in form.free_text
        }
        self._line_indexes = {
            form.fields[column]: n for column, n in self._column_index.items() if column in form.fields
        }
        self._requester = next((n for n, field in self._name_fields.items() if field == "requester_id"), None)
        self._actors = [
            self._column_index[column] for column in (form.actor,) if column in self._column_index
        ]
        self._openers = [self._column_index[column] for column in form.opener if column in self._column_index]

    async def _find_or_add_people(self, chunk: Chunk, rows: list[SourceRow]) -> None:
        """Finds the persons and teams that the rows name, or adds stubs of them to the chunk; also the
        account of the source itself if a row with personal data names no requester.
        """
        self._people.begin_batch()
        await self._people.find_or_add(_named_in(rows, self._persons), _named_in(rows, self._teams))
        if any(self._has_personal(row) and self._requester_of(row) is None for row in rows):
            await self._people.source_account()
        history = chunk.history
        for stub in self._people.pop_added():
            n = history.command()
            history.read(n, stub.stream, 0)
            history.audience(n, stub.stream, stub.audience)
            history.event(n, stub.stream, 1, stub.type, self._now, self.source.channel, stub.data)
            for table, row in stub.rows:
                history.row(n, table, row)
            chunk.added[stub.stream.split("/")[0]] += 1

    def _add_case(self, chunk: Chunk, cached: CachedCase, rows: list[ImportRow]) -> None:
        """Adds the command that imports these rows of a case."""
        case, history, name = cached.case, chunk.history, cached.case.key
        before, record_before = case.version, case.record.version
        n = history.command()
        history.read(n, name, before)
        irregular: list[str] = []
        owners: dict[str, int] = {}
        for row in rows:
            owner = self._owner(row.source_row)
            key = None if owner is None else owner.key
            if owner is not None and owner.added != self._people.batch:
                # If the person is erased before this is written, their key is gone: this read makes the
                # append refuse, and the rows are converted again without personal data.
                owners[owner.reference] = owner.version
            snapshot = self._snapshot(cached, row.source_row, without_words=owner is not None and key is None)
            texts = self._long_texts(row.source_row)
            for event in observe(case, snapshot, _nothing_to_encrypt if key is None else key.encrypt):
                if event.version == 1:
                    self._add_external_reference(chunk, n, cached, event)
                if texts and owner is not None and key is not None:
                    continue_texts(history, n, name, event, texts, owner=owner, key=key)
                actor = self._actor(row.source_row, self._openers) if event.actor is None else event.actor
                history.event(
                    n, name, event.version, event.type, event.occurred_at, actor, event.data, row.key
                )
                if "irregular" in event.data:
                    irregular += event.data["irregular"]
        chunk.commands[n] = CaseImport(rows, case.version - before, before == 0, irregular)
        for reference, version in owners.items():
            history.read(n, reference, version)
        if case.record.version != record_before:
            history.row(n, self.source.lifecycle.table, as_row(case.record))
        tokens = tuple(sorted(audience(self.source.lifecycle, case.record, cached.audience)))
        if tokens != cached.audience:
            cached.audience = tokens
            history.audience(n, name, tokens)

    def _add_external_reference(
        self, chunk: Chunk, n: int, cached: CachedCase, opening: ObservedEvent
    ) -> None:
        """Adds to the first event of a case the external reference with the source's number for the case."""
        reference_id, number = uuid7(), cached.number
        fields = {
            "key": number,
            "kind": self.source.lifecycle.kind,
            "record": cached.case.key,
            "source": self.source.name,
        }
        key = stream(ExternalReference.KIND, reference_id)
        opening.data["set"] = dict(sorted({key: fields, **opening.data["set"]}.items()))
        envelope = {"id": str(reference_id), "version": 1, "changed_at": instant(opening.occurred_at)}
        chunk.history.row(n, f"fold.{ExternalReference.KIND}", envelope | fields)

    def _long_texts(self, row: SourceRow) -> dict[str, str]:
        """Return the texts of the row that are longer than their fields."""
        if row.size <= LONGEST_PARAGRAPH and not row.altered:
            return {}
        texts = {field: row.values[n] for field, n in self._text_indexes.items()}
        longest = dict.fromkeys(texts, LONGEST_PARAGRAPH)
        lines = [field for field, codes in row.altered.items() if Alteration.cut.value in codes]
        texts |= {field: row.values[self._line_indexes[field]] for field in lines}
        return long_texts(texts, longest | dict.fromkeys(lines, LONGEST_LINE))

    def _has_personal(self, row: SourceRow) -> bool:
        """Return whether the row has texts that are encrypted; those that continue a title are, too."""
        if any(Alteration.cut.value in codes for codes in row.altered.values()):
            return True
        return bool(row.private) and any(
            row.values[self._column_index[column]] is not None for column in row.private
        )

    def _requester_of(self, row: SourceRow) -> str | None:
        return None if self._requester is None else row.values[self._requester]

    def _owner(self, row: SourceRow) -> KnownPerson | None:
        """Return the person under whose key the row's personal data are encrypted, or None."""
        return self._people.person(self._requester_of(row) or "") if self._has_personal(row) else None

    def _actor(self, row: SourceRow, places: list[int]) -> str:
        """Return the actor of the row: the first person named in the columns at `places`, or otherwise the
        import itself.
        """
        for n in places:
            name = row.values[n]
            if name is not None:
                return self._people.person(name).actor
        return self.source.caller.actor

    def _snapshot(self, cached: CachedCase, row: SourceRow, *, without_words: bool) -> Snapshot:
        """Return the row as a snapshot: names replaced by ids, and of the source's columns those that differ
        from the case's row before.
        """
        values, heading, before = row.values, row.heading, cached.last_values
        # Readers return equal text as the same object, so comparing identity finds most of what is unchanged.
        news = (
            self._sorted_indexes
            if before is None
            else [n for n in self._sorted_indexes if values[n] is not before[n]]
        )
        cached.last_values = values
        named_values = {heading[n]: values[n] for n in news}
        for n in self._name_indexes.intersection(news):
            name = values[n]
            identity = None
            if name is not None:
                identity = self._people.team(name) if n in self._teams else self._people.person(name)
                named_values[heading[n]] = identity.reference
            if n in self._name_fields:
                cached.named_ids[self._name_fields[n]] = None if identity is None else identity.id
        private: dict[str, str | None] = {}
        words: dict[str, str | None] = {}
        altered = dict(row.altered)
        irregular = row.irregular
        if without_words:
            irregular = (*irregular, "person_erased")
            for column in row.private:
                named_values.pop(column, None)
        elif row.private:
            private = {column: named_values.pop(column) for column in row.private if column in named_values}
            words = {field: _fit(values[n], field, altered) for field, n in self._text_indexes.items()}
        fields = row.fields | cached.named_ids
        if altered or row.state is not None:
            fields[ALTERED] = altered or None
        actor = self._actor(row, self._actors)
        return Snapshot(
            row.occurred_at, row.opened_at, row.state, fields, words, named_values, private, irregular, actor
        )


def _fit(text: str | None, field: str, altered: dict[str, list[str]]) -> str | None:
    """Return the text as a field can hold it, with a mark in `altered` if it had to be changed."""
    if text is None:
        return None
    fit = fit_paragraph(text)
    if fit.altered:
        altered[field] = [code.value for code in fit.altered]
    return fit.text or None


def _named_in(rows: list[SourceRow], places: Iterable[int]) -> set[str]:
    """Return the names that the rows have in the columns at these positions."""
    values = [row.values for row in rows]
    names: set[str | None] = set()
    for n in places:
        names.update(map(itemgetter(n), values))
    return set(filter(None, names))


def _nothing_to_encrypt(text: str) -> Ciphertext:
    raise AssertionError("a row without words has nothing to encrypt")
