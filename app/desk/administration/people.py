"""Pages about people: inviting somebody with a way to sign in, and handing over what a person held."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from app.api.authentication.auth import ledger_of
from app.api.direct import Router
from app.common.faces import BilingualLabel, FieldCondition, FormFace, FormQuestion, QuestionAnswer
from app.desk.administration.index import ADMINISTRATION
from app.desk.forms.fields import FieldChoice, FieldKind, FormField
from app.desk.operation_calls import CallAnswer
from app.desk.pages.actions import screen_of, send_form, show_form
from app.desk.pages.context import Desk, open_desk, require_signed_in
from app.desk.pages.form.questions import TRANSFER, held_kinds, managers_in_words, named_duty
from app.desk.pages.form.returns import page_to_return_to
from app.desk.pages.form.screens import PAGES_AFTER, ActionScreen
from app.desk.pages.form.sent_inputs import SentInputs
from app.desk.pages.records import RecordView, read_record
from app.foundation.people.succession.leaving import managed_kinds
from app.i18n import LANGUAGES, translate

router = Router(include_in_schema=False)
#: The field with the kinds of records whose duties are handed over.
KINDS = "kinds"
INVITE = f"{ADMINISTRATION}/people/invite"
#: The question how the invited person signs in, and its answers.
SIGN_IN, BY_KEY, BY_PROVIDER, LATER = "sign_in", "key", "provider", "later"
#: The field with the language of the invited person.
LOCALE = "locale"
KEY_NAME = BilingualLabel("Sign-in", "登录")
SIGNS_IN = FormQuestion(
    SIGN_IN,
    BilingualLabel("How will the person sign in?", "此人如何登录？"),
    (
        QuestionAnswer(BY_KEY, BilingualLabel("With a key that you hand over", "用您转交的密钥"), {}),
        QuestionAnswer(
            BY_PROVIDER, BilingualLabel("With the account of our organisation", "用本单位的账户"), {}
        ),
        QuestionAnswer(LATER, BilingualLabel("Not yet", "暂不登录"), {}),
    ),
    usual=BY_KEY,
)
INVITATION = FormFace(
    first=("name", "email", "roles", "teams", LOCALE, SIGN_IN, "login"),
    unasked=frozenset({"kind", "occurred_at"}),
    questions=(SIGNS_IN,),
    only_with={"login": FieldCondition(SIGN_IN, (BY_PROVIDER,))},
    labels={
        "roles": BilingualLabel(
            "What does the person do? (none: asks for help only)",
            "此人承担哪些角色？（不选：仅求助）",
        ),
        LOCALE: BilingualLabel("Language of the invitation and of mails", "邀请和邮件的语言"),
    },
)


@router.get(INVITE)
async def get_invitation_form(request: Request) -> Response:
    """Return the form that invites a person."""
    return await show_form(_invitation(request))


@router.post(INVITE)
async def post_invitation_form(request: Request) -> Response:
    """Add the person, and make a key to sign in with if that was chosen."""
    return await send_form(_invitation(request))


def _invitation(request: Request) -> ActionScreen:
    desk = open_desk(request)
    label = desk.sentence("invite")
    screen = screen_of(desk, desk.lifecycle("person"), "add", None)
    usual = ledger_of(request).settings.language
    fields = tuple(
        replace(field, schema={**field.schema, "default": usual}) if field.name == LOCALE else field
        for field in screen.form.fields
    )
    return replace(
        screen,
        own_form=replace(screen.form, fields=fields),
        fallback={LOCALE: usual},
        own_face=INVITATION,
        own_path=INVITE,
        own_label=label,
        own_button=label,
        after=_invited,
    )


async def _invited(
    screen: ActionScreen, view: RecordView, sent: SentInputs, answer: CallAnswer
) -> Response | None:
    """Return the page with what to send to the invited person; None if they sign in in another way."""
    if sent.first_text(f"/{SIGN_IN}") != BY_KEY:
        return None
    desk = screen.desk
    language = sent.first_text(f"/{LOCALE}") or ledger_of(desk.request).settings.language
    key = await desk.calls.send(
        "POST",
        "/v1/keys",
        body={"name": KEY_NAME.text(language), "person": view.record["id"]},
        headers={"idempotency-key": str(uuid5(NAMESPACE_URL, f"{sent.key} {SIGN_IN}"))},
    )
    return desk.answer(
        "administration/invitation.html",
        desk.sentence("invited", person=view.record["name"]),
        view=view,
        message_language=language,
        message=_message(desk, view, language, key.document["token"]) if key.is_success else None,
        returns_to=page_to_return_to(desk),
        refused=None if key.is_success else key.fault,
    )


def _message(desk: Desk, view: RecordView, language: str, key: str | None) -> str | None:
    """Return the invitation in that language; None for a key that was shown before."""
    address = f"{str(desk.request.base_url).rstrip('/')}/sign-in"
    words = {"name": view.record["name"], "address": address, "key": key}
    return translate(language, "desk", "invitation_text", words) if key else None


@router.get(f"{ADMINISTRATION}/people/{{name}}/handover")
async def get_handover_page(request: Request, name: str) -> Response:
    """Return the page on which what a person held is handed over; theirs if nothing is held."""
    desk = open_desk(request)
    view = await read_record(desk, desk.lifecycle("person"), name)
    duties = await desk.calls.read(f"/v1/persons/{view.record['id']}/duties")
    if not duties["counts"]:
        return RedirectResponse(f"{view.path}?done=deactivate", HTTP_303_SEE_OTHER)
    return await show_form(_handover(desk, view, duties))


@router.post(f"{ADMINISTRATION}/people/{{name}}/handover")
async def post_handover_form(request: Request, name: str) -> Response:
    """Hand over what the person held."""
    desk = open_desk(request)
    view = await read_record(desk, desk.lifecycle("person"), name)
    duties = await desk.calls.read(f"/v1/persons/{view.record['id']}/duties")
    return await send_form(_handover(desk, view, duties))


def _handover(desk: Desk, view: RecordView, duties: Mapping[str, Any]) -> ActionScreen:
    screen = screen_of(desk, view.lifecycle, TRANSFER, view)
    held = [each["kind"] for each in duties["counts"]]
    fields = tuple(
        _of_held_kinds(desk, field, held) if field.name == KINDS else field for field in screen.form.fields
    )
    return replace(
        screen,
        own_form=replace(screen.form, fields=fields),
        own_path=f"{ADMINISTRATION}/people/{view.record['id']}/handover",
        own_label=desk.sentence("hand_over"),
        about=desk.sentence("hand_over_about", person=view.record["name"]),
        before=("desk/administration/held_duties.html", {"held": held_kinds(desk, duties)}),
    )


async def _handed_over(
    screen: ActionScreen, view: RecordView, sent: SentInputs, answer: CallAnswer
) -> Response | None:
    """Return the page with the number of duties that are handed over, and with those that stay and why; None
    if the same form was sent before.
    """
    desk, moving, staying = screen.desk, answer.document["moving_duties"], answer.document["staying_duties"]
    if moving is None:
        return None
    chosen = set(sent.inputs.get(f"/{KINDS}", ())) - {""}
    duties = [(*named_duty(desk, duty), _reason_to_stay(desk, duty, chosen)) for duty in staying]
    managed = managed_kinds(require_signed_in(desk.request))
    can_go_on = any(duty["kind"] in managed for duty in staying)
    return desk.answer(
        "administration/handed_over.html",
        desk.sentence("handed_over_count", n=moving, all=moving + len(staying)),
        view=view,
        duties=duties,
        handover=f"{ADMINISTRATION}/people/{view.record['id']}/handover" if can_go_on else None,
        returns_to=page_to_return_to(desk),
    )


PAGES_AFTER["person", TRANSFER] = _handed_over


def _reason_to_stay(desk: Desk, duty: Mapping[str, Any], chosen: Collection[str]) -> str:
    """Return why the duty was not handed over: its kind was not selected, the reader may not, or the reason
    of the API.
    """
    if duty["kind"] not in managed_kinds(require_signed_in(desk.request)):
        return desk.sentence("stays_with_managers", roles=managers_in_words(desk, duty["kind"]))
    if chosen and duty["kind"] not in chosen:
        return desk.sentence("stays_unchosen")
    return str(duty["reason"]).removeprefix("new_holder: ")


def _of_held_kinds(desk: Desk, field: FormField, held: Sequence[str]) -> FormField:
    """Return the field with the kinds that the person holds something of, and that the reader manages."""
    caller = require_signed_in(desk.request)
    choices = tuple(
        FieldChoice(kind, dict.fromkeys(LANGUAGES, desk.kinds_label(kind)))
        for kind in managed_kinds(caller)
        if kind in held
    )
    schema = {"type": "array", "items": {"type": "string"}}
    words = {language: translate(language, "desk", "hand_over_only", {}) for language in LANGUAGES}
    return replace(field, kind=FieldKind.choices, schema=schema, choices=choices, words=words)
