"""The form of a mapping: a TOML or JSON document, checked as a whole before anything is evaluated."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from app.common.children import Visibility
from app.common.priorities.priority import Impact, Priority, Urgency
from app.common.records import CodeEnum
from app.common.tickets import Channel
from app.common.times.written_times import DateOrder
from app.exchange.kinds import KEEP_STATE, MOST_VALUES, IncidentMeaning, RequestMeaning, StatusMeaning
from app.expressions.language import LONGEST_EXPRESSION
from app.processes.deployments.records import DeploymentState
from app.processes.incidents.records import Effect, ResolutionCode
from app.webhooks.mapping.updates import ALERT_STATUSES, CommentChange, UpdateKind

MOST_ENTRIES = 20
MOST_CUSTOM_VALUES = 50
MOST_ALTERNATIVES = 10
LONGEST_GUIDE = 4_000

ExpressionText = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_EXPRESSION)]
#: One expression, or several of which the first one with a result counts.
Expressions = Annotated[
    tuple[ExpressionText, ...],
    BeforeValidator(lambda written: (written,) if isinstance(written, str) else written),
    Field(min_length=1, max_length=MOST_ALTERNATIVES),
]
ToolCode = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
CustomKey = Annotated[str, StringConstraints(pattern=r"^[^.,/\s]{1,100}$")]
GuideText = Annotated[str, StringConstraints(max_length=LONGEST_GUIDE)]
Meanings = Annotated[dict[ToolCode, ToolCode], Field(max_length=MOST_VALUES)]

CODED_FIELDS: dict[str, type[CodeEnum]] = {
    "priority": Priority,
    "impact": Impact,
    "urgency": Urgency,
    "channel": Channel,
    "effect": Effect,
    "resolution_code": ResolutionCode,
}
PERSON_FIELDS = ("assignee", "requester")
#: Texts that may be translated, since they name something of this system.
NAMING_FIELDS = ("category", "service", "ci", "team")
TEXT_FIELDS = ("title", "description", "resolution", "cause", *NAMING_FIELDS)
TICKET_FIELDS = (*TEXT_FIELDS, *PERSON_FIELDS, *CODED_FIELDS)
#: Fields of tickets that service requests do not have.
FIELDS_OF_INCIDENTS = frozenset({"effect", "resolution_code", "resolution", "cause"})
#: Meaning of a status, by the kind of ticket.
MEANINGS: dict[UpdateKind, type[StatusMeaning]] = {
    UpdateKind.ticket: IncidentMeaning,
    UpdateKind.request: RequestMeaning,
}

#: The kinds whose statuses are codes alone.
STATUSES: dict[UpdateKind, tuple[str, ...]] = {
    UpdateKind.alert: ALERT_STATUSES,
    UpdateKind.deployment: tuple(state.value for state in DeploymentState),
}
#: Schemes with the secret in a parameter of the address.
IN_QUERY = ("query", "amazon_sns")

_TICKET_KEYS = (
    frozenset({"case"}),
    frozenset({"number", "url", "at", "opened_at", "resolved_at", "actor", "status", "fields", "custom"}),
)
ENTRY_KEYS: dict[UpdateKind, tuple[frozenset[str], frozenset[str]]] = {
    UpdateKind.ticket: (_TICKET_KEYS[0], _TICKET_KEYS[1] | {"is_request"}),
    UpdateKind.request: _TICKET_KEYS,
    UpdateKind.comment: (
        frozenset({"case", "id", "text"}),
        frozenset({"author", "at", "visibility", "changes", "if_unknown"}),
    ),
    UpdateKind.alert: (
        frozenset({"source", "dedup_key", "status", "title"}),
        frozenset({"description", "alerted_at", "cleared_at", "impact", "urgency", "effect"})
        | {"service", "ci", "category", "labels", "links", "truncated"},
    ),
    UpdateKind.deployment: (
        frozenset({"pipeline", "run", "environment", "status"}),
        frozenset({"at", "started_at", "service"}),
    ),
}


class _MappingModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class VerificationScheme(_MappingModel):
    """The verification of the tool's deliveries. `signed` is the signed text, with {body}, and {timestamp} if
    there is one; `prefix` stands before the signature, `separator` between several of them;
    `tolerance_seconds` is how far the timestamp may be from now. `parameter` is that of the address which
    holds the secret, for tools that know only an address.
    """

    scheme: Literal["hmac", "standard_webhooks", "basic", "bearer", "token", "query", "path", "amazon_sns"]
    header: str | None = None
    parameter: str | None = None
    algorithm: Literal["sha256", "sha1"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    signed: str = "{body}"
    timestamp_header: str | None = None
    tolerance_seconds: int | None = Field(default=None, ge=1, le=86_400)
    separator: str | None = None

    @model_validator(mode="after")
    def check_header(self) -> Self:
        """Refuses a signature or token without the header that holds it."""
        if self.scheme in ("hmac", "token") and not self.header:
            raise ValueError(f"scheme {self.scheme} needs a header")
        if (self.scheme in IN_QUERY) != bool(self.parameter):
            schemes = " and ".join(IN_QUERY)
            raise ValueError(
                f"parameter names the part of the address for {schemes}, and for no other scheme"
            )
        if self.scheme == "hmac" and "{body}" not in self.signed:
            raise ValueError("signed must contain {body}; otherwise the signature would not protect the body")
        if self.scheme == "hmac" and ("{timestamp}" in self.signed) != (self.timestamp_header is not None):
            raise ValueError(
                "timestamp_header needs {timestamp} in signed, and the other way round: only a signed time "
                "counts"
            )
        return self


class DeliveryKeys(_MappingModel):
    """The key that distinguishes deliveries. Without `id`, their content does."""

    id: Expressions | None = None


class Values(_MappingModel):
    """Meanings of the tool's codes, by key. `*` stands for each other code."""

    status: Annotated[dict[ToolCode, Any], Field(max_length=MOST_VALUES)] = {}
    visibility: Meanings = {}
    priority: Meanings = {}
    impact: Meanings = {}
    urgency: Meanings = {}
    channel: Meanings = {}
    effect: Meanings = {}
    resolution_code: Meanings = {}
    category: Meanings = {}
    service: Meanings = {}
    ci: Meanings = {}
    team: Meanings = {}


