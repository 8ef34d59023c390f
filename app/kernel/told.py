"""What is known of a system that tells of cases, and what one of its rows can tell. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from app.common.people import importer
from app.common.records import Labelled, Refers, codecs
from app.common.tickets import Ticket
from app.kernel.bodies import Body, marks
from app.kernel.lifecycle import Action, Lifecycle

R = TypeVar("R", bound=Ticket)


class Way(NamedTuple):
    """The row of the table that leads to a state, None if there is none; and whether it was open before."""

    row: Action[Any, Any] | None
    regular: bool


class Manner(NamedTuple):
    """How the event of a row tells it: `type` and `irregular` are the event's, `actor` is who made the row,
    `codes` are those of `irregular` that its reader found. Without a type the opening's event tells it.
    """

    type: str
    irregular: tuple[str, ...]
    codes: tuple[str, ...]
    actor: str

    @property
    def is_opening(self) -> bool:
        """Whether it has no event but the opening's."""
        return not self.type


class Entry(NamedTuple):
    """What one event told, in the order of the case: the first three are its place.

    `fields`: all that the source told then, also what had not changed; of others what they set. Personal
    fields are there as digests. `said`: the names of those that stand in the event. `own`: the source's.
    `manner` is that of a row of the source; the opening has none.
    """

    follows: bool  # false for the opening, which comes first whenever it was
    at: datetime
    version: int
    fields: dict[str, Any]
    said: Iterable[str]
    own: bool
    manner: Manner | None = None


class Source(Generic[R]):
    """What is known of a source as a whole, for one kind of record.

    `name` is its own. `columns` says which of its columns tells which field of the record; `with_state` are
    the fields that are told only with a state, and with which. `at` are the columns of a row's own time,
    `actor` is that of who made it. `repeats`: a row that finds a case ended once more means that it ended
    again.
    """

    def __init__(
        self,
        name: str,
        lifecycle: Lifecycle[R],
        *,
        columns: Mapping[str, str],
        with_state: Mapping[str, frozenset[Labelled]],
        at: frozenset[str],
        actor: str = "",
        repeats: bool,
    ) -> None:
        self.name = name
        self.channel = f"import:{name}"
        self.caller = importer(name)
        self.lifecycle = lifecycle
        self.observed = f"{lifecycle.kind}.observed"
        self.columns = columns
        self.with_state = with_state
        #: The fields that its rows tell.
        self.tells = frozenset({"state", *columns.values(), *with_state})
        self.at = at
        self.actor = actor
        self.repeats = repeats
        first = lifecycle.opening().to
        assert isinstance(first, Labelled), "a record begins in one state"
        self.first = first
        # That a case is closed does not tell that it repeats another one.
        self._moving = [
            row for row in lifecycle.rows if not (row.opens or row.stays or _names_another(row.body))
        ]
        self._ways = {(a, b): self._way(a, b) for a in lifecycle.states for b in lifecycle.states}
        rows = [(event, row) for row in lifecycle.rows for event in row.events]
        self._needed = {event: list(_needed(lifecycle, row)) for event, row in rows}

    def way(self, record: R, after: Labelled) -> Way | None:
        """How the case gets from the record's state to another; None: it has not moved."""
        way = self._ways[record.state, after]
        if way is not None and not way.regular:
            for row in self._moving:
                # A row that leads back to where it was: where that is, is for the record to say.
                back = callable(row.to) and not row.leads_to and row.comes_from(record.state)
                if back and row.to(record) == after:  # type: ignore[operator]  # it is called to be told
                    return Way(row, True)
        return way

    def _way(self, before: Labelled, after: Labelled) -> Way | None:
        ended = self.lifecycle.ended
        leading = [row for row in self._moving if after in row.leads_to]
        if before == after:
            return Way(leading[0], True) if self.repeats and after in ended else None
        for row in leading:
            if row.comes_from(before):
                return Way(row, True)
        if before in ended and after not in ended and any(row.comes_from(after) for row in self._moving):
            again = [r for r in self._moving if r.comes_from(before) and ended.isdisjoint(r.leads_to)]
            return Way(again[0], False)
        return Way(leading[0] if leading else None, False)

    def said_still(self, row: Entry) -> set[str]:
        """What a row's event has said for good: words, which may not be at hand any more."""
        known = codecs(self.lifecycle.record)
        return {name for name in row.said if known[name].personal}

    def type_of(self, way: Way | None, state: Labelled | None) -> str:
        """What an event is called that leads to the state that way; no way: it has not moved."""
        return self.observed if way is None or way.row is None else way.row.event_in(state)

    def missing(self, event: str, known: Mapping[str, Any]) -> list[str]:
        """The codes of what the body of the event's action requires, and is not known of the record."""
        needed = self._needed.get(event)
        if not needed:
            return []
        return [code for code, holders in needed if all(known.get(holder) is None for holder in holders)]

    def found(self, event: str, irregular: Iterable[str]) -> tuple[str, ...]:
        """Of what is irregular in an event of that type, that which the source's reader found."""
        known = {code for code, _ in self._needed.get(event, ())}
        return tuple(code for code in irregular if code not in known and not code.startswith("from:"))


def _names_another(body: type[Body]) -> bool:
    """Whether a record must be named in it, which no state tells."""
    return any(body.model_fields[name].is_required() for name in marks(body, Refers))


def _needed(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> Iterator[tuple[str, list[str]]]:
    """For each required field of the body, the code of its absence, and where the record may hold it: the
    `reason` of `hold` in `hold_reason`.
    """
    for name, needed in row.body.model_fields.items():
        if needed.is_required():
            holders = (name, f"{name}_id", f"{row.name}_{name}")
            yield f"missing:{name}", [h for h in holders if h in lifecycle.record.model_fields]
