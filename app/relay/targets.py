"""Where the relay publishes to, by the settings."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from app.platform.settings import Settings, SettingsError


@dataclass(frozen=True, slots=True)
class RelayTarget:
    """A stream or topic, and how its broker is reached. `kind`: nats or kafka. `hosts`: each with its port.

    `sasl`: the mechanism by which the user logs in at Kafka. `credentials`: a file for NATS. `ca`,
    `certificate`: files of certificates.
    """

    kind: str
    hosts: tuple[str, ...]
    tls: bool
    stream: str
    replicas: int = 1
    user: str | None = None
    password: str | None = None
    sasl: str = ""
    credentials: Path | None = None
    ca: Path | None = None
    certificate: Path | None = None

    @property
    def name(self) -> str:
        """Return the target's name among the consumers of the log."""
        return f"relay:{self.kind}:{self.stream}"

    def tls_context(self) -> ssl.SSLContext | None:
        """Return how to check the broker's certificate, and to show our own; None: in the clear. Raises
        SettingsError.
        """
        if not self.tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca)
            if self.certificate is not None:
                context.load_cert_chain(self.certificate)
        except OSError as error:  # of a missing file, and of one without a certificate
            message = f"LEDGERDESK_RELAY_CA or LEDGERDESK_RELAY_CERTIFICATE cannot be read: {error}."
            raise SettingsError(message) from error
        return context


def target(settings: Settings) -> RelayTarget:
    """Return the target in the settings. Raises SettingsError."""
    if settings.relay_url is None:
        raise SettingsError("Set LEDGERDESK_RELAY_URL to the broker, such as nats://broker:4222.")
    scheme, _, hosts = settings.relay_url.partition("://")
    kind, _, tls = scheme.partition("+")
    if settings.relay_credentials is not None and not settings.relay_credentials.is_file():
        raise SettingsError(f"LEDGERDESK_RELAY_CREDENTIALS: there is no file {settings.relay_credentials}.")
    return RelayTarget(
        kind=kind,
        hosts=tuple(hosts.split(",")),
        tls=bool(tls),
        stream=settings.relay_stream,
        replicas=settings.relay_replicas,
        user=settings.relay_user,
        password=None if settings.relay_password is None else settings.relay_password.get_secret_value(),
        sasl=settings.relay_sasl,
        credentials=settings.relay_credentials,
        ca=settings.relay_ca,
        certificate=settings.relay_certificate,
    )
