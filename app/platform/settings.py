"""All settings, each with unit, default and description. Nothing else reads the environment.

Values come from `LEDGERDESK_*` variables, or from files of the same name (lower case) in the secrets
directory.
"""

from __future__ import annotations

import json
import os
import re
from datetime import time
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo
from pydantic_settings import SettingsConfigDict

from app.platform.failures import WrongUse
from app.platform.setting_groups.columns import ColumnSettings
from app.platform.setting_groups.relay import RelaySettings
from app.platform.setting_groups.replicas import ReplicaSettings
from app.platform.setting_groups.sealing import SealSettings

PREFIX = "LEDGERDESK_"
LONGEST_LABEL = 60
#: 25 MiB, since files are kept in the database and its backups.
LARGEST_UPLOAD = 26_214_400
CONTAINER_SECRETS = "/run/secrets"  # where Docker mounts files of secrets
PROJECT = Path(__file__).resolve().parents[2]


class SettingsError(WrongUse):
    """A setting has a value that cannot be used; the message names the variable and what is allowed."""


def _database_url(value: str) -> str:
    if not value.startswith(("postgresql://", "postgres://")):
        raise ValueError("must be an address such as postgresql://user@host:5432/database")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except Exception as error:
        raise ValueError("must be the name of a time zone such as Asia/Shanghai or UTC") from error
    return value


def _address(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9.-]+", value):
        raise ValueError("must be an address such as service-desk@example.org")
    return value


def _networks(value: str) -> str:
    for part in _comma_separated(value):
        try:
            ip_network(part)
        except ValueError as error:
            raise ValueError("must be addresses or networks such as 10.0.0.7,10.1.0.0/16") from error
    return value


def _origins(value: str) -> str:
    for part in _comma_separated(value):
        if not re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", part):
            raise ValueError("must be origins such as https://portal.example.org, without a path")
    return value


