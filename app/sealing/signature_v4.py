"""Signatures of requests to S3 (AWS Signature Version 4), pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class SigningCredentials:
    """An access key with its secret, and what it is used for."""

    key_id: str
    secret: str = field(repr=False)
    region: str
    service: str


def authorised(
    credentials: SigningCredentials,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> dict[str, str]:
    """Return the headers of a request without a query, with its signature. `now` in UTC."""
    parts, moment = urlsplit(url), now.strftime("%Y%m%dT%H%M%SZ")
    body_hash = hashlib.sha256(body).hexdigest()
    signed = {name.lower(): text.strip() for name, text in headers.items()}
    signed |= {"host": parts.netloc, "x-amz-content-sha256": body_hash, "x-amz-date": moment}
    names = ";".join(sorted(signed))
    lines = [f"{name}:{signed[name]}" for name in sorted(signed)]
    path = quote(parts.path or "/", safe="/~")
    request = "\n".join([method, path, parts.query, *lines, "", names, body_hash])
    scope = f"{moment[:8]}/{credentials.region}/{credentials.service}/aws4_request"
    text = "\n".join([ALGORITHM, moment, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{credentials.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    authorization = (
        f"{ALGORITHM} Credential={credentials.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return {**signed, "authorization": authorization}
