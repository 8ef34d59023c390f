"""Commands that an action issues on further records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import Payload


@dataclass(frozen=True, slots=True)
class RelatedPart:
    """A command on one further record: the name of its stream, the payload, and values that were computed for
    it (`Command.prepared`). `place` is where the first payload names the record, as `verdicts/2/suggestion`;
    None: in `field` of the related command, at the part's own place. `within` is where the first payload has
    the second one's fields by the same names, as `actions/0`, so that their faults are reported there.
    """

    record: str
    body: Payload | dict[str, Any]
    prepared: tuple[object, ...] = ()
    place: str | None = None
    within: str | None = None


@dataclass(frozen=True, slots=True)
class RelatedCommand:
    """A command that an action issues on a second record, or on several: an action of that record's own
    lifecycle, with its own actor policy, checks and event.

    `field` is the payload's field that names the record, to which refusals point. `record` returns the name
    of its stream, or the names of several; the id of a record that the action opens is
    `ActionContext.related_id`. `body` returns the second payload from the first record and the first payload,
    as a payload or as a client would send it. With `goes_on` that action issues its own related command, too.
    With `permitted`, people who may perform the first action may also cause this one, and see that record for
    it: the second action's policy is for those who perform it by itself.
    """

    action: str
    field: str
    record: Callable[[ActionContext], str | Sequence[str]]
    body: Callable[[Any, Any], Payload | dict[str, Any]]
    goes_on: bool = False
    permitted: bool = False

    def issued(self, record: Any, body: Payload, ctx: ActionContext) -> list[tuple[str, RelatedPart]]:
        """Return the commands on the records that it names, each with the pointer to the record's name in the
        first payload.
        """
        named = self.record(ctx)
        if isinstance(named, str):
            return [(f"/{self.field}", RelatedPart(named, self.body(record, body)))]
        return [
            (f"/{self.field}/{n}", RelatedPart(name, self.body(record, body))) for n, name in enumerate(named)
        ]


@dataclass(frozen=True, slots=True)
class RelatedCommands:
    """The command that an action issues on each of several records, with a payload for each; otherwise as
    `RelatedCommand`. `parts` returns them from the first record, the first payload and its context.
    """

    action: str
    field: str
    parts: Callable[[Any, Any, ActionContext], Sequence[RelatedPart]]
    goes_on: bool = False
    permitted: bool = False

    def issued(self, record: Any, body: Payload, ctx: ActionContext) -> list[tuple[str, RelatedPart]]:
        """Return the commands, each with the pointer to the record's name in the first payload."""
        return [
            (f"/{part.place or f'{self.field}/{n}'}", part)
            for n, part in enumerate(self.parts(record, body, ctx))
        ]
