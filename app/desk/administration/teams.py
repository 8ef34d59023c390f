"""The page of a team's members: who belongs to it, adding somebody by name, and taking somebody out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_CONTENT

from app.api.direct import Router
from app.api.pages.sent_forms import SentForm, sent_form
from app.desk.administration.index import ADMINISTRATION
from app.desk.forms.fields import FieldKind, FormField
from app.desk.operation_calls import CallRefused
from app.desk.pages.context import Desk, open_desk
from app.desk.pages.form.sent_inputs import SentInputs, inputs_of
from app.desk.references import resolve_references
from app.i18n import LANGUAGES, translate

router = Router(include_in_schema=False)
PATH = f"{ADMINISTRATION}/teams/{{name}}"
PERSON, POINTER = "person", "/person"
MOST_MEMBERS = "200"
#: The parameter for what was done with the person of that name.
DONE, WHO = "done", "who"
ADDED, REMOVED = "added", "removed"


def _person_field() -> FormField:
    words = {language: translate(language, "desk", "add_member", {}) for language in LANGUAGES}
    return FormField(
        PERSON, FieldKind.line, {}, words=words, required=True, reference={"kind": "person", "by": "id"}
    )


@router.get(PATH)
async def get_members_page(request: Request, name: str) -> Response:
    """Return the page of the team's members."""
    desk = open_desk(request)
    return await _page(desk, await _team(desk, name), SentInputs({}, "", desk.new_key()))


@router.post(f"{PATH}/add")
async def post_new_member(request: Request, name: str) -> Response:
    """Add a person to the team."""
    desk, form = open_desk(request), await sent_form(request)
    team, sent = await _team(desk, name), inputs_of(form)
    resolved = await resolve_references(desk.calls, [_person_field()], sent.inputs, "person")
    if resolved.ambiguous:
        return await _page(
            desk, team, SentInputs(sent.inputs, "", sent.key, ambiguous=resolved.ambiguous), status=422
        )
    person = next(iter(resolved.inputs.get(POINTER, ())), "").strip()
    if not person or resolved.unknown:
        message = desk.sentence("choose_listed", name=person) if person else desk.sentence("fill_in")
        return await _refused(desk, team, sent, message)
    answer = await desk.calls.send(
        "POST",
        f"/v1/persons/{person}/join",
        body={"team": team["id"]},
        headers={"idempotency-key": sent.key},
    )
    if not answer.is_success:
        errors = answer.document.get("errors") or ()
        message = next((str(each["message"]) for each in errors), answer.fault)
        return await _refused(desk, team, sent, message)
    return _back(team, ADDED, answer.document["name"])


@router.post(f"{PATH}/remove")
async def post_former_member(request: Request, name: str) -> Response:
    """Take a person out of the team."""
    desk, form = open_desk(request), await sent_form(request)
    team = await _team(desk, name)
    person = await desk.calls.read(f"/v1/persons/{_chosen(form)}")
    answer = await desk.calls.send("POST", f"/v1/persons/{person['id']}/leave", body={"team": team["id"]})
    if not answer.is_success:
        raise CallRefused(answer)
    return _back(team, REMOVED, person["name"])


def _chosen(form: SentForm) -> str:
    return form.first_value(POINTER)


async def _team(desk: Desk, name: str) -> Mapping[str, Any]:
    """Return the team. Raises CallRefused."""
    team: Mapping[str, Any] = await desk.calls.read(f"/v1/teams/{name}")
    return team


async def _refused(desk: Desk, team: Mapping[str, Any], sent: SentInputs, message: str) -> Response:
    errors = [{"pointer": POINTER, "members": [], "message": message}]
    problem = {"title": "", "detail": message, "errors": errors}
    again = SentInputs(sent.inputs, "", sent.key, problem=problem)
    return await _page(desk, team, again, status=HTTP_422_UNPROCESSABLE_CONTENT)


async def _page(desk: Desk, team: Mapping[str, Any], sent: SentInputs, *, status: int = 200) -> Response:
    page = await desk.calls.read(f"/v1/teams/{team['id']}/members", {"limit": MOST_MEMBERS})
    done = desk.request.query_params.get(DONE, "")
    name = desk.request.query_params.get(WHO, "")
    labels = {ADDED: "member_added", REMOVED: "member_removed"}
    return desk.answer(
        "administration/members.html",
        desk.sentence("members_of", team=team["name"]),
        status=status,
        team=team,
        members=page["items"],
        has_more=page["next_cursor"] is not None,
        field=_person_field(),
        sent=sent,
        done=desk.sentence(labels[done], person=name) if done in labels else "",
    )


def _back(team: Mapping[str, Any], done: str, name: str) -> Response:
    path = PATH.format(name=team["id"])
    return RedirectResponse(f"{path}?{urlencode({DONE: done, WHO: name})}", HTTP_303_SEE_OTHER)
