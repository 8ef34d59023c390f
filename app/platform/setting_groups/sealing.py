"""Settings of sealing: how often, and where heads are exported to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings


def _https_url(text: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?", text):
        raise ValueError("must be an address such as https://example.org/path")
    return text.rstrip("/")


OutwardUrl = Annotated[str, AfterValidator(_https_url)]


class SealSettings(BaseSettings):
    """The settings of sealing."""

    seal_seconds: int = Field(
        default=900,
        ge=0,
        le=86_400,
        description="Seconds after which a worker seals new events and exports the head. 0: only "
        "`ledgerdesk seal` does.",
    )
    seal_folder: Path | None = Field(
        default=None,
        description="Folder to which heads are exported, best on another machine's write-once disk. "
        "None: no folder.",
    )
    seal_s3_url: OutwardUrl | None = Field(
        default=None,
        description="Bucket with object lock to which heads are exported, with the prefix of their "
        "names: https://heads.s3.eu-central-1.amazonaws.com/ledgerdesk. None: no bucket.",
    )
    seal_s3_region: Annotated[str, Field(pattern="^[a-z0-9-]{1,40}$")] = Field(
        default="us-east-1", description="Region of the bucket, used to sign requests."
    )
    seal_s3_key_id: str | None = Field(
        default=None, description="Access key that may write objects to the bucket."
    )
    seal_s3_secret: SecretStr | None = Field(
        default=None, description="Secret of the access key; better as a file in the secrets directory."
    )
    seal_s3_days: int = Field(
        default=3_650, ge=1, le=36_500, description="Days for which an exported head is locked."
    )
    seal_timestamp_url: OutwardUrl | None = Field(
        default=None,
        description="Timestamping authority (RFC 3161) that signs the time of each head. Needs the extra "
        "`timestamps`. None: heads have no timestamps.",
    )
