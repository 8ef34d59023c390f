"""Routes of subscriptions: `/v1/subscriptions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

from fastapi import Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, caller_of, context_of, session_of
from app.api.contract.responses import problems
from app.api.direct import Router
from app.api.open_actions import send_as
from app.api.records.actions import (
    ActionRequest,
    IdempotencyKeyHeader,
    IfMatch,
    handle_action,
    mount_actions,
    operation,
    perform_showing_secret,
)
from app.api.records.reads import Name, mount_reads, renderer_of
from app.api.requests.etag import versions_of
from app.api.requests.request_keys import key_of
from app.api.service.feed import EventConditions
from app.kernel.access.reads import load
from app.kernel.actions.payloads import LONGEST_LINE, NO_LINE, Payload, provided_fields
from app.kernel.actions.refusals import VersionRequired, WrongValue
from app.kernel.commands.command import Command
from app.kernel.ledger import Ledger
from app.platform.outward import OutwardPolicy, UnusableAddress
from app.subscriptions import lifecycle
from app.subscriptions.lifecycle import LIFECYCLE, OwnKeyRequired
from app.subscriptions.queries import (
    SUBSCRIPTIONS,
    CreatedSubscriptionOut,
    SubscriptionOut,
    adapter_of_source,
)
from app.subscriptions.records import DeliveryFormat
from app.subscriptions.secrets import (
    SECRET_PURPOSE,
    TEMPLATE_PURPOSE,
    URL_PURPOSE,
    decrypt,
    encrypt,
    secret_for,
)
from app.subscriptions.templates.document import LARGEST_TEMPLATE
from app.subscriptions.templates.parse import TemplateRefused, parse_template

PREFIX = "/subscriptions"
ME = "me"


class ToolSettings(NamedTuple):
    """The settings of subscriptions to a tool: those that opening tickets needs, and those that may be left
    out, with their possible values (empty: any).
    """

    needed: frozenset[str] = frozenset()
    optional: Mapping[str, frozenset[str]] = MappingProxyType({})


#: Tools that support two-way work.
TOOLS = {
    "github": ToolSettings(),
    "jira": ToolSettings(
        frozenset({"project", "issue_type"}),
        {"edition": frozenset({"data_center"}), **{f"priority_p{n}": frozenset() for n in range(1, 5)}},
    ),
}
#: The kinds of records that are written to tools.
KINDS_OF_TOOLS = ("incident",)

router = Router(prefix="/v1", tags=["subscriptions"])
mount_reads(router, SUBSCRIPTIONS, prefix=PREFIX)

Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2_000,
        description="Address to which events are sent. It may contain a secret, so only its origin is shown. "
        "The origin is kept when persons are erased: use a host without names of persons.",
        examples=["https://example.org/hooks/ledgerdesk"],
    ),
]
RobotSecret = Annotated[
    str | None,
    StringConstraints(min_length=1, max_length=LONGEST_LINE, pattern=rf"^[^\s{NO_LINE}]+$"),
    Field(
        description="Secret for the receiver. For a chat robot: the secret that its vendor shows; if left "
        "out, deliveries are not signed. For a tool: its token (`token`, or `user:token`). For a template: "
        "the value that it uses. Must be left out for Standard Webhooks: a secret is generated.",
        examples=["SEC0a1b2c3d4e5f"],
    ),
]


TemplateText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LARGEST_TEMPLATE),
    Field(
        description="Request that delivers an event, as TOML or JSON with expressions.",
        examples=['authorization = "bearer"\njson = \'{"text": message.sentence}\''],
    ),
]


class NewSubscription(lifecycle.NewSubscriptionFields):
    """A subscription to events; its secret is made by this service, except for a tool."""

    url: Url
    secret: RobotSecret = None
    template: TemplateText | None = Field(
        default=None, description="Request that delivers an event, for the format `template`."
    )


class NewAddress(Payload):
    """Another address for a subscription."""

    url: Url


class NewTemplate(Payload):
    """Another template for a subscription."""

    template: TemplateText


class NewSubscriptionSecret(Payload):
    """A rotation of a subscription's secret; the new secret is made by this service, or by the vendor of a
    robot.
    """

    secret: RobotSecret = None


def _encrypted_address(ledger: Ledger, url: str) -> dict[str, str]:
    """Return what is kept of the address. Raises WrongValue."""
    try:
        origin = OutwardPolicy.from_settings(ledger.settings).check_target(url)
    except UnusableAddress as error:
        raise WrongValue(pointer="/url", because=error.code) from error
    return {"origin": origin, "sealed_url": encrypt(ledger, URL_PURPOSE, url)}


async def _check_tool(ledger: Ledger, body: lifecycle.NewSubscriptionFields) -> None:
    """Raise WrongValue for a tool that is unknown, or that nothing can be written to."""
    if body.format is not DeliveryFormat.tool:
        if body.source is not None:
            raise WrongValue(pointer="/source", because="only_of_tools")
        return
    adapter = await adapter_of_source(ledger.db, body.source)
    if adapter not in TOOLS:
        raise WrongValue(pointer="/source", because="no_tool_to_write_to")
    _check_kinds(body)
    _check_settings(TOOLS[adapter], body.tool_settings, opens_tickets=body.opens_tickets)


def _check_kinds(body: lifecycle.SubscriptionFields) -> None:
    """Raise WrongValue unless the kinds are those that are written to tools: others would be waited for."""
    if tuple(body.kinds) != KINDS_OF_TOOLS:
        raise WrongValue(pointer="/kinds", because="kinds_of_tools")


def _check_settings(tool: ToolSettings, tool_settings: Sequence[str], *, opens_tickets: bool) -> None:
    """Raise WrongValue for a setting that the tool does not have, or a value that is not possible."""
    values = {**dict.fromkeys(tool.needed, frozenset[str]()), **tool.optional}
    for n, text in enumerate(tool_settings):
        name, _, chosen = text.partition("=")
        possible = values.keys() if name not in values else values[name]
        wrong = name if name not in values else chosen.strip()
        if name not in values or (possible and wrong not in possible):
            words = {"value": wrong, "known": ", ".join(sorted(possible)) or "—"}
            raise WrongValue(words, pointer=f"/tool_settings/{n}", because="unknown_code")
    if opens_tickets and not tool.needed <= {text.partition("=")[0] for text in tool_settings}:
        raise WrongValue(pointer="/tool_settings", because="settings_missing")


async def _check_edit_of_tool(ledger: Ledger, name: str, body: lifecycle.EditSubscription) -> None:
    """Raise WrongValue for what cannot be sent to the tool of the subscription of that id."""
    present = await load(ledger.db, LIFECYCLE, name)
    if present is None or present.record.format is not DeliveryFormat.tool:
        return
    changed = dict(provided_fields(body))
    if "kinds" in changed:
        _check_kinds(body)
    adapter = await adapter_of_source(ledger.db, present.record.source)
    if adapter in TOOLS and changed.keys() & {"tool_settings", "opens_tickets"}:
        tool_settings = changed.get("tool_settings", present.record.tool_settings or ())
        opens_tickets = bool(changed.get("opens_tickets", present.record.opens_tickets))
        _check_settings(TOOLS[adapter], tool_settings, opens_tickets=opens_tickets)


def _new_secret(delivery_format: DeliveryFormat, sent: str | None) -> str:
    """Return the secret of a subscription of that format. Raises WrongValue."""
    if sent is not None and delivery_format is DeliveryFormat.standard:
        raise WrongValue(pointer="/secret", because="secret_made_here")
    if sent is None and delivery_format is DeliveryFormat.tool:
        raise WrongValue(pointer="/secret", because="secret_of_tool")
    return secret_for(delivery_format, sent)


def _encrypted_template(ledger: Ledger, text: str, secret: str) -> str:
    """Return what is kept of a template of a subscription with that secret. Raises WrongValue."""
    try:
        template = parse_template(text)
    except TemplateRefused as error:
        raise WrongValue({"why": error.why}, pointer="/template", because="wrong_template") from error
    if template.shows_secret and not secret:
        raise WrongValue(pointer="/secret", because="secret_of_template")
    return encrypt(ledger, TEMPLATE_PURPOSE, text)


def _new_template(ledger: Ledger, body: NewSubscription, secret: str) -> dict[str, str]:
    """Return what is kept of the template of a new subscription, if it has one. Raises WrongValue."""
    if (body.template is not None) != (body.format is DeliveryFormat.template):
        raise WrongValue(pointer="/template", because="template_of_format")
    return (
        {}
        if body.template is None
        else {"sealed_template": _encrypted_template(ledger, body.template, secret)}
    )


def _check_names(ledger: Ledger, body: lifecycle.SubscriptionFields) -> None:
    """Raise WrongValue for a type or kind that no event has: it would be waited for in vain."""
    for name, parameter in (("event_types", "type"), ("kinds", "kind")):
        names: Any = list(getattr(body, name) or ())
        try:
            EventConditions.model_construct(None, **{parameter: names}).check_names(ledger)
        except WrongValue as error:
            raise WrongValue(error.words, pointer=f"/{name}", because=error.because) from error


@router.post(PREFIX, **operation(LIFECYCLE, "add", CreatedSubscriptionOut))
async def add_subscription(
    request: Request,
    ledger: RequestLedger,
    body: NewSubscription,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Add a subscription: later events are sent to its address. The secret that signs them is in this answer
    and is never shown again.
    """
    caller = caller_of(request)
    if session_of(request) is not None and body.person in (ME, str(caller.person_id)):
        raise OwnKeyRequired()
    _check_names(ledger, body)
    await _check_tool(ledger, body)
    secret = _new_secret(body.format, body.secret)
    fields = body.model_dump(exclude={"url", "secret", "template"}) | _encrypted_address(ledger, body.url)
    fields |= _new_template(ledger, body, secret)
    payload = lifecycle.AddSubscription(**fields, sealed_secret=encrypt(ledger, SECRET_PURPOSE, secret))
    action_request = ActionRequest(None, payload, None, idempotency_key)
    return await _keep_secret(request, "add", action_request, body.format, secret)


