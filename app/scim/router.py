"""Routes of SCIM 2.0: `/scim/v2/Users`, `/scim/v2/Groups`, and the description of the service. Only for keys
with the scope `scim`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request
from pydantic_core import to_json
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.authentication.auth import caller_of, context_of, ledger_of, require_no_assistant
from app.api.authentication.key_scopes import SCIM, SCIM_MEDIA_TYPE
from app.api.contract.problems import MEDIA_TYPE as PROBLEM
from app.api.direct import Router
from app.common.keys import KeyScope
from app.i18n import translate
from app.kernel.actions.refusals import ActionUnavailable, Refusal
from app.scim import documents, groups, user_lists, users
from app.scim.errors import ScimError, error_document
from app.scim.patches import GroupChange, group_change, lower_keys, member_ids
from app.scim.users import ScimContext

router = Router(prefix=SCIM, include_in_schema=False)
#: First index of lists, and length of a page without a requested length.
FIRST, USUAL_PAGE = 1, 100
LARGEST_NUMBER = 10_000_000
#: A page of resources, and how many there are in all.
Page = tuple[list[dict[str, Any]], int]
Handler = Callable[[Request], Awaitable[Response]]


def _answered(handler: Handler) -> Handler:
    """Return the handler with its refusals in SCIM's form, for callers who may use SCIM."""

    @functools.wraps(handler)
    async def answered(request: Request) -> Response:
        if caller_of(request).key_scope is not KeyScope.scim:
            return _answer(error_document(403, "SCIM needs an API key with the scope `scim`."), 403)
        try:
            require_no_assistant(request)
            return await handler(request)
        except ScimError as error:
            return _answer(error.document(), error.status)
        except ActionUnavailable as refusal:
            return _answer(error_document(409, translate("en", "detail", refusal.because)), 409)
        except Refusal as refusal:
            return _answer(error_document(refusal.STATUS, f"Refused: {refusal.code}."), refusal.STATUS)

    return answered


def _answer(document: dict[str, Any], status: int = 200) -> Response:
    headers = {}
    if status == 201:
        headers["Location"] = document["meta"]["location"]
    return Response(to_json(document), status, headers, SCIM_MEDIA_TYPE)


def _base(request: Request) -> str:
    """Return the address below which resources are."""
    public_url = ledger_of(request).settings.public_url
    return f"{public_url or str(request.base_url).rstrip('/')}{SCIM}"


def _context(request: Request) -> ScimContext:
    """Return the context of a request: it may do the provider's work, whatever roles the key's account holds,
    and no more than these operations do; also by a replaced secret during its overlap, since nothing of it is
    done in person.
    """
    metadata = context_of(request)
    caller = replace(
        metadata.caller, is_rule=True, roles=(), key_scope=None, is_superseded=False, is_from_another=False
    )
    return ScimContext(ledger_of(request), replace(metadata, caller=caller, source="scim"), _base(request))


async def _body(request: Request) -> dict[str, Any]:
    """Return the body, which must be a JSON object. Raises ScimError."""
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise ScimError(400, "The body is not JSON.", "invalidSyntax") from error
    if not isinstance(body, dict):
        raise ScimError(400, "The body must be a JSON object.", "invalidSyntax")
    return body


