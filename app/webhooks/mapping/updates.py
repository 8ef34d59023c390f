"""News of a delivery in the fields of this system: news of tickets, their comments, and alerts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, get_args

from app.common.children import Visibility
from app.common.files.data_files import DataFile
from app.common.priorities.priority import Impact, Urgency
from app.common.records import CodeEnum
from app.kernel.actions.made_fit import Alteration
from app.processes.deployments.records import DeploymentOutcome
from app.processes.incidents.records import Effect

#: The code of the irregularity that a status is not in the table of values.
UNKNOWN_STATE = "unknown_state"


class UpdateKind(StrEnum):
    """Subject of an entry of a mapping."""

    ticket = "ticket"
    request = "request"
    comment = "comment"
    alert = "alert"
    deployment = "deployment"


CommentChange = Literal["visibility", "withdrawal"]
AlertStatusText = Literal["firing", "acknowledged", "cleared"]
ALERT_STATUSES: tuple[AlertStatusText, ...] = get_args(AlertStatusText)


@dataclass(frozen=True)
class NamedPerson:
    """A person as the tool names them: by a name or login, an address, the tool's id, or several of these."""

    name: str | None = None
    email: str | None = None
    id: str | None = None


@dataclass(frozen=True)
class TicketUpdate:
    """A ticket's state at the tool at `occurred_at`, as far as it was sent.

    `process` is the kind of its record here. `case` is the ticket's id over there, `number` the number that
    people use. `occurred_at` is the tool's own time; the time of receipt if the mapping yields none
    (`dated_by_receipt`). `tool_time` is the tool's own time if `occurred_at` was converted to our clock.
    `resolved_at` is the last resolution, None if the delivery has none. `state` None: not sent, or unknown
    here. `fields` has sent fields only, None where sent as empty: codes as enums, persons (`assignee`,
    `requester`) as NamedPerson, `team`, `service`, `ci` and `category` as the tool or the mapping names
    them; with a state also `hold_reason`. `columns` are the values before their translation, by key of the
    mapping. `irregular`: codes of what could not be understood, such as `unknown_priority`; `altered`: by
    field, the codes of what was changed or left out of it (`made_fit.Alteration`); `whole_texts`: all of
    the texts that are cut; `files`: those that stood within the texts; `tags`: all that the ticket has in
    the tool, None if they are not sent; `custom`: the values of custom fields that are sent, None where
    sent as empty. `assignees`: the logins of all who are assigned, if the tool assigns several.
    """

    case: str
    occurred_at: datetime
    process: str = "incident"
    dated_by_receipt: bool = False
    tool_time: datetime | None = None
    number: str | None = None
    url: str | None = None
    opened_at: datetime | None = None
    resolved_at: datetime | None = None
    actor: NamedPerson | None = None
    state: CodeEnum | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, str | None] = field(default_factory=dict)
    irregular: tuple[str, ...] = ()
    altered: dict[str, list[str]] = field(default_factory=dict)
    whole_texts: dict[str, str] = field(default_factory=dict)
    files: tuple[DataFile, ...] = ()
    tags: frozenset[str] | None = None
    custom: dict[str, str | None] = field(default_factory=dict)
    assignees: tuple[str, ...] = ()

    @property
    def stated_at(self) -> datetime:
        """Return the time by the tool's own clock."""
        return self.tool_time or self.occurred_at

    @property
    def persons(self) -> list[NamedPerson]:
        """Return all people in the update."""
        return [each for each in (self.actor, *self.fields.values()) if isinstance(each, NamedPerson)]


