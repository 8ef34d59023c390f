"""Settings of the relay: the broker, its stream, and how the relay logs in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings


def _relay_url(value: str) -> str:
    if not re.fullmatch(r"(nats|kafka)(\+tls)?://[^/@:,\s]+:[0-9]{1,5}(,[^/@:,\s]+:[0-9]{1,5})*", value):
        raise ValueError("must be an address such as nats://broker:4222 or kafka+tls://one:9093,two:9093")
    return value


class RelaySettings(BaseSettings):
    """The settings of the relay."""

    relay_url: Annotated[str, AfterValidator(_relay_url)] | None = Field(
        default=None,
        description="Broker to which `relay` publishes the log: `nats://` or `kafka://` with hosts and "
        "ports, separated by commas; encrypted with `nats+tls://` or `kafka+tls://`. None: no relay.",
    )
    relay_stream: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,100}$")] = Field(
        default="ledgerdesk",
        description="JetStream stream or Kafka topic that only the relay writes to. The relay creates it "
        "if it is missing.",
    )
    relay_replicas: int = Field(
        default=1,
        ge=1,
        le=7,
        description="Number of servers that keep a stream or topic created by the relay.",
    )
    relay_user: str | None = Field(default=None, description="User name at the broker.")
    relay_password: SecretStr | None = Field(
        default=None, description="Password at the broker; better as a file in the secrets directory."
    )
    relay_sasl: Annotated[str, Field(pattern="^(PLAIN|SCRAM-SHA-256|SCRAM-SHA-512)$")] = Field(
        default="SCRAM-SHA-512",
        description="Login method at Kafka: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.",
    )
    relay_credentials: Path | None = Field(
        default=None, description="File of credentials (`.creds`) for NATS, instead of user and password."
    )
    relay_ca: Path | None = Field(
        default=None,
        description="File (PEM) of the authority that signed the broker's certificate. None: the "
        "authorities that the system trusts.",
    )
    relay_certificate: Path | None = Field(
        default=None,
        description="File (PEM) of the relay's certificate and key, by which the broker identifies it.",
    )