def _public_url(value: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?", value):
        raise ValueError("must be an address such as https://desk.example.org")
    return value.rstrip("/")


def _issuer(value: str, info: ValidationInfo) -> str:
    parts = urlsplit(value)
    near = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not (parts.scheme == "https" or near) or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an address such as https://login.example.org/realms/desk")
    if info.data.get("oidc_audience") is None:
        raise ValueError(f"needs {PREFIX}OIDC_AUDIENCE, too")
    return value


def _client_id(value: str, info: ValidationInfo) -> str:
    if info.data.get("oidc_issuer") is None:
        raise ValueError(f"needs {PREFIX}OIDC_ISSUER, too")
    return value


def _role_labels(value: str) -> str:
    try:
        read_role_labels(value)
    except ValueError as error:
        raise ValueError(
            'must be JSON such as {"agent": {"en": "Supporter", "zh": "支持工程师"}}, with labels of 1 to '
            f"{LONGEST_LABEL} characters"
        ) from error
    return value


def read_role_labels(value: str) -> dict[str, dict[str, str]]:
    """Return the labels by role and language. Raises ValueError."""
    setting = json.loads(value) if value else {}
    labels = setting.values() if isinstance(setting, dict) else [setting]
    for labels_of_role in labels:
        if (
            not isinstance(labels_of_role, dict)
            or not labels_of_role
            or not labels_of_role.keys() <= {"en", "zh"}
        ):
            raise ValueError("not by language")
        for label in labels_of_role.values():
            is_short = isinstance(label, str) and 0 < len(label.strip()) <= LONGEST_LABEL
            if not (is_short and label.isprintable()):
                raise ValueError("not a label")
    return dict(setting)


def _comma_separated(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


DatabaseUrl = Annotated[str, AfterValidator(_database_url)]


class Settings(ColumnSettings, SealSettings, ReplicaSettings, RelaySettings):
    """The settings of one installation."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    database_url: DatabaseUrl | None = Field(
        default=None,
        description="PostgreSQL 15 or later, with the service's role. None: the embedded PostgreSQL is "
        "started.",
    )
    owner_url: DatabaseUrl | None = Field(
        default=None,
        description="The same database with the role that owns the tables; only `migrate` needs it.",
    )
    database_wait_seconds: int = Field(
        default=120,
        ge=0,
        le=3_600,
        description="Seconds that `serve` and `work` wait at start for a PostgreSQL that is not ready or "
        "recovers from a crash.",
    )
    allow_owner: bool = Field(
        default=False,
        description="Let `serve` and `work` run as the role that owns the log, which can disable its guards.",
    )
    data_dir: Path | None = Field(
        default=None,
        description="Data folder of the embedded PostgreSQL. None: `.ledgerdesk/` in the project; for an "
        "installed package, `ledgerdesk/` in the user's data folder (~/.local/share), or as root a folder "
        "under /var/lib/ledgerdesk.",
    )
    secrets_dir: Path | None = Field(
        default=None,
        description="Folder of secret files, including the master key. None: `secrets/` in the data folder.",
    )
    backup_dir: Path | None = Field(
        default=None,
        description="Folder of backups for `backup`, `restore` and `doctor`. None: name the folder in "
        "each command; `doctor` checks no backups.",
    )
    host: str = Field(default="127.0.0.1", description="Address that `serve` listens on.")
    port: int = Field(default=8000, ge=1, le=65535, description="TCP port that `serve` listens on.")
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        default="UTC",
        description="The organisation's time zone (IANA). It sets the limits of periods and the year in "
        "numbers.",
    )
    language: Literal["en", "zh"] = Field(
        default="en", description="The organisation's language, in which rules write titles."
    )
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = Field(
        default="EUR",
        description="The organisation's currency (ISO 4217). KPIs of cost count only amounts in this "
        "currency.",
    )
    role_labels: Annotated[str, AfterValidator(_role_labels)] = Field(
        default="",
        description="The organisation's own labels for roles, as JSON: labels by language for each "
        "role's code. Other roles keep their labels.",
    )
    reopen_days: int = Field(
        default=7,
        ge=0,
        le=3650,
        description="Days after its resolution in which a case can be reopened, unless an agreement sets "
        "others.",
    )
    horizon_years: int = Field(
        default=10,
        ge=1,
        le=300,
        description="Years ahead beyond which a date that a person states is refused as a typing error.",
    )
    recurrences: int = Field(
        default=3,
        ge=2,
        le=1_000,
        description="Number of incidents of one service, CI or category that make a problem candidate.",
    )
    outage_reporters: int = Field(
        default=3,
        ge=1,
        le=1_000,
        description="Number of different users whose reports confirm that a service is interrupted.",
    )
    recurrence_days: int = Field(
        default=30, ge=1, le=366, description="Days in which `RECURRENCES` is counted."
    )
    reconcile_at: Annotated[str, Field(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9]|off)$")] = Field(
        default="03:00",
        description="Time of day in `TIME_ZONE` at which a worker compares every KPI with the raw "
        "events. Choose a quiet hour. `off`: never.",
    )
    signals_at: Annotated[str, Field(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9]|off)$")] = Field(
        default="04:00",
        description="Time of day in `TIME_ZONE` from which a worker looks for signals of the watched "
        "KPIs. `off`: never.",
    )
    watched_kpis: Annotated[str, Field(pattern=r"^([a-z0-9_]+(, ?[a-z0-9_]+)*)?$")] = Field(
        default="",
        description="Keys of the KPIs whose signals are recorded, separated by commas. Empty: the "
        "fourteen in `docs/behaviour.md`.",
    )
    audited_processes: Annotated[str, Field(pattern=r"^([a-z_]+(, ?[a-z_]+)*)?$")] = Field(
        default="incident,request,problem,change",
        description="Kinds of records whose processes are audited each month, separated by commas, for "
        "every team that had cases of them. Empty: no automatic audits.",
    )
    environments: Annotated[str, Field(pattern=r"^([^,]+(,[^,]+)*)?$")] = Field(
        default="",
        description="Names of your environments besides production and usual ones such as `test`, "
        "separated by commas.",
    )
    agents_see: Annotated[str, Field(pattern="^(teams|all)$")] = Field(
        default="teams",
        description="`teams`: agents see tickets of their teams and tickets without a team. `all`: "
        "agents see all tickets.",
    )
    read_connections: int = Field(
        default=8, ge=1, le=200, description="Database connections for reading, per process."
    )
    body_limit: int = Field(default=1_048_576, ge=1024, description="Largest request body, in bytes.")
    upload_limit: int = Field(
        default=LARGEST_UPLOAD, ge=1, le=LARGEST_UPLOAD, description="Largest file to attach, in bytes."
    )
    waiting_limit: int = Field(
        default=10 * LARGEST_UPLOAD,
        ge=1,
        description="Most bytes of uploaded files that one person may have waiting to be attached.",
    )
    rate_limit: int = Field(
        default=1_000,
        ge=1,
        description="Most requests with one API key that a process accepts in `RATE_SECONDS`.",
    )
    rate_seconds: int = Field(
        default=10, ge=1, le=86_400, description="Seconds in which `RATE_LIMIT` is counted."
    )
    person_writes: int = Field(
        default=1_000,
        ge=1,
        description="Most records, comments, files and follows that one person may add in ten minutes, "
        "also by bulk jobs.",
    )
    integration_writes: int = Field(default=60_000, ge=1, description="The same for an integration.")
    wrong_keys: int = Field(
        default=30, ge=1, description="Most wrong keys from one address that a process checks in a minute."
    )
    webhook_rate_limit: int = Field(
        default=60_000,
        ge=1,
        description="Most verified deliveries of one webhook source that a process accepts in a minute.",
    )
    outward_networks: Annotated[str, AfterValidator(_networks)] = Field(
        default="",
        description="Private addresses or networks that subscriptions may send to, separated by commas, "
        "such as 10.1.2.0/24. Empty: public addresses only.",
    )
    outward_http: bool = Field(
        default=False, description="Let subscriptions also send to addresses without TLS (`http://`)."
    )
    open_metrics: bool = Field(
        default=False,
        description="Serve `/metrics` without a key. Otherwise a key needs the permission to read it.",
    )
    assistants: bool = Field(
        default=False,
        description="Serve assistants at `/mcp` (Model Context Protocol), with the rights of the key "
        "they send. Needs the extra `mcp`.",
    )
    rating_percent: int = Field(
        default=25,
        ge=0,
        le=100,
        description="Percentage of cases whose requester is asked for a rating, unless the service sets "
        "its own.",
    )
    public_url: Annotated[str, AfterValidator(_public_url)] | None = Field(
        default=None,
        description="Address at which people reach this service, such as https://desk.example.org, for "
        "links in mails. None: mails contain no links.",
    )
    session_hours: int = Field(
        default=12, ge=1, le=720, description="Hours after which the session of a browser ends."
    )
    oidc_audience: str | None = Field(
        default=None, description="Name of this service in the `aud` of access tokens."
    )
    oidc_issuer: Annotated[str, AfterValidator(_issuer)] | None = Field(
        default=None,
        description="OpenID Connect provider whose access tokens are accepted, as in its `iss`: "
        "https://login.example.org/realms/desk. None: API keys only.",
    )
    oidc_login_claim: Annotated[str, Field(pattern="^[A-Za-z0-9_.:/-]{1,100}$")] = Field(
        default="sub",
        description="Claim of a token that identifies the person by their `login` here. `email` counts "
        "only with `email_verified`.",
    )
    oidc_groups_claim: Annotated[str, Field(pattern="^[A-Za-z0-9_.:/-]{1,200}$")] | None = Field(
        default=None,
        description="Claim of a token with the person's groups or roles at the provider, such as "
        "`groups`, or `realm_access.roles` with dots between levels. They are mapped to roles and teams "
        "at each sign-in. None: roles and teams are granted only here.",
    )
    scim_login: Annotated[str, Field(pattern="^(userName|externalId)$")] = Field(
        default="userName",
        description="Attribute of a SCIM user that holds the person's login here, with the same value as "
        "the login claim.",
    )
    oidc_adds_people: bool = Field(
        default=False, description="Add a person with a valid token who is not known yet, as a requester."
    )
    oidc_client_id: Annotated[str, Field(min_length=1), AfterValidator(_client_id)] | None = Field(
        default=None,
        description="Name of this service at the provider, for people who sign in from a browser. None: "
        "they sign in with a key.",
    )
    oidc_client_secret: SecretStr | None = Field(
        default=None,
        description="Secret of this client; better as a file in the secrets directory. None: a public "
        "client.",
    )
    oidc_scopes: Annotated[str, Field(pattern="^openid( [!#-\\[\\]-~]+)*$")] = Field(
        default="openid profile email",
        description="Scopes of a sign-in, `openid` first, so that the ID token contains the login claim.",
    )
    oidc_keys_seconds: int = Field(
        default=600,
        ge=1,
        le=86_400,
        description="Seconds after which the provider's keys are read again. A withdrawn key is accepted "
        "for at most this time.",
    )
    origins: Annotated[str, AfterValidator(_origins)] = Field(
        default="",
        description="Origins whose pages may call this API, separated by commas, such as "
        "https://portal.example.org. Empty: only our own.",
    )
    proxies: Annotated[str, AfterValidator(_networks)] = Field(
        default="127.0.0.1",
        description="Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are "
        "trusted, separated by commas.",
    )
    notice_seconds: int = Field(
        default=60,
        ge=0,
        le=86_400,
        description="Seconds that a notice waits, so that it includes what else happens to the ticket.",
    )
    smtp_host: str | None = Field(
        default=None, description="Host of the mail server for notices and summaries. None: no mail is sent."
    )
    smtp_port: int = Field(default=587, ge=1, le=65535, description="TCP port of the mail server.")
    smtp_tls: Annotated[str, Field(pattern="^(starttls|tls|none)$")] = Field(
        default="starttls",
        description="`starttls`: encrypted after the greeting, or mail is not sent. `tls`: encrypted "
        "from the first byte. `none`: not encrypted.",
    )
    smtp_user: str | None = Field(default=None, description="User name at the mail server. None: no login.")
    smtp_password: SecretStr | None = Field(
        default=None, description="Password at the mail server; better as a file in the secrets directory."
    )
    imap_host: str | None = Field(
        default=None,
        description="Host of the mailbox from which mails are fetched. None: no mails are fetched.",
    )
    imap_port: int = Field(default=993, ge=1, le=65535, description="TCP port of the mailbox.")
    imap_tls: Annotated[str, Field(pattern="^(tls|none)$")] = Field(
        default="tls", description="`tls`: encrypted. `none`: not encrypted, for a mailbox on this machine."
    )
    imap_user: str | None = Field(default=None, description="User name at the mailbox.")
    imap_password: SecretStr | None = Field(
        default=None, description="Password at the mailbox; better as a file in the secrets directory."
    )
    imap_folder: str = Field(default="INBOX", description="Folder of the mailbox.")
    imap_source: str = Field(
        default="mail",
        description="Key of the webhook source for mails of this mailbox. Its adapter is `mail`.",
    )
    mail_from: Annotated[str, AfterValidator(_address)] = Field(
        default="ledgerdesk@localhost", description="Sender address of our mails."
    )
    log_level: Annotated[str, Field(pattern="^(debug|info|warning|error)$")] = Field(
        default="info", description="Lowest level of lines in the log: debug, info, warning or error."
    )

    @property
    def reconcile_time(self) -> time | None:
        """Return the time of day of the nightly reconciliation of KPIs; None if it is off."""
        return None if self.reconcile_at == "off" else time.fromisoformat(self.reconcile_at)

    @property
    def signals_time(self) -> time | None:
        """Return the time of day from which signals of KPIs are looked for; None if they are not."""
        return None if self.signals_at == "off" else time.fromisoformat(self.signals_at)

    @property
    def watched_kpi_keys(self) -> list[str]:
        """Return the keys of the KPIs to watch; empty means the default ones."""
        return _comma_separated(self.watched_kpis)

    @property
    def audited_process_kinds(self) -> list[str]:
        """Return the kinds of records whose processes are audited each month."""
        return _comma_separated(self.audited_processes)

    @property
    def environment_names(self) -> list[str]:
        """Return the names of the organisation's own environments."""
        return _comma_separated(self.environments)

    @property
    def trusted_origins(self) -> frozenset[str]:
        """Return the origins whose pages may call this API."""
        return frozenset(_comma_separated(self.origins))

    @property
    def allowed_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Return the networks that are not public and may be sent to."""
        return tuple(ip_network(part) for part in _comma_separated(self.outward_networks))


def load(**overrides: object) -> Settings:
    """Return the settings of this process's environment. Raises SettingsError with a sentence per wrong
    value.
    """
    secrets = overrides.get("secrets_dir") or os.environ.get(PREFIX + "SECRETS_DIR") or CONTAINER_SECRETS
    folders = {folder: None for folder in (CONTAINER_SECRETS, str(secrets)) if Path(folder).is_dir()}
    arguments: dict[str, Any] = {"_secrets_dir": list(folders) or None, **overrides}
    try:
        return Settings(**arguments)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(dict(e)) for e in error.errors())) from error


def _sentence(error: dict[str, object]) -> str:
    location = error["loc"]
    assert isinstance(location, tuple)
    name = str(location[0])
    # Hides the password in a wrong address.
    value = re.sub("(?<=://)[^/]*(?=@)", "…", repr(error["input"]))
    return f"{PREFIX}{name.upper()} is {value}: {error['msg']}. {Settings.model_fields[name].description}"


@cache
def current() -> Settings:
    """Return the settings of this process, read once."""
    return load()


def as_markdown() -> str:
    """Return the table of all settings, for docs/settings.md."""
    lines = [
        "# Settings",
        "",
        "Generated from `app/platform/settings.py` by `make contract`; do not edit. Each setting is an",
        "environment variable, or a file of the same name in lower case in the secrets directory.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        lines.append(f"| `{PREFIX}{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"
