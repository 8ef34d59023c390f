"""Settings of mail and sign-in for administrators, `GET /v1/installation_settings`, and a test mail to
oneself, `POST /v1/test_mails`.
"""

from __future__ import annotations

from fastapi import Request
from pydantic import Field, SecretStr
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of, utc_now
from app.api.branding.lookups import branding_name
from app.api.direct import Router
from app.api.records.shapes import OutputModel
from app.api.requests.accept import language_for
from app.common.records import CodeEnum
from app.foundation.people import persons
from app.i18n import translate
from app.kernel.access.reads import load
from app.kernel.actions.actor_policy import admin
from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.notifications.mail import DeliveryDeferred, submit
from app.notifications.message import InvalidAddress, Mail, message
from app.platform.settings import PREFIX, Settings

router = Router(prefix="/v1", tags=["people"])
MAIL_OUT = ("smtp_host", "smtp_port", "smtp_tls", "smtp_user", "smtp_password", "mail_from", "public_url")
MAIL_IN = ("imap_host", "imap_port", "imap_tls", "imap_user", "imap_password", "imap_folder", "imap_source")
SIGN_IN = (
    "public_url",
    "session_hours",
    "oidc_issuer",
    "oidc_client_id",
    "oidc_client_secret",
    "oidc_audience",
    "oidc_login_claim",
    "oidc_groups_claim",
    "oidc_scopes",
    "oidc_adds_people",
    "scim_login",
)


class InstallationSetting(OutputModel):
    """A setting, which is changed outside of the application."""

    name: str = Field(description="Name of the setting.", examples=["smtp_host"])
    variable: str = Field(
        description="Environment variable that sets it, or in lower case the file in the secrets directory.",
        examples=["LEDGERDESK_SMTP_HOST"],
    )
    value: str | None = Field(description="Value in use; null if there is none, and for secrets.")
    is_set: bool = Field(description="True if there is a value.")
    is_default: bool = Field(description="True if nobody has set it, so that the default applies.")


class InstallationSettings(OutputModel):
    """The settings of mail and sign-in."""

    mail_out: list[InstallationSetting] = Field(description="Settings of the mail server for notices.")
    mail_in: list[InstallationSetting] = Field(
        description="Settings of the mailbox from which tickets are opened."
    )
    sign_in: list[InstallationSetting] = Field(description="Settings of sign-in and sessions.")


class MailTestOutcome(CodeEnum):
    """Outcome of a test mail."""

    accepted = "accepted", "Accepted by the mail server", "邮件服务器已接收"
    no_server = "no_server", "No mail server is set", "未设置邮件服务器"
    no_address = "no_address", "You have no valid mail address", "您没有有效的邮箱地址"
    refused = "refused", "Refused by the mail server", "被邮件服务器拒收"
    failed = "failed", "The mail server did not answer as expected", "邮件服务器未正常响应"


class MailTest(OutputModel):
    """The result of a test mail."""

    outcome: MailTestOutcome
    sent_to: str | None = Field(description="Address of the caller; null if there is none.")
    why: str | None = Field(
        description="Error of the mail server, with its code; null if there was none.",
        examples=["SMTPConnectError 421"],
    )


@router.endpoint("/installation_settings", "Get the settings of mail and sign-in", InstallationSettings)
async def get_installation_settings(request: Request) -> Response:
    """Return the settings that hold for mail and sign-in, without secrets."""
    ledger = ledger_of(request)
    _require_admin(request, ledger)
    groups = {"mail_out": MAIL_OUT, "mail_in": MAIL_IN, "sign_in": SIGN_IN}
    held = {group: [_setting(ledger.settings, name) for name in names] for group, names in groups.items()}
    return Response(to_json(InstallationSettings(**held)), media_type="application/json")


@router.endpoint("/test_mails", "Send a test mail to yourself", MailTest, method="POST")
async def send_test_mail(request: Request) -> Response:
    """Send a mail to the caller's own address at once, and return what the mail server answered."""
    ledger = ledger_of(request)
    _require_admin(request, ledger)
    to = await _address_of_caller(request, ledger)
    outcome, why = await _tried(ledger, to, language_for(request))
    return Response(to_json(MailTest(outcome=outcome, sent_to=to, why=why)), media_type="application/json")


async def _address_of_caller(request: Request, ledger: Ledger) -> str | None:
    loaded = await load(ledger.db, persons.LIFECYCLE, str(caller_of(request).person_id))
    encrypted = None if loaded is None else loaded.record.email
    return None if encrypted is None else (await ledger.vault.texts([encrypted]))[encrypted]


async def _tried(ledger: Ledger, to: str | None, language: str) -> tuple[MailTestOutcome, str | None]:
    """Try to send the mail; return the outcome, and the mail server's error."""
    if ledger.settings.smtp_host is None:
        return MailTestOutcome.no_server, None
    if to is None:
        return MailTestOutcome.no_address, None
    subject, text = (translate(language, "notice_part", code, {}) for code in ("test_subject", "test_text"))
    test_id = uuid7()
    mail = Mail(f"test.{test_id}", f"test/{test_id}", subject, text, language, utc_now())
    try:
        name = await branding_name(ledger)
        email = message(mail, sender=ledger.settings.mail_from, to=to, sender_name=name)
        failure = await submit(ledger.settings, email)
    except InvalidAddress:
        return MailTestOutcome.no_address, None
    except DeliveryDeferred as deferred:
        return MailTestOutcome.failed, deferred.why
    return MailTestOutcome.accepted if failure is None else MailTestOutcome.refused, None


def _require_admin(request: Request, ledger: Ledger) -> None:
    if not admin.allows(caller_of(request), None):
        raise ledger.forbidden(admin, language_for(request))


def _setting(settings: Settings, name: str) -> InstallationSetting:
    value = getattr(settings, name)
    return InstallationSetting(
        name=name,
        variable=f"{PREFIX}{name.upper()}",
        value=None if value is None or isinstance(value, SecretStr) else str(value),
        is_set=value not in (None, ""),
        is_default=name not in settings.model_fields_set,
    )
