"""The table: what can happen to a kind of record.

One row of the process document is one row here, in its order.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Generic, TypedDict, TypeVar, Unpack, get_type_hints

from app.common.notices import RecipientRule
from app.common.people import Caller, Role
from app.common.records import CodeEnum, Record
from app.kernel.actor_policy import ActorPolicy, RecordDuty, policy_cache_key
from app.kernel.constraints import Violation
from app.kernel.context import ActionContext
from app.kernel.payloads import Payload

if TYPE_CHECKING:
    from app.kernel.reads import ReadContext

R = TypeVar("R", bound=Record)
B = TypeVar("B", bound=Payload)


class Creation(Enum):
    """The one way in: the record does not exist before."""

    FROM_NOTHING = "from nothing"


class Unchanged(Enum):
    """The action does not change the state."""

    STAYS = "stays"


NEW_RECORD: Final = Creation.FROM_NOTHING
STAYS: Final = Unchanged.STAYS
#: Of so many kinds of callers and records it is known at most what is open to whom.
MOST_CACHED_POLICIES = 10_000

#: What forbids an action whatever is said: gives the code of the sentence that refuses, or None. It is asked
#: when somebody acts, and when they are shown what they may do.
Check = Callable[["ReadContext", Any, ActionContext], Awaitable[str | None]]
#: The same because of what is said; it may also raise WrongValue.
PayloadCheck = Callable[["ReadContext", Any, Any, ActionContext], Awaitable[str | None]]
#: What an action must look up first, as a frozen dataclass that `ActionContext.prepared` gives by its type.
#: It reads by the Look alone, changes nothing, and may refuse: by WrongValue, or by NotAllowed as a check
#: does.
Prepare = Callable[["ReadContext", Any, Any, ActionContext], Awaitable[object]]
#: Where an action leads if that depends on the record, as the action leaves it: back to where it was.
StateResolver = Callable[[Any], CodeEnum]
#: What follows at once, if anything does: an action of the same record's table, and what is said to it. It is
#: told the record as the first action leaves it, and that one's moment.
FollowUp = Callable[[Any, ActionContext], tuple[str, Payload] | None]


class Keys(Enum):
    """Whose key the personal fields of an action are under."""

    AUTHORS = "the author's, or theirs on whose behalf it is"
    TEXTS = "a key for this text alone, wrapped by the author's, so that it can be withdrawn"
    KEPT = "the key of the text that it takes the place of"
    SAID = "the key that the body names as `text_key`: that of the text that it passes on"
    WITHDRAWN = "the key of the text that is named is destroyed"
    UPLOADS = "the key of the upload that is named, which comes into the vault by it"
    MADE = "a key of the record's own, made now"
    OWN = "the record's own, made when it was"
    DESTROYED = "the record's own key is destroyed"


@dataclass(frozen=True)
class Branch:
    """Where an action leads if that depends on what comes of it: what was accepted is delivered, what was not
    is rectified. `choose` is asked of the record as the action leaves it, and gives one of `leads_to`; the
    state that it is in already: it stays there. `events` are the events of those outcomes whose event is not
    that of the row. `ways` names the outcomes of a state that does not have all of them.
    """

    choose: Callable[[Any], CodeEnum]
    leads_to: tuple[CodeEnum, ...]
    events: dict[CodeEnum, str] = field(default_factory=dict)
    ways: dict[CodeEnum, tuple[CodeEnum, ...]] = field(default_factory=dict)

    def __call__(self, record: Any) -> CodeEnum:
        state = self.choose(record)
        assert state in self.leads_to, f"the table does not say that it leads to {state}"
        return state


@dataclass(frozen=True, slots=True)
class RelatedCommand:
    """What a command says to a second record besides, or to several: an action of that one's own table, which
    has a part of its own in who may, in checks, and an event.

    `field` is where the body names it, and where a refusal points to. `record` gives its name in the log, or
    the names of all of them; of a record that the action makes it is to be made of `ActionContext.second_id`.
    `body` is what is said to it, by the first record and what was said to that one, as the body or as a
    client would say it. With `goes_on` that action has its own second, too.
    """

    action: str
    field: str
    record: Callable[[ActionContext], str | Sequence[str]]
    body: Callable[[Any, Any], Payload | dict[str, Any]]
    goes_on: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Action(Generic[R, B]):
    """A row of the table, equal to itself only.

    `unless` is what forbids it, `prepare` what it must look up first, `wrong` what forbids to say what is
    said: they are asked in this order, and what is prepared is there for all that come after. `staff_only`:
    no event of it is shown to anybody but staff. `segregate_from` are the parts that somebody may have had in
    the record and that are kept apart from this one: separation of duties, for administrators as for
    everybody. `follow_up` is what follows at once, as an event of its own in the same command: what a last
    vote comes to. `document` gives, of the record before, the class of the document that it makes, whose
    number is drawn then. `notifies`: who gets work by it, or is concerned by what came of it, besides those
    whom marked fields name.
    """

    name: str
    zh: str
    apply: Callable[[R, B, ActionContext], None]
    body: type[B]
    from_states: frozenset[CodeEnum] | Creation
    to: CodeEnum | Unchanged | StateResolver
    who: ActorPolicy
    event: str
    unless: tuple[Check, ...] = ()
    prepare: tuple[Prepare, ...] = ()
    wrong: tuple[PayloadCheck, ...] = ()
    keys: Keys = Keys.AUTHORS
    staff_only: bool = False
    related: RelatedCommand | None = None
    segregate_from: tuple[RecordDuty, ...] = ()
    follow_up: FollowUp | None = None
    document: Callable[[Any], str | None] | None = None
    notifies: tuple[RecipientRule, ...] = ()

    @property
    def opens(self) -> bool:
        """Whether the record begins with it."""
        return self.from_states is NEW_RECORD

    @property
    def stays(self) -> bool:
        """Whether the state is the same after it."""
        return self.to is STAYS

    @property
    def summary(self) -> str:
        """What it means, in a sentence."""
        return (self.apply.__doc__ or "").strip().splitlines()[0]

    @property
    def leads_to(self) -> tuple[CodeEnum, ...]:
        """The states that it can lead to, as far as the table says: none if it stays, or leads back."""
        if isinstance(self.to, Branch):
            return self.to.leads_to
        return (self.to,) if isinstance(self.to, CodeEnum) else ()

    @property
    def events(self) -> tuple[str, ...]:
        """The events that it can have, its usual one first."""
        others = self.to.events.values() if isinstance(self.to, Branch) else ()
        return tuple(dict.fromkeys((self.event, *others)))

    def event_in(self, state: CodeEnum | None) -> str:
        """Its event if it leaves the record in that state."""
        if isinstance(self.to, Branch) and state is not None:
            return self.to.events.get(state, self.event)
        return self.event

    def label(self, language: str) -> str:
        """What people call it."""
        return self.zh if language == "zh" else self.name.replace("_", " ").capitalize()

    def is_open_in(self, state: CodeEnum | None) -> bool:
        """Whether it is open in that state; None: the record does not exist."""
        if isinstance(self.from_states, Creation):
            return state is None
        return state in self.from_states


class ActionOptions(TypedDict, total=False):
    """What few rows have; see `Action`."""

    unless: tuple[Check, ...]
    prepare: tuple[Prepare, ...]
    wrong: tuple[PayloadCheck, ...]
    keys: Keys
    staff_only: bool
    related: RelatedCommand | None
    segregate_from: tuple[RecordDuty, ...]
    follow_up: FollowUp | None
    document: Callable[[Any], str | None] | None
    notifies: tuple[RecipientRule, ...]


def action(
    apply: Callable[[R, B, ActionContext], None],
    zh: str,
    come_from: Iterable[CodeEnum] | Creation,
    to: CodeEnum | Unchanged | StateResolver,
    who: ActorPolicy,
    event: str,
    **more: Unpack[ActionOptions],
) -> Action[R, B]:
    """A row; its name is the function's (without the underscore behind a word of Python's), its body the type
    of the function's `body`.
    """
    return Action(
        name=apply.__name__.removesuffix("_"),
        zh=zh,
        apply=apply,
        body=get_type_hints(apply)["body"],
        from_states=come_from if isinstance(come_from, Creation) else frozenset(come_from),
        to=to,
        who=who,
        event=event,
        **more,
    )


@dataclass(frozen=True, eq=False)
class Lifecycle(Generic[R]):
    """All that can happen to one kind of record. There is one of each kind, equal to itself only.

    `plural` is its path. `code` is that of its numbers, if it has any. `on_state_entered` sets what goes with
    a state, whoever leads there (times, marks); `audience` says who may see the record; `overseer_roles`
    which roles see every one. `columns` are where a kind of token stands in the row, for lists (none: whoever
    can show it sees every row). `unassigned` is the condition for the token `desk`, `open_to_all` that for
    `everybody` where not every row has it. `children` are further kinds on its stream. `ended` are the states
    that a case is done in and can come back from. `searched_fields` are the fields that a search looks into
    besides the number: only what whoever sees the record is shown. `constraints` says what comes of a command
    that violates one of the database, on the lifecycle's own table or its children's, by its name. `retired`
    are the states in which nothing new is about it: who names it is refused with the code that stands there.
    `reviewer_group_field` is the field that names the group which judges the record, and is shown what it
    needs for that.
    """

    kind: str
    plural: str
    zh: str
    record: type[R]
    states: type[CodeEnum]
    rows: tuple[Action[R, Any], ...]
    audience: Callable[[R], tuple[str, ...]]
    overseer_roles: frozenset[Role]
    columns: dict[str, Sequence[str]] = field(default_factory=dict)
    unassigned: str | None = None
    open_to_all: str | None = None
    code: str | None = None
    on_state_entered: Callable[[R, CodeEnum | None, ActionContext], None] | None = None
    children: tuple[type[Record], ...] = ()
    ended: frozenset[CodeEnum] = frozenset()
    constraints: Mapping[str, Violation] = field(default_factory=dict)
    searched_fields: Sequence[str] = ()
    retired: Mapping[CodeEnum, str] = field(default_factory=dict)
    reviewer_group_field: str | None = None
    by_name: dict[str, Action[R, Any]] = field(init=False)
    leaving: dict[CodeEnum, tuple[Action[R, Any], ...]] = field(init=False)
    #: What is open to whom: asking each row's `who` again costs a tenth of reading a record.
    _open_to: dict[Any, tuple[Action[R, Any], ...]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {row.name: row for row in self.rows})
        leaving = {
            state: tuple(row for row in self.rows if not row.opens and row.is_open_in(state))
            for state in self.states
        }
        object.__setattr__(self, "leaving", leaving)
        assert len(self.by_name) == len(self.rows), f"two actions of {self.kind} have one name"
        assert self.rows[0].opens, f"the first row of {self.kind} is the one from nothing"
        for row in self.rows:
            for event in row.events:
                assert re.fullmatch(rf"{self.kind}\.[a-z_]+", event), (
                    f"{event} is not an event of {self.kind}"
                )
            assert row.summary, f"{row.name} of {self.kind} does not say what it means"

    @property
    def table(self) -> str:
        """Where its rows stand."""
        return f"fold.{self.kind}"

    def __getitem__(self, name: str) -> Action[R, Any]:
        return self.by_name[name]

    def open_to(self, record: R, caller: Caller) -> tuple[Action[R, Any], ...]:
        """The actions that are open to this caller in this state; checks may still forbid one."""
        state = getattr(record, "state")  # noqa: B009  # every lifecycle's record has one; Record itself has none
        key = (state, *policy_cache_key(caller, record))
        found = self._open_to.get(key)
        if found is None:
            if len(self._open_to) >= MOST_CACHED_POLICIES:
                self._open_to.clear()
            found = tuple(row for row in self.leaving.get(state, ()) if row.who.allows(caller, record))
            self._open_to[key] = found
        return found

    def opening(self) -> Action[R, Any]:
        """The row from nothing."""
        return self.rows[0]