@dataclass(frozen=True, slots=True)
class ScimListQuery:
    """Query of a list: a filter, the number of the first entry, how many, and which attributes."""

    condition_text: str | None
    start: int
    count: int
    attributes: str | None
    excluded: str | None

    def projected(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return the document with the wanted attributes."""
        return documents.projected(document, self.attributes, self.excluded)

    @property
    def wants_members(self) -> bool:
        """Whether members of groups are shown, of which there may be many."""
        return "members" in self.projected({"members": ()})


def _asked(request: Request) -> ScimListQuery:
    """Return what the address asks for. Raises ScimError."""
    return _list_query(dict(request.query_params))


async def _searched(request: Request) -> ScimListQuery:
    """Return what the body of a search asks for (RFC 7644, 3.4.3). Raises ScimError."""
    sent = {name.lower(): value for name, value in (await _body(request)).items() if value is not None}
    texts: dict[str, str] = {}
    for name in ("filter", "startIndex", "count", "attributes", "excludedAttributes"):
        value = sent.get(name.lower())
        if isinstance(value, list) and name.endswith("ttributes"):
            value = ",".join(map(str, value)) or None
        if value is not None:
            texts[name] = str(value)
    return _list_query(texts)


def _list_query(sent: Mapping[str, str]) -> ScimListQuery:
    start = _number(sent, "startIndex", FIRST, LARGEST_NUMBER)
    count = _number(sent, "count", USUAL_PAGE, documents.LARGEST_PAGE)
    return ScimListQuery(
        sent.get("filter"),
        max(start, FIRST),
        max(count, 0),
        sent.get("attributes"),
        sent.get("excludedAttributes"),
    )


def _number(sent: Mapping[str, str], name: str, usual: int, largest: int) -> int:
    """Return a number that is sent, as large as it may be. Raises ScimError."""
    text = sent.get(name, str(usual))
    try:
        return min(int(text[:20]), largest)
    except ValueError as error:
        raise ScimError(400, f"`{name}` must be a whole number.", "invalidValue") from error


def _projected(request: Request, document: dict[str, Any]) -> dict[str, Any]:
    query = request.query_params
    return documents.projected(document, query.get("attributes"), query.get("excludedAttributes"))


async def _user(request: Request, ctx: ScimContext, person: Any, status: int = 200) -> Response:
    (document,) = await users.user_documents(ctx, [person])
    if status == 201:
        return _answer(document, status)
    return _answer(_projected(request, document), status)


@router.get("/Users", operation_id="list_scim_users")
@_answered
async def list_users(request: Request) -> Response:
    """List the users that match the filter."""
    return _page_of(_asked(request), *await _users(_context(request), _asked(request)))


@router.post("/Users/.search", operation_id="search_scim_users")
@_answered
async def search_users(request: Request) -> Response:
    """List the users that match the filter in the body."""
    query = await _searched(request)
    return _page_of(query, *await _users(_context(request), query))


async def _users(ctx: ScimContext, query: ScimListQuery) -> Page:
    persons, total = await user_lists.list_users(ctx, query.condition_text, query.start, query.count)
    return [query.projected(each) for each in await users.user_documents(ctx, persons)], total


async def _groups(ctx: ScimContext, query: ScimListQuery) -> Page:
    listed, total = await groups.list_groups(ctx, query.condition_text, query.start, query.count)
    resources = await groups.group_documents(ctx, listed, with_members=query.wants_members)
    return [query.projected(each) for each in resources], total


def _page_of(query: ScimListQuery, resources: list[dict[str, Any]], total: int) -> Response:
    return _answer(documents.list_document(resources, total, query.start))


@router.post("/.search", operation_id="search_scim_resources")
@_answered
async def search_resources(request: Request) -> Response:
    """List the users and then the groups that match the filter in the body."""
    ctx, query = _context(request), await _searched(request)
    page, total, refusals = list[dict[str, Any]](), 0, list[ScimError]()
    for read in (_users, _groups):
        rest = replace(query, start=max(query.start - total, FIRST), count=query.count - len(page))
        try:
            resources, number = await read(ctx, rest)
        except ScimError as refusal:  # such as a filter on members, of users
            refusals.append(refusal)
            continue
        page, total = page + resources, total + number
    if len(refusals) > 1:
        raise refusals[0]
    return _page_of(query, page, total)


@router.post("/Users", operation_id="add_scim_user")
@_answered
async def add_user(request: Request) -> Response:
    """Add a user."""
    ctx = _context(request)
    return await _user(request, ctx, await users.add_user(ctx, await _body(request)), 201)


@router.get("/Users/{id}", operation_id="get_scim_user")
@_answered
async def get_user(request: Request) -> Response:
    """Return a user."""
    ctx = _context(request)
    return await _user(request, ctx, await users.find_user(ctx, request.path_params["id"]))


@router.put("/Users/{id}", operation_id="replace_scim_user")
@_answered
async def replace_user(request: Request) -> Response:
    """Change all attributes of a user that are sent; those left out stay as they are."""
    ctx, name = _context(request), request.path_params["id"]
    return await _user(request, ctx, await users.replace_user(ctx, name, await _body(request)))


@router.patch("/Users/{id}", operation_id="patch_scim_user")
@_answered
async def patch_user(request: Request) -> Response:
    """Change attributes of a user."""
    ctx, name = _context(request), request.path_params["id"]
    return await _user(request, ctx, await users.patch_user(ctx, name, await _body(request)))


@router.delete("/Users/{id}", operation_id="remove_scim_user")
@_answered
async def remove_user(request: Request) -> Response:
    """Deactivate a user whose account is removed at the provider."""
    await users.remove_user(_context(request), request.path_params["id"])
    return Response(status_code=204)


@router.get("/Groups", operation_id="list_scim_groups")
@_answered
async def list_groups(request: Request) -> Response:
    """List the groups of which the filter holds."""
    return _page_of(_asked(request), *await _groups(_context(request), _asked(request)))


@router.post("/Groups/.search", operation_id="search_scim_groups")
@_answered
async def search_groups(request: Request) -> Response:
    """List the groups of which the filter in the body holds."""
    query = await _searched(request)
    return _page_of(query, *await _groups(_context(request), query))


@router.post("/Groups", operation_id="add_scim_group")
@_answered
async def add_group(request: Request) -> Response:
    """Add a group with its members."""
    ctx = _context(request)
    group = await groups.add_group(ctx, _whole_group(await _body(request)))
    (document,) = await groups.group_documents(ctx, [group], with_members=True)
    return _answer(document, 201)


@router.get("/Groups/{id}", operation_id="get_scim_group")
@_answered
async def get_group(request: Request) -> Response:
    """Return a group with its members."""
    ctx = _context(request)
    return await _group(request, ctx, request.path_params["id"])


@router.put("/Groups/{id}", operation_id="replace_scim_group")
@_answered
async def replace_group(request: Request) -> Response:
    """Replace the members of a group, and its name."""
    ctx, name = _context(request), request.path_params["id"]
    await groups.change_group(ctx, name, _whole_group(await _body(request)))
    return await _group(request, ctx, name)


@router.patch("/Groups/{id}", operation_id="patch_scim_group")
@_answered
async def patch_group(request: Request) -> Response:
    """Change members of a group, or its name."""
    ctx, name = _context(request), request.path_params["id"]
    await groups.change_group(ctx, name, group_change(await _body(request)))
    return await _group(request, ctx, name)


@router.delete("/Groups/{id}", operation_id="remove_scim_group")
@_answered
async def remove_group(request: Request) -> Response:
    """Remove a group, with what its members have from it."""
    await groups.remove_group(_context(request), request.path_params["id"])
    return Response(status_code=204)


async def _group(request: Request, ctx: ScimContext, name: str) -> Response:
    group = await groups.find_group(ctx, name)
    (document,) = await groups.group_documents(ctx, [group], with_members=_asked(request).wants_members)
    return _answer(_projected(request, document))


def _whole_group(body: dict[str, Any]) -> GroupChange:
    """Return the change in a group's document; without `members` the members stay. Raises ScimError."""
    attributes = lower_keys(body)
    change = GroupChange(attributes)
    if "members" in attributes:
        change.replace(member_ids(attributes["members"]))
    return change


@router.get("/ServiceProviderConfig", operation_id="get_scim_config")
@_answered
async def get_config(request: Request) -> Response:
    """Return what of SCIM the service offers."""
    return _answer(documents.service_config(_base(request)))


@router.get("/ResourceTypes", operation_id="list_scim_resource_types")
@_answered
async def list_resource_types(request: Request) -> Response:
    """List the kinds of resources."""
    return _listed(documents.resource_types(_base(request)))


@router.get("/ResourceTypes/{id}", operation_id="get_scim_resource_type")
@_answered
async def get_resource_type(request: Request) -> Response:
    """Return a kind of resources."""
    return _single(request, documents.resource_types(_base(request)))


@router.get("/Schemas", operation_id="list_scim_schemas")
@_answered
async def list_schemas(request: Request) -> Response:
    """List the schemas of resources."""
    return _listed(documents.schemas(_base(request)))


@router.get("/Schemas/{id}", operation_id="get_scim_schema")
@_answered
async def get_schema(request: Request) -> Response:
    """Return a schema."""
    return _single(request, documents.schemas(_base(request)))


def _listed(resources: list[dict[str, Any]]) -> Response:
    return _answer(documents.list_document(resources, len(resources), FIRST))


def _single(request: Request, resources: list[dict[str, Any]]) -> Response:
    name = request.path_params["id"]
    named = next((resource for resource in resources if resource["id"] == name), None)
    if named is None:
        return _answer(error_document(404, "There is no resource type or schema with this name."), 404)
    return _answer(named)


class ScimErrors:
    """ASGI middleware that turns the service's own problems into SCIM's form, below SCIM's address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(f"{SCIM}/"):
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def send_scim(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                content_type = MutableHeaders(raw=list(message["headers"])).get("content-type", "")
                if content_type.startswith(PROBLEM):
                    start = message
                    return
            if start is None:
                await send(message)
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                refusal = json.loads(body)
                document = to_json(
                    error_document(start["status"], f"{refusal['title']}: {refusal['detail']}")
                )
                headers = MutableHeaders(raw=list(start["headers"]))
                headers["content-type"], headers["content-length"] = SCIM_MEDIA_TYPE, str(len(document))
                await send({**start, "headers": headers.raw})
                await send({"type": "http.response.body", "body": document})

        await self._app(scope, receive, send_scim)
