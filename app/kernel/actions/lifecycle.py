"""Lifecycles: the table of actions on a kind of record.

Each row of the process document's table is one row here, in the same order.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from enum import Enum
from functools import cached_property
from inspect import cleandoc, get_annotations
from typing import Any, Final, Generic, TypedDict, TypeVar, Unpack, get_args
from uuid import UUID

from app.common.faces import USUAL_FACE, RecordFace
from app.common.notices import RecipientRule
from app.common.people import OVERSIGHT_ROLES, STAFF_ROLES, Caller, Role
from app.common.records import CodeEnum, Record, empty
from app.i18n.action_labels import ENGLISH_LABELS
from app.i18n.kind_nouns import capitalised, noun, with_own_noun
from app.kernel.access.kinds import SEE_THEIR_TEAMS, RecordKind
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import (
    ActorPolicy,
    ProcessRelation,
    RecordDuty,
    Relation,
    policy_cache_key,
)
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import Payload
from app.kernel.actions.related import RelatedCommand, RelatedCommands
from app.kernel.actions.rules import USUAL_RULES, Rules

R = TypeVar("R", bound=Record)
B = TypeVar("B", bound=Payload)


class Creation(Enum):
    """The starting point of the action that opens a record, which does not exist before."""

    FROM_NOTHING = "from nothing"


class Unchanged(Enum):
    """The target of an action that does not change the state."""

    STAYS = "stays"


NEW_RECORD: Final = Creation.FROM_NOTHING
STAYS: Final = Unchanged.STAYS
#: Limit of the cache of available actions, by kinds of callers and records.
MOST_CACHED_POLICIES = 10_000
#: The second part of an event's type, as `resolved` in `incident.resolved`.
EVENT_WORD: Final = re.compile(r"[a-z_]+")
#: Roles that see what their holders have to do with, whatever a row that names them lets them do.
SEE_THEIR_OWN: Final = frozenset(Role) - STAFF_ROLES

#: Checks the record: returns the code of the refusal, or None. Run when a command is performed, and when the
#: available actions are shown to a caller.
Check = Callable[[ReadContext, Any, ActionContext], Awaitable[str | None]]
#: Checks the record and the payload in the same way; may also raise WrongValue.
PayloadCheck = Callable[[ReadContext, Any, Any, ActionContext], Awaitable[str | None]]
#: Loads what an action needs, as a frozen dataclass that `ActionContext.prepared` returns by its type. It
#: reads only through the ReadContext, changes nothing, and may refuse: by WrongValue, or by
#: PreparationRefused as a check does.
Prepare = Callable[[ReadContext, Any, Any, ActionContext], Awaitable[object]]
#: Returns the state that an action leads to if that depends on the record after the action: for instance,
#: the state before a hold.
StateResolver = Callable[[Any], CodeEnum]
#: Returns whether a caller who does not see the record may perform the action on it all the same.
StrangersPolicy = Callable[[Any, Caller], bool]
#: Returns the payload with the fields that were left out and that the record's own rules supply
#: (`SuppliedField`), once all checks have passed.
SupplyFields = Callable[[Any, Any, ActionContext], Payload]
#: Returns an action of the same lifecycle that follows at once, with its payload, or None. Called with the
#: record after the first action, and with that action's payload and context.
FollowUp = Callable[[Any, Any, ActionContext], tuple[str, Payload] | None]


class Keys(Enum):
    """The key under which an action encrypts its personal fields, or what it does with a key."""

    AUTHORS = "the author's, or theirs on whose behalf it is"
    TEXTS = "a key for this text alone, wrapped by the author's, so that it can be withdrawn"
    KEPT = "the key of the text that it takes the place of"
    SAID = "the key that the body names as `text_key`: that of the text that it passes on"
    WITHDRAWN = "the key of the text that is named is destroyed"
    UPLOADS = "the key of the upload that is named, which comes into the vault by it; else the author's"
    MADE = "a key of the record's own, made now"
    OWN = "the record's own, made when it was"
    NAMED = "the key of the person that the payload names as `person`, whom the text is about"
    DESTROYED = "the record's own key is destroyed"
    DOOMED = "the keys of texts and files that a `prepare` finds are destroyed (`DoomedKeys`)"


@dataclass(frozen=True)
class Branch:
    """The target of an action with several outcomes: an accepted delivery is delivered, a rejected one is
    rectified. `choose` is called with the record after the action, and returns one of `leads_to`; if that is
    the record's present state, the record stays in it. `events` are the events of outcomes that differ from
    the action's own event. `outcomes` lists, for states that do not have all outcomes, the ones that they
    have.
    """

    choose: Callable[[Any], CodeEnum]
    leads_to: tuple[CodeEnum, ...]
    events: dict[CodeEnum, str] = field(default_factory=dict)
    outcomes: dict[CodeEnum, tuple[CodeEnum, ...]] = field(default_factory=dict)

    def __call__(self, record: Any) -> CodeEnum:
        state = self.choose(record)
        assert state in self.leads_to, f"the table does not say that it leads to {state}"
        return state


@dataclass(frozen=True, slots=True)
class DueAt:
    """The time at which the worker performs an action by itself, with an empty payload: `after` the time in
    the record's field, as long as the record is in a state in which the action is available, and has no value
    in the field `unless`.

    `rule` is its name in the log: `rule:expire_agreements`. `timers_per_kind`: actions of several lifecycles
    have that name, and the kind distinguishes this one's timers.
    """

    field: str
    rule: str
    unless: str | None = None
    after: timedelta = timedelta(0)
    timers_per_kind: bool = False


@dataclass(frozen=True, slots=True)
class FormerEvent:
    """A type of event in which earlier releases recorded an action, and its payload then. It is written no
    more; events of this type still fold, and count where those of the action do.
    """

    event: str
    body: type[Payload]


@dataclass(frozen=True, slots=True)
class Checks:
    """The checks of an action, and what it needs for them.

    `unless` are checks of the record, `prepare` loads what the action needs, `wrong` are checks of the
    payload: they run in this order, and prepared values are available to all that run later. `segregate_from`
    are the duties in the record whose holders may not perform the action: segregation of duties, for
    administrators as for everybody. `supplies` completes the payload before it is kept.
    """

    unless: tuple[Check, ...] = ()
    prepare: tuple[Prepare, ...] = ()
    wrong: tuple[PayloadCheck, ...] = ()
    segregate_from: tuple[RecordDuty, ...] = ()
    supplies: SupplyFields | None = None


@dataclass(frozen=True, slots=True)
class EventStorage:
    """How the events of an action are stored: under which key their personal fields are encrypted, and the
    types that they had in earlier releases.
    """

    keys: Keys = Keys.AUTHORS
    former: tuple[FormerEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """Exceptions from the action's policy and the record's visibility.

    `due`: when the worker performs the action by itself. `anywhere`: those of `policy` that otherwise see the
    records of their teams (`SEE_THEIR_TEAMS`) act on all records, and so see all. `strangers`: who of those
    that do not see the record may perform the action, as asking for access; to all others the record is not
    there. `staff_only`: only staff see its events.
    """

    due: DueAt | None = None
    anywhere: bool = False
    strangers: StrangersPolicy | None = None
    staff_only: bool = False


@dataclass(frozen=True, slots=True)
class Consequences:
    """Effects of an action besides the change of its record.

    `related` are commands on further records. `follow_up` returns the action that follows at once, as an
    event of its own in the same command: for instance, the result of the last vote. `document` returns, from
    the unchanged record, the class of the document that the action creates, so that a number is drawn.
    `documents` returns the classes of several documents from the unchanged record and the payload. `notifies`
    are the recipients who get work by the action or are affected by its result, in addition to the persons in
    marked fields.
    """

    related: tuple[RelatedCommand | RelatedCommands, ...] = ()
    follow_up: FollowUp | None = None
    document: Callable[[Any], str | None] | None = None
    documents: Callable[[Any, Any], tuple[str, ...]] | None = None
    notifies: tuple[RecipientRule, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Action(Generic[R, B]):
    """An action of a lifecycle: a row of its table, equal to itself only."""

    name: str
    zh: str
    apply: Callable[[R, B, ActionContext], None]
    body: type[B]
    from_states: frozenset[CodeEnum] | Creation
    to: CodeEnum | Unchanged | StateResolver
    policy: ActorPolicy
    event: str
    storage: EventStorage
    checks: Checks
    reach: Reach
    consequences: Consequences

    @property
    def opens(self) -> bool:
        """Return whether the action opens (creates) the record."""
        return self.from_states is NEW_RECORD

    @property
    def stays(self) -> bool:
        """Return whether the action leaves the state unchanged."""
        return self.to is STAYS

    @property
    def description(self) -> str:
        """Return the description of the action for people, a sentence; it begins with verb and object, from
        which its summary is made. Actions that several kinds share name the record by its own noun.
        """
        text = cleandoc(self.apply.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
        return with_own_noun(text, self.event.partition(".")[0])

    @property
    def leads_to(self) -> tuple[CodeEnum, ...]:
        """Return the states that the action can lead to, as far as the table lists them: empty if it keeps
        the state, or leads back to the previous one.
        """
        if isinstance(self.to, Branch):
            return self.to.leads_to
        return (self.to,) if isinstance(self.to, CodeEnum) else ()

    @property
    def events(self) -> tuple[str, ...]:
        """Return the event types that the action can have, its usual one first, and those that it had."""
        other_events = self.to.events.values() if isinstance(self.to, Branch) else ()
        former_events = (former.event for former in self.storage.former)
        return tuple(dict.fromkeys((self.event, *other_events, *former_events)))

    def payload_of(self, event: str) -> type[Payload]:
        """Return the payload that the action's events of that type have."""
        return next((former.body for former in self.storage.former if former.event == event), self.body)

    def event_in(self, state: CodeEnum | None) -> str:
        """Return the event type if the action leaves the record in that state."""
        if isinstance(self.to, Branch) and state is not None:
            return self.to.events.get(state, self.event)
        return self.event

    @property
    def seeing_roles(self) -> frozenset[Role]:
        """Return the roles that see every record of the kind because the action is for them."""
        return self.policy.roles - SEE_THEIR_OWN - (frozenset() if self.reach.anywhere else SEE_THEIR_TEAMS)

    def label(self, language: str) -> str:
        """Return the action's label in that language."""
        if language == "zh":
            return self.zh
        kind = self.event.partition(".")[0]
        label = ENGLISH_LABELS.get(f"{kind}.{self.name}") or ENGLISH_LABELS.get(self.name)
        return label or self.name.replace("_", " ").capitalize()

    def is_open_in(self, state: CodeEnum | None) -> bool:
        """Return whether the action is available in that state; None: the record does not exist."""
        if isinstance(self.from_states, Creation):
            return state is None
        return state in self.from_states