@router.post(f"{PREFIX}/{{id}}/rotate", **operation(LIFECYCLE, "rotate", CreatedSubscriptionOut))
async def rotate_subscription(
    request: Request,
    ledger: RequestLedger,
    name: Name,
    body: NewSubscriptionSecret,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Rotate the subscription's secret. For a day, deliveries are also signed with the previous one. The new
    secret is in this answer and is never shown again.
    """
    present = await load(ledger.db, LIFECYCLE, name)
    stored_format = None if present is None else present.record.format
    delivery_format = stored_format or DeliveryFormat.standard
    secret = _new_secret(delivery_format, body.secret)
    payload = lifecycle.RotateSubscription(
        occurred_at=body.occurred_at, sealed_secret=encrypt(ledger, SECRET_PURPOSE, secret)
    )
    action_request = ActionRequest(name, payload, if_match, idempotency_key)
    return await _keep_secret(request, "rotate", action_request, delivery_format, secret)


async def _keep_secret(
    request: Request, action: str, action_request: ActionRequest, delivery_format: DeliveryFormat, secret: str
) -> Response:
    """Carry out the action, which keeps a new secret. The answer shows it if it was made here."""
    renderer = renderer_of(request, SUBSCRIPTIONS)
    route = f"{action}_subscription"
    key = await key_of(renderer.ledger, request, route, action_request.idempotency_key)
    command = Command(
        LIFECYCLE,
        LIFECYCLE[action],
        action_request.name,
        action_request.body,
        context_of(request),
        versions_of(action_request.if_match),
        key,
    )
    shown_secret = secret if delivery_format is DeliveryFormat.standard else None
    return await perform_showing_secret(renderer, command, "secret", lambda subscription: shown_secret)


@router.post(f"{PREFIX}/{{id}}/move", **operation(LIFECYCLE, "move", SubscriptionOut))
async def move_subscription(
    request: Request,
    ledger: RequestLedger,
    name: Name,
    body: NewAddress,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Move the subscription to another address; waiting events are sent there."""
    fields = body.model_dump(exclude={"url"}) | _encrypted_address(ledger, body.url)
    action_request = ActionRequest(name, lifecycle.MoveSubscription(**fields), if_match, idempotency_key)
    return await handle_action(request, LIFECYCLE, LIFECYCLE["move"], SubscriptionOut, action_request)


@router.post(f"{PREFIX}/{{id}}/set_template", **operation(LIFECYCLE, "set_template", SubscriptionOut))
async def set_template_of_subscription(
    request: Request,
    ledger: RequestLedger,
    name: Name,
    body: NewTemplate,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Set the subscription's template: new attempts use it, also for waiting events."""
    present = await load(ledger.db, LIFECYCLE, name)
    sealed_secret = None if present is None else present.record.sealed_secret
    secret = "" if sealed_secret is None else decrypt(ledger, SECRET_PURPOSE, sealed_secret)
    payload = lifecycle.SetTemplate(
        occurred_at=body.occurred_at, sealed_template=_encrypted_template(ledger, body.template, secret)
    )
    action_request = ActionRequest(name, payload, if_match, idempotency_key)
    return await handle_action(request, LIFECYCLE, LIFECYCLE["set_template"], SubscriptionOut, action_request)


EDIT = operation(LIFECYCLE, "edit", SubscriptionOut)


@router.patch(f"{PREFIX}/{{id}}", **{**EDIT, "responses": EDIT["responses"] | problems(428)})
async def edit_subscription(
    request: Request,
    ledger: RequestLedger,
    name: Name,
    body: lifecycle.EditSubscription,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Edit the subscription: its name, its language, and which events are sent."""
    if if_match is None:
        raise VersionRequired()
    _check_names(ledger, body)
    await _check_edit_of_tool(ledger, name, body)
    action_request = ActionRequest(name, body, if_match, idempotency_key)
    return await handle_action(request, LIFECYCLE, LIFECYCLE["edit"], SubscriptionOut, action_request)


BY_HAND = frozenset({"add", "rotate", "move", "set_template"})
mount_actions(router, LIFECYCLE, SubscriptionOut, prefix=PREFIX, left_out=BY_HAND)
send_as(lifecycle.AddSubscription, NewSubscription)
send_as(lifecycle.RotateSubscription, NewSubscriptionSecret)
send_as(lifecycle.MoveSubscription, NewAddress)
send_as(lifecycle.SetTemplate, NewTemplate)
