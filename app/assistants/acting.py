"""Tools that act: what may be done here and its form, do it, and open a record."""

from __future__ import annotations

from typing import Any

from app.assistants.arguments import ActArguments, CreateArguments, OptionsArguments
from app.assistants.contract import ID, ActionOperation, KindOperations
from app.assistants.reading import action_of, kind_of
from app.assistants.sessions import AssistantSession, ToolRefused
from app.i18n import translate


async def options(session: AssistantSession, arguments: OptionsArguments) -> dict[str, Any]:
    """Show what may be done, or the form of an action."""
    if arguments.kind is None:
        openings = await session.read("/v1/me/openings")
        members = ("kind", "kind_label", "action", "label")
        return {"openings": [{name: each[name] for name in members} for each in openings["items"]]}
    kind = kind_of(session, arguments.kind)
    if arguments.action is not None:
        return await _form(session, kind, action_of(session, kind, arguments.action), arguments.id)
    if arguments.id is None:
        return {"kind": kind.kind, "actions": [_described(action) for action in kind.actions.values()]}
    record = await session.read(f"{kind.path}/{arguments.id}")
    members = ("action", "label", "open", "reason")
    return {
        "kind": kind.kind,
        "id": record["id"],
        "version": record["version"],
        "state": record.get("state"),
        "actions": [
            {name: each[name] for name in members if each[name] is not None}
            for each in record.get("actions") or ()
            if not kind.actions[each["action"]].in_person
        ],
        "in_person": [
            {"action": action.name, "link": session.link(kind.kind, arguments.id, action.name)}
            for action in kind.actions.values()
            if action.in_person and record.get("state") in action.sources
        ],
    }


def _described(action: ActionOperation) -> dict[str, Any]:
    described = {"action": action.name, "description": action.description, "from": list(action.sources)}
    return {**described, **({"in_person": True} if action.in_person else {})}


async def _form(
    session: AssistantSession, kind: KindOperations, action: ActionOperation, name: str | None
) -> dict[str, Any]:
    if action.in_person:
        raise _in_person(session, kind, action, name)
    form = {**_described(action), "form": session.contract.form(kind.kind, action.name)}
    if name is None or action.opens:
        return form
    record = await session.read(f"{kind.path}/{name}")
    return {**form, "id": record["id"], "version": record["version"], "state": record.get("state")}


async def act(session: AssistantSession, arguments: ActArguments) -> dict[str, Any]:
    """Carry out an action on a record that is still at the version which was read."""
    kind = kind_of(session, arguments.kind)
    action = action_of(session, kind, arguments.action)
    if action.opens:
        raise ToolRefused(session.sentence("opens", action=action.name))
    if action.in_person:
        raise _in_person(session, kind, action, arguments.id)
    headers = {"idempotency-key": arguments.idempotency_key, "if-match": f'"{arguments.version}"'}
    path = action.path.replace(ID, arguments.id)
    body = {} if action.body is None else {"body": arguments.body}
    record = await session.sent(action.method, path, headers=headers, **body)
    return _done(session, kind, record)


async def create(session: AssistantSession, arguments: CreateArguments) -> dict[str, Any]:
    """Open a record."""
    kind = kind_of(session, arguments.kind)
    openings = {action.name: action for action in kind.actions.values() if action.opens}
    name = next(iter(openings), "") if arguments.action is None else arguments.action
    action: ActionOperation = session.require(name, openings, "unknown_action")
    if action.in_person:
        raise _in_person(session, kind, action, None)
    headers = {"idempotency-key": arguments.idempotency_key}
    record = await session.sent(action.method, action.path, headers=headers, body=arguments.body)
    return _done(session, kind, record)


def _done(session: AssistantSession, kind: KindOperations, record: dict[str, Any]) -> dict[str, Any]:
    members = ("id", "number", "version", "state")
    return {
        "kind": kind.kind,
        **{name: record[name] for name in members if name in record},
        "link": session.link(kind.kind, str(record.get("number") or record.get("id"))),
    }


def _in_person(
    session: AssistantSession, kind: KindOperations, action: ActionOperation, name: str | None
) -> ToolRefused:
    """Return the refusal of what persons do themselves, with the address where they do it."""
    words = {"action": action.name.replace("_", " ")}
    sentence = translate(session.language, "detail", "done_in_person", words)
    link = (
        session.link(kind.kind, name, action.name) if name or action.opens else session.kind_link(kind.kind)
    )
    return ToolRefused(sentence, code="done_in_person", link=link)