class ActionOptions(TypedDict, total=False):
    """Options that few actions have: see `EventStorage`, `Checks`, `Reach` and `Consequences`."""

    keys: Keys
    due: DueAt | None
    former: tuple[FormerEvent, ...]
    unless: tuple[Check, ...]
    prepare: tuple[Prepare, ...]
    wrong: tuple[PayloadCheck, ...]
    segregate_from: tuple[RecordDuty, ...]
    supplies: SupplyFields | None
    anywhere: bool
    strangers: StrangersPolicy | None
    staff_only: bool
    follow_up: FollowUp | None
    document: Callable[[Any], str | None] | None
    documents: Callable[[Any, Any], tuple[str, ...]] | None
    notifies: tuple[RecipientRule, ...]


G = TypeVar("G", EventStorage, Checks, Reach, Consequences)


def _group(group: type[G], options: Mapping[str, Any]) -> G:
    return group(**{option.name: options[option.name] for option in fields(group) if option.name in options})


def action(
    apply: Callable[[R, B, ActionContext], None],
    zh: str,
    come_from: Iterable[CodeEnum] | Creation,
    to: CodeEnum | Unchanged | StateResolver,
    policy: ActorPolicy,
    event: str,
    *,
    name: str | None = None,
    related: RelatedCommand | RelatedCommands | tuple[RelatedCommand | RelatedCommands, ...] = (),
    **more: Unpack[ActionOptions],
) -> Action[R, B]:
    """Return an action; its name is that of the function `apply` (without the underscore that follows a
    Python keyword), or `name` where the function's is not the action's; its payload is the type of the
    function's parameter `body`.
    """
    checks = _group(Checks, more)
    return Action(
        name=name or apply.__name__.removesuffix("_"),
        zh=zh,
        apply=apply,
        body=get_annotations(apply, eval_str=True)["body"],
        from_states=come_from if isinstance(come_from, Creation) else frozenset(come_from),
        to=to,
        # An action with separation of duties is a judgement.
        policy=policy.for_people() if checks.segregate_from else policy,
        event=event,
        storage=_group(EventStorage, more),
        checks=checks,
        reach=_group(Reach, more),
        consequences=_group(
            Consequences, {**more, "related": related if isinstance(related, tuple) else (related,)}
        ),
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Lifecycle(RecordKind[R]):
    """A lifecycle: all actions on one kind of record. There is one for each kind, equal to itself only.

    `face` is what pages make of it for people; it is no part of the contract.
    """

    zh: str
    rows: tuple[Action[R, Any], ...]
    rules: Rules = USUAL_RULES
    face: RecordFace = USUAL_FACE

    def __post_init__(self) -> None:
        oversight, named = self.access.oversight, self.access.also_seen_by.keys() | self.named_roles
        twice = (self._seeing_roles | oversight) & named
        # The usual oversight is that of all kinds, and may repeat what a row says.
        twice |= frozenset() if oversight == OVERSIGHT_ROLES else oversight & self._seeing_roles
        assert not twice, f"rows or the oversight of {self.kind} let {sorted(twice)} see it already"
        assert len(self.by_name) == len(self.rows), f"two actions of {self.kind} have one name"
        assert self.rows[0].opens, f"the first row of {self.kind} is the one from nothing"
        assert set(self.record.PARTS) <= set(self.children), f"{self.kind} does not list its parts"
        for row in self.rows:
            for event in row.events:
                kind, _, word = event.partition(".")
                assert kind == self.kind, f"{event} is not an event of {self.kind}"
                assert EVENT_WORD.fullmatch(word), f"{event} is not written in small letters"
            assert row.description, f"{row.name} of {self.kind} does not say what it means"

    @cached_property
    def states(self) -> type[CodeEnum]:
        """Return the states of the records: the type of their field `state`."""
        types = get_args(self.record.model_fields["state"].annotation)
        states: type[CodeEnum] = next(each for each in types if each is not type(None))
        return states

    @property
    def _seeing_roles(self) -> frozenset[Role]:
        return frozenset[Role]().union(*(row.seeing_roles for row in self.rows))

    @cached_property
    def overseer_roles(self) -> frozenset[Role]:
        """Return the roles that see every record."""
        return self.access.oversight | self._seeing_roles | frozenset(self.access.also_seen_by)

    @cached_property
    def by_name(self) -> dict[str, Action[R, Any]]:
        """Return the actions by their names."""
        return {row.name: row for row in self.rows}

    @cached_property
    def action_names(self) -> frozenset[str]:
        """Return the names of the actions."""
        return frozenset(self.by_name)

    @cached_property
    def successors(self) -> dict[str, str]:
        """Return the present types of events by the types that earlier releases wrote instead."""
        return {former.event: row.event for row in self.rows for former in row.storage.former}

    @cached_property
    def decision_events(self) -> frozenset[str]:
        """Return the types of the events by which a decision changes a record."""
        return frozenset(
            event for row in self.rows if Relation.decision in row.policy.relations for event in row.events
        )

    @cached_property
    def leaving(self) -> dict[CodeEnum, tuple[Action[R, Any], ...]]:
        """Return the actions that are available in each state."""
        return {
            state: tuple(row for row in self.rows if not row.opens and row.is_open_in(state))
            for state in self.states
        }

    @cached_property
    def relation_fields(self) -> tuple[str, ...]:
        """Return the record's fields that relations of the process compare the caller with."""
        relations = {relation for row in self.rows for relation in row.policy.relations}
        of_process = (relation for relation in relations if isinstance(relation, ProcessRelation))
        return tuple(sorted({name for relation in of_process for name in relation.fields}))

    @cached_property
    def _open_to(self) -> dict[Any, tuple[Action[R, Any], ...]]:
        """Cache `open_to`: evaluating each action's policy again costs a tenth of reading a record."""
        return {}

    @property
    def states_in_use(self) -> frozenset[CodeEnum]:
        """Return the states in which new work may refer to a record: not those in which it has ended, is
        retired, or nothing can be done with it any more.
        """
        left = self.lookup.ended | self.lookup.out_of_use | self.lookup.retired.keys()
        return frozenset(state for state in self.states if self.leaving[state] and state not in left)

    def label(self, language: str) -> str:
        """Return what the kind is called in that language."""
        return self.zh if language == "zh" else capitalised(noun(self.kind))

    @property
    def observed(self) -> str:
        """Return the type of the events for reports of another system that correspond to no action."""
        return f"{self.kind}.observed"

    @cached_property
    def event_types(self) -> frozenset[str]:
        """Return all types of events on the streams of this kind."""
        return frozenset({self.observed, *(event for row in self.rows for event in row.events)})

    def __getitem__(self, name: str) -> Action[R, Any]:
        return self.by_name[name]

    def open_to(self, record: R, caller: Caller) -> tuple[Action[R, Any], ...]:
        """Return the actions that are available to this caller in the record's state; checks may still refuse
        one.
        """
        state = getattr(record, "state")  # noqa: B009  # the records of lifecycles have it, Record has not
        key = (state, *policy_cache_key(caller, record, self.relation_fields))
        actions = self._open_to.get(key)
        if actions is None:
            if len(self._open_to) >= MOST_CACHED_POLICIES:
                self._open_to.clear()
            actions = tuple(row for row in self.leaving.get(state, ()) if row.policy.allows(caller, record))
            self._open_to[key] = actions
        return actions

    def openings(self, caller: Caller) -> tuple[Action[R, Any], ...]:
        """Return the actions that open a record and that the caller's roles allow; checks of what is sent may
        still refuse one.
        """
        unopened = empty(self.record, UUID(int=0))
        return tuple(row for row in self.rows if row.opens and row.policy.allows(caller, unopened))

    def opening(self) -> Action[R, Any]:
        """Return the action that opens a record."""
        return self.rows[0]