class TicketFields(_MappingModel):
    """The expressions of a ticket's fields."""

    title: Expressions | None = None
    description: Expressions | None = None
    category: Expressions | None = None
    service: Expressions | None = None
    ci: Expressions | None = None
    team: Expressions | None = None
    assignee: Expressions | None = None
    requester: Expressions | None = None
    priority: Expressions | None = None
    impact: Expressions | None = None
    urgency: Expressions | None = None
    channel: Expressions | None = None
    effect: Expressions | None = None
    resolution_code: Expressions | None = None
    resolution: Expressions | None = None
    cause: Expressions | None = None
    tags: Expressions | None = None
    assignees: Expressions | None = None


class Entry(_MappingModel):
    """An entry of a delivery, where `when` is true. `each` is a list; `item` is then each of its elements.

    A ticket for which `is_request` is true becomes a service request; its states are those of incidents.
    `links` and `truncated` of an alert stand below its description. A comment with `if_unknown = "ignore"`
    does not wait for its ticket if that is unknown here; one with `changes` has no text, and changes a
    comment that is known.
    """

    kind: UpdateKind
    when: ExpressionText | None = None
    each: ExpressionText | None = None
    is_request: ExpressionText | None = None
    case: Expressions | None = None
    number: Expressions | None = None
    url: Expressions | None = None
    at: Expressions | None = None
    opened_at: Expressions | None = None
    resolved_at: Expressions | None = None
    actor: Expressions | None = None
    status: Expressions | None = None
    fields: TicketFields = TicketFields()
    custom: Annotated[dict[CustomKey, Expressions], Field(max_length=MOST_CUSTOM_VALUES)] = {}
    id: Expressions | None = None
    text: Expressions | None = None
    author: Expressions | None = None
    visibility: Expressions | None = None
    pipeline: Expressions | None = None
    run: Expressions | None = None
    environment: Expressions | None = None
    started_at: Expressions | None = None
    source: Expressions | None = None
    dedup_key: Expressions | None = None
    title: Expressions | None = None
    description: Expressions | None = None
    alerted_at: Expressions | None = None
    cleared_at: Expressions | None = None
    impact: Expressions | None = None
    urgency: Expressions | None = None
    effect: Expressions | None = None
    service: Expressions | None = None
    ci: Expressions | None = None
    category: Expressions | None = None
    labels: Expressions | None = None
    links: Expressions | None = None
    truncated: Expressions | None = None
    if_unknown: Literal["wait", "ignore"] = "wait"
    changes: CommentChange | None = None
    values: Values = Values()

    @model_validator(mode="after")
    def check_kind(self) -> Self:
        """Refuses keys that do not go with the kind, and an entry that lacks one."""
        needed, allowed = ENTRY_KEYS[self.kind]
        common = {"kind", "when", "each", "values"}
        wrong = sorted(self.model_fields_set - needed - allowed - common)
        if wrong:
            keys = ", ".join(sorted(needed | allowed))
            raise ValueError(f"{wrong[0]} is not possible for the kind {self.kind}; possible are {keys}")
        unneeded = {"text"} if self.changes else set()
        missing = sorted(name for name in needed - unneeded if getattr(self, name) is None)
        if missing:
            raise ValueError(f"{missing[0]} is required for the kind {self.kind}")
        for name in sorted(FIELDS_OF_INCIDENTS if self.kind is UpdateKind.request else ()):
            if getattr(self.fields, name) is not None:
                raise ValueError(f"fields.{name} is not possible for the kind request")
        self._check_values()
        return self

    def _check_values(self) -> None:
        names = {name for name in TicketFields.model_fields if getattr(self.fields, name) is not None}
        for name in sorted(self.values.model_fields_set):
            if name not in names and getattr(self, name, None) is None:
                raise ValueError(f"values.{name} translates {name}, but this entry does not set {name}")
            if name in CODED_FIELDS:
                _check_codes(name, getattr(self.values, name), CODED_FIELDS[name])
        _check_codes("visibility", self.values.visibility, Visibility)
        for value, meaning in self.values.status.items():
            statuses = STATUSES.get(self.kind)
            if statuses is not None and meaning not in (*statuses, KEEP_STATE):
                words = ", ".join(statuses)
                raise ValueError(
                    f'values.status."{value}": {meaning!r} is unknown; use {words}, or {KEEP_STATE}'
                )
            if self.kind in MEANINGS:
                MEANINGS[self.kind].model_validate(meaning)