@dataclass(frozen=True)
class CommentUpdate:
    """A comment on the ticket `case`; `id` is the comment's id in the tool. A comment without a visibility is
    internal. `ignored_if_unknown`: if the ticket is unknown here, it does not wait for it. `changes`: the
    delivery contains no text, and changes the visibility of a known comment, or withdraws it.
    """

    case: str
    id: str
    text: str
    occurred_at: datetime
    dated_by_receipt: bool = False
    tool_time: datetime | None = None
    author: NamedPerson | None = None
    visibility: Visibility = Visibility.internal
    changes: CommentChange | None = None
    ignored_if_unknown: bool = False
    columns: dict[str, str | None] = field(default_factory=dict)
    irregular: tuple[str, ...] = ()
    altered: dict[str, list[str]] = field(default_factory=dict)
    whole_texts: dict[str, str] = field(default_factory=dict)
    files: tuple[DataFile, ...] = ()

    @property
    def stated_at(self) -> datetime:
        """Return the time by the tool's own clock."""
        return self.tool_time or self.occurred_at

    @property
    def persons(self) -> list[NamedPerson]:
        """Return all people in the update."""
        return [] if self.author is None else [self.author]


@dataclass(frozen=True)
class AlertSignal:
    """An alert that fires, was acknowledged in its tool or has cleared, at `occurred_at` by the tool's time;
    the time of receipt if the mapping yields none (`dated_by_receipt`). The other fields are those of an
    alert that is posted.
    """

    source: str
    dedup_key: str
    status: AlertStatusText
    title: str
    occurred_at: datetime
    dated_by_receipt: bool = False
    alerted_at: datetime | None = None
    cleared_at: datetime | None = None
    description: str | None = None
    impact: Impact | None = None
    urgency: Urgency | None = None
    effect: Effect | None = None
    service: str | None = None
    ci: str | None = None
    category: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str | None] = field(default_factory=dict)
    irregular: tuple[str, ...] = ()
    altered: dict[str, list[str]] = field(default_factory=dict)
    whole_texts: dict[str, str] = field(default_factory=dict)
    files: tuple[DataFile, ...] = ()


@dataclass(frozen=True)
class DeploymentUpdate:
    """A deployment by a run of a pipeline: it has begun, or ended with an outcome, at `occurred_at`."""

    pipeline: str
    run: str
    environment: str
    occurred_at: datetime
    dated_by_receipt: bool = False
    outcome: DeploymentOutcome | None = None
    started_at: datetime | None = None
    service: str | None = None
    columns: dict[str, str | None] = field(default_factory=dict)
    irregular: tuple[str, ...] = ()
    altered: dict[str, list[str]] = field(default_factory=dict)

    @property
    def case(self) -> str:
        """Return the name by which reports of one run are taken in order."""
        return f"deployment {self.pipeline} {self.run}"

    @property
    def persons(self) -> list[NamedPerson]:
        """Return all people in the update."""
        return []


ParsedUpdate = TicketUpdate | CommentUpdate | AlertSignal | DeploymentUpdate


@dataclass(frozen=True)
class FailedPart:
    """A part of a delivery that the mapping does not fit; the others hold. The fields are MappingFailed's."""

    code: str
    key: str
    words: str


@dataclass(frozen=True)
class Evaluation:
    """The news of a delivery, in the order of the mapping; without any, `ignored` is the reason. `failed` are
    the parts that cannot be read while others can, by their numbers among all parts; `altered` lists the
    differences from the original body.
    """

    news: tuple[ParsedUpdate, ...]
    ignored: str | None = None
    failed: Mapping[int, FailedPart] = field(default_factory=dict)
    altered: tuple[Alteration, ...] = ()

    def numbered(self) -> list[tuple[int, ParsedUpdate]]:
        """Return the news with their numbers among all parts, which stay when others can be read, too."""
        numbers = [n for n in range(len(self.news) + len(self.failed)) if n not in self.failed]
        return list(zip(numbers, self.news, strict=True))


class MappingFailed(Exception):
    """The mapping does not fit the delivery. `code` is the reason, `key` the key of the mapping with its
    place, `words` the expression and the value found, in short.
    """

    def __init__(self, code: str, key: str, words: str) -> None:
        super().__init__(f"{key}: {words}" if key else words)
        self.code = code
        self.key = key
        self.words = words
