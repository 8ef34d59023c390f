"""Pages of settings below `/desk/settings`: mail, sign-in, the priority matrix and the branding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from app.api.direct import Router
from app.api.pages.page_paths import SIGN_IN
from app.api.pages.sent_forms import sent_form
from app.desk.operation_calls import CallRefused
from app.desk.pages.actions import screen_of, show_form
from app.desk.pages.context import Desk, open_desk
from app.desk.pages.records import read_record
from app.desk.settings_pages.labels import SETTING_LABELS

router = Router(include_in_schema=False)
MAIL, SIGN_IN_SETTINGS = "/desk/settings/mail", "/desk/settings/sign-in"
PRIORITIES = "/desk/settings/priorities"
BRANDING = "/desk/settings/branding"
#: The sentences for settings that are true or false.
TRUTHS = {"True": "yes", "False": "no"}


@router.get(MAIL)
async def get_mail_settings_page(request: Request) -> Response:
    """Return the page of the settings of mail."""
    return await _mail_page(open_desk(request))


@router.post(MAIL)
async def post_test_mail(request: Request) -> Response:
    """Send a test mail to the reader, and show what became of it."""
    desk = open_desk(request)
    await sent_form(request)
    answer = await desk.calls.send("POST", "/v1/test_mails")
    if not answer.is_success:
        raise CallRefused(answer)
    return await _mail_page(desk, answer.document)


@router.get(PRIORITIES)
async def get_priorities_page(request: Request) -> Response:
    """Return the form of the priority matrix: the revision of the one in force, or the first one."""
    desk = open_desk(request)
    lifecycle = desk.lifecycle("priority_matrix")
    page = await desk.calls.read("/v1/priority_matrices", {"limit": "1"})
    record = next(iter(page["items"]), None)
    if record is None:
        return await show_form(screen_of(desk, lifecycle, "add", None))
    view = await read_record(desk, lifecycle, record["id"])
    return await show_form(screen_of(desk, lifecycle, "revise", view))


@router.get(BRANDING)
async def get_branding_page(request: Request) -> Response:
    """Lead to the branding in force, or return the form of the first one."""
    desk = open_desk(request)
    page = await desk.calls.read("/v1/brandings", {"limit": "1"})
    for record in page["items"]:
        return RedirectResponse(f"/desk/branding/{record['id']}", HTTP_303_SEE_OTHER)
    return await show_form(screen_of(desk, desk.lifecycle("branding"), "add", None))


@router.get(SIGN_IN_SETTINGS)
async def get_sign_in_settings_page(request: Request) -> Response:
    """Return the page of the settings of sign-in."""
    desk = open_desk(request)
    held = await desk.calls.read("/v1/installation_settings")
    has_provider = _is_set(held["sign_in"], "oidc_client_id")
    return desk.answer(
        "settings_pages/settings.html",
        desk.sentence("sign_in_settings"),
        about=desk.sentence("sign_in_by_provider" if has_provider else "sign_in_by_key"),
        groups=[(None, _rows(desk, held["sign_in"]))],
        page_to_try=SIGN_IN,
        test=None,
        is_mail=False,
    )


async def _mail_page(desk: Desk, test: Mapping[str, Any] | None = None) -> Response:
    held = await desk.calls.read("/v1/installation_settings")
    sends = _is_set(held["mail_out"], "smtp_host")
    return desk.answer(
        "settings_pages/settings.html",
        desk.sentence("mail_settings"),
        about=desk.sentence("mail_is_sent" if sends else "mail_is_not_sent"),
        groups=[
            (desk.sentence("mail_out"), _rows(desk, held["mail_out"])),
            (desk.sentence("mail_in"), _rows(desk, held["mail_in"])),
        ],
        page_to_try=None,
        test=test,
        is_mail=True,
    )


def _rows(desk: Desk, settings: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Return for each setting its label, its value in words, and the variable that sets it."""
    return [
        (SETTING_LABELS[each["name"]].text(desk.language), _value(desk, each), each["variable"])
        for each in settings
    ]


def _is_set(settings: Sequence[Mapping[str, Any]], name: str) -> bool:
    return any(setting["name"] == name and setting["is_set"] for setting in settings)


def _value(desk: Desk, setting: Mapping[str, Any]) -> str:
    if not setting["is_set"]:
        return desk.sentence("setting_empty")
    if setting["value"] is None:
        return desk.sentence("setting_secret")
    code = TRUTHS.get(setting["value"])
    value = setting["value"] if code is None else desk.sentence(code)
    return desk.sentence("setting_default", value=value) if setting["is_default"] else value