class Ignored(_MappingModel):
    """Deliveries without news of a ticket or alert, and the reason."""

    when: ExpressionText
    why: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Paste(_MappingModel):
    """Text to paste into the tool: what it is for, what it needs besides this installation, its language and
    the text.
    """

    title: GuideText
    needs: GuideText = ""
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]+$")]
    text: GuideText


class Guide(_MappingModel):
    """Texts of the tool's how-to page: where in the tool it is set up, which events to select, what to paste
    there, what becomes of what, and what to know. `path` is where it posts, if not to its source's address.
    """

    where: GuideText
    path: GuideText = ""
    header: GuideText = ""
    events: tuple[GuideText, ...] = ()
    paste: tuple[Paste, ...] = ()
    becomes: tuple[GuideText, ...] = ()
    remarks: tuple[GuideText, ...] = ()


class MappingDocument(_MappingModel):
    """A mapping. `zone` and `date_order` are the defaults for times without them."""

    tool: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")] | None = None
    title: Annotated[str, StringConstraints(max_length=200)] | None = None
    zone: str | None = None
    date_order: DateOrder | None = None
    verification: Annotated[
        tuple[VerificationScheme, ...],
        BeforeValidator(lambda written: (written,) if isinstance(written, dict) else written),
        Field(max_length=5),
    ] = ()
    delivery: DeliveryKeys = DeliveryKeys()
    news: Annotated[tuple[Entry, ...], Field(min_length=1, max_length=MOST_ENTRIES)]
    ignored: Annotated[tuple[Ignored, ...], Field(max_length=MOST_ENTRIES)] = ()
    guide: Guide | None = None


def _check_codes(name: str, meanings: dict[str, str], codes: type[CodeEnum]) -> None:
    allowed = [code.value for code in codes]
    for value, meaning in meanings.items():
        if meaning != KEEP_STATE and meaning not in allowed:
            raise ValueError(
                f'values.{name}."{value}": {meaning!r} is unknown; use {", ".join(allowed)}, or keep'
            )
