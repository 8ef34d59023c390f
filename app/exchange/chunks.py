"""Rows of a file → commands for the log: one for each case, and one for each person or team that is new."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from app.common.children import ExternalReference
from app.common.personal import Sealed
from app.common.records import as_row
from app.exchange.cases import Cases, Held
from app.exchange.people import Known, People
from app.exchange.readers.rows import Format, SourceRow
from app.kernel.ledger import Ledger
from app.kernel.observe import Observed, Snapshot, observe
from app.kernel.told import Source
from app.kernel.visibility import audience
from app.log.canonical import instant
from app.log.events import stream
from app.log.histories import History
from app.log.ids import uuid7

# More than this is no case, but somebody's counter; all of it would have to be in memory at once.
LONGEST_CASE = 50_000
# After so many cases the call that is under way gets its turn (see load.ROWS_PER_TURN).
CASES_PER_TURN = 2


class Row(NamedTuple):
    """A row of a file and its key, which is the same whenever, and from whichever file, the row comes."""

    told: SourceRow
    key: str


@dataclass(slots=True)
class Command:
    """What becomes of one case: its rows, how many events they come to, and what of these is irregular."""

    rows: list[Row]
    events: int
    begins: bool
    irregular: list[str]


@dataclass(slots=True)
class Chunk:
    """Rows on their way into the log. `commands` by their number in the history; `added` counts stubs by
    kind; `refused` are rows of cases that have too many already.
    """

    history: History
    commands: dict[int, Command] = field(default_factory=dict)
    repeated: int = 0
    refused: list[Row] = field(default_factory=list)
    added: Counter[str] = field(default_factory=Counter)

    def left_over(self, stale: frozenset[int] | None) -> list[Row]:
        """The rows that must be told again if these commands were not applied; None: nothing was written."""
        commands = self.commands.items()
        return [row for n, command in commands if stale is None or n in stale for row in command.rows]


class Chunks:
    """Makes the chunks of one import."""

    def __init__(
        self, ledger: Ledger, form: Format, source: str, *, now: datetime, run: str, dry_run: bool
    ) -> None:
        lifecycle = ledger.lifecycles[form.kind]
        self._form = form
        self._now = now
        self._run = run
        self.source = Source(
            source,
            lifecycle,
            columns=form.fields,
            with_state=form.with_state,
            at=form.at,
            actor=form.actor,
            repeats=form.repeats,
        )
        #: Whoever works through rows holds it, also while the call under way gets its turns: reading and
        #: telling row by row take a twelfth longer than one after the other.
        self.at_work = asyncio.Lock()
        self._cases = Cases(ledger, self.source, dry_run=dry_run)
        self._people = People(ledger, source, now)
        self._look_at(())

    @property
    def begun_again(self) -> bool:
        """Whether a dry run has told cases from their beginning more than once."""
        return self._cases.begun_again

    def forget(self, rows: Iterable[Row]) -> None:
        """What was prepared for these rows was not written."""
        self._cases.forget(row.told.case for row in rows)
        self._people.forget()

    async def prepare(self, rows: list[Row]) -> Chunk:
        """The commands of these rows, without those that were told before."""
        by_case: dict[str, list[Row]] = {}
        for row in rows:
            by_case.setdefault(row.told.case, []).append(row)
        if rows:
            self._look_at(rows[0].told.heading)
        if self._people.crowded():
            self._people.forget()
        chunk = Chunk(History(self.source.channel, self._run), repeated=len(rows))
        held = await self._cases.fetch(
            {case: [row.key for row in some] for case, some in by_case.items()},
            lambda case: by_case[case][0].told.opened_at,
        )
        news: list[tuple[Held, list[Row]]] = []
        for case, known in held.items():
            if known is not None:
                some = [row for row in by_case[case] if row.key not in known.told]
                chunk.repeated -= len(some)
                if len(known.case.entries) > LONGEST_CASE:
                    chunk.refused += some
                elif some:
                    news.append((known, some))
        await self._meet(chunk, [row.told for _, some in news for row in some])
        async with self.at_work:
            for n, (known, some) in enumerate(news):
                self._tell(chunk, known, some)
                if n % CASES_PER_TURN == 0:
                    await asyncio.sleep(0)
            chunk.history.close()
        return chunk

    def _look_at(self, heading: tuple[str, ...]) -> None:
        """Where in this file's rows there is what: they all have the same columns."""
        form = self._form
        self._place = {column: n for n, column in enumerate(heading)}
        # In the order of their names, in which they stand in the log.
        self._places = tuple(sorted(range(len(heading)), key=heading.__getitem__))
        self._persons = frozenset(n for column, n in self._place.items() if column in form.persons)
        self._teams = frozenset(n for column, n in self._place.items() if column in form.teams)
        self._named = self._persons | self._teams
        self._naming = {n: form.names[column] for column, n in self._place.items() if column in form.names}
        self._words = {form.words[column]: n for column, n in self._place.items() if column in form.words}
        self._requester = next((n for n, field in self._naming.items() if field == "requester_id"), None)
        self._actors = [self._place[column] for column in (form.actor,) if column in self._place]
        self._openers = [self._place[column] for column in form.opener if column in self._place]

    async def _meet(self, chunk: Chunk, rows: list[SourceRow]) -> None:
        """Finds or adds whom the rows name; and the source's own account, if something is personal and
        nobody's.
        """
        self._people.begin_batch()
        await self._people.meet(_named_in(rows, self._persons), _named_in(rows, self._teams))
        if any(self._personal(row) and self._requester_of(row) is None for row in rows):
            await self._people.account()
        history = chunk.history
        for stub in self._people.take_added():
            n = history.command()
            history.read(n, stub.stream, 0)
            history.audience(n, stub.stream, stub.audience)
            history.event(n, stub.stream, 1, stub.type, self._now, self.source.channel, stub.data)
            for table, row in stub.rows:
                history.row(n, table, row)
            chunk.added[stub.stream.split("/")[0]] += 1

    def _tell(self, chunk: Chunk, held: Held, rows: list[Row]) -> None:
        """What these rows tell of a case."""
        case, history, name = held.case, chunk.history, held.case.key
        before, record_before = case.version, case.record.version
        n = history.command()
        history.read(n, name, before)
        irregular: list[str] = []
        owners: dict[str, int] = {}
        for row in rows:
            owner = self._owner(row.told)
            key = None if owner is None else owner.key
            if owner is not None and owner.added != self._people.batch:
                # If they are erased before this is written, their key is gone: then it is told without words.
                owners[owner.reference] = owner.version
            snapshot = self._snapshot(held, row.told, without_words=owner is not None and key is None)
            for event in observe(case, snapshot, _nothing_to_seal if key is None else key.seal):
                if event.version == 1:
                    self._refer(chunk, n, held, event)
                actor = self._actor(row.told, self._openers) if event.actor is None else event.actor
                history.event(n, name, event.version, event.type, event.at, actor, event.data, row.key)
                if "irregular" in event.data:
                    irregular += event.data["irregular"]
        chunk.commands[n] = Command(rows, case.version - before, before == 0, irregular)
        for reference, version in owners.items():
            history.read(n, reference, version)
        if case.record.version != record_before:
            history.row(n, self.source.lifecycle.table, as_row(case.record))
        tokens = tuple(sorted(audience(self.source.lifecycle, case.record, held.audience)))
        if tokens != held.audience:
            held.audience = tokens
            history.audience(n, name, tokens)

    def _refer(self, chunk: Chunk, n: int, held: Held, opening: Observed) -> None:
        """The source's own number for the case comes with its first event."""
        reference_id, number = uuid7(), held.number
        fields = {
            "key": number,
            "kind": self.source.lifecycle.kind,
            "record": held.case.key,
            "source": self.source.name,
        }
        key = stream(ExternalReference.KIND, reference_id)
        opening.data["set"] = dict(sorted({key: fields, **opening.data["set"]}.items()))
        envelope = {"id": str(reference_id), "version": 1, "changed_at": instant(opening.at)}
        chunk.history.row(n, f"fold.{ExternalReference.KIND}", envelope | fields)

    def _personal(self, row: SourceRow) -> bool:
        if not row.private:
            return False
        return any(row.values[self._place[column]] is not None for column in row.private)

    def _requester_of(self, row: SourceRow) -> str | None:
        return None if self._requester is None else row.values[self._requester]

    def _owner(self, row: SourceRow) -> Known | None:
        """Under whose key the row's words are kept; None: there are none."""
        return self._people.person(self._requester_of(row) or "") if self._personal(row) else None

    def _actor(self, row: SourceRow, places: list[int]) -> str:
        """Who did it: the first person that is named in one of these places, or else the import."""
        for n in places:
            name = row.values[n]
            if name is not None:
                return self._people.person(name).actor
        return self.source.channel

    def _snapshot(self, held: Held, row: SourceRow, *, without_words: bool) -> Snapshot:
        """The row with the names in it as ids; of its columns those that are other than in the row before."""
        values, heading, before = row.values, row.heading, held.before
        # Readers give the same text as the same object, so that most of what is equal is identical.
        news = self._places if before is None else [n for n in self._places if values[n] is not before[n]]
        held.before = values
        given = {heading[n]: values[n] for n in news}
        for n in self._named.intersection(news):
            name = values[n]
            known = None
            if name is not None:
                known = self._people.team(name) if n in self._teams else self._people.person(name)
                given[heading[n]] = known.reference
            if n in self._naming:
                held.named[self._naming[n]] = None if known is None else known.id
        private: dict[str, str | None] = {}
        words: dict[str, str | None] = {}
        irregular = row.irregular
        if without_words:
            irregular = (*irregular, "person_erased")
            for column in row.private:
                given.pop(column, None)
        elif row.private:
            private = {column: given.pop(column) for column in row.private if column in given}
            words = {field: values[n] for field, n in self._words.items()}
        fields = row.fields | held.named
        actor = self._actor(row, self._actors)
        return Snapshot(row.at, row.opened_at, row.state, fields, words, given, private, irregular, actor)


def _named_in(rows: list[SourceRow], places: Iterable[int]) -> set[str]:
    """The names that stand in these places of the rows."""
    values = [row.values for row in rows]
    names: set[str | None] = set()
    for n in places:
        names.update(map(itemgetter(n), values))
    return set(filter(None, names))


def _nothing_to_seal(text: str) -> Sealed:
    raise AssertionError("a row without words has nothing to seal")
