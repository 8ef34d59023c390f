"""Where heads go: signed as AWS says, stamped by an authority that we do not write."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.platform.outward import OutwardPolicy, outward_client
from app.sealing.signature_v4 import SigningCredentials, authorised
from app.sealing.signed_heads import SignedHead, TreeHead, UnreadableHead, key_name, read_head_file, sign
from app.sealing.targets import ExportConflict, ExportFailed, FolderTarget, TimestampTarget

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
NEAR = OutwardPolicy((ip_network("127.0.0.0/8"),), allows_http=True)
AUTHORITY = """
[tsa]
default_tsa = authority
[authority]
serial = ./serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha512
ess_cert_id_alg = sha256
"""


def a_head(root: str = "aa" * 32) -> SignedHead:
    key = Ed25519PrivateKey.generate()
    name = key_name(key.public_key().public_bytes_raw())
    log = {"installation": "0199c0de-0000-7000-8000-000000000001", "blinding": "bb" * 32, "key": name}
    return sign(TreeHead(number=1, size=5, root=root, sealed_at=NOW, previous=None, **log), key)


def test_requests_are_signed_as_in_the_example_of_aws() -> None:
    """Amazon S3 API Reference, "Transferring Payload in a Single Chunk", example "PUT Object"."""
    credentials = SigningCredentials(
        "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1", "s3"
    )
    headers = {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"}
    url, body = "https://examplebucket.s3.amazonaws.com/test$file.text", b"Welcome to Amazon S3."
    sent = authorised(credentials, "PUT", url, headers, body, datetime(2013, 5, 24, tzinfo=UTC))
    signature = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
    assert sent["authorization"].endswith(f"Signature={signature}")


def test_a_file_of_a_head_is_written_once_and_read_as_it_was(tmp_path: Path) -> None:
    signed, target = a_head(), FolderTarget(tmp_path / "new" / "folder")
    path = target.write(signed)
    assert target.write(signed) == path
    assert read_head_file(path.read_bytes()) == signed
    with pytest.raises(ExportConflict):
        target.write(a_head("cc" * 32))
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportFailed):
        FolderTarget(tmp_path / "file").write(signed)
    for wrong in (b"", b"[]", b"{}", b"x" * 5_000, path.read_bytes().replace(b'"size": 5', b'"size": "5"')):
        with pytest.raises(UnreadableHead):
            read_head_file(wrong)


async def test_an_authority_stamps_a_head_and_openssl_agrees(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl: it signs timestamps")
    (tmp_path / "tsa.cnf").write_text(AUTHORITY)
    (tmp_path / "serial").write_text("01\n")
    usage = ["-addext", "extendedKeyUsage=critical,timeStamping", "-subj", "/CN=authority"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem"]
    run_openssl(tmp_path, "req", "-x509", *key, "-out", "certificate.pem", *usage)

    async def stamp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        (tmp_path / "query").write_bytes(await reader.readexactly(length))
        signer = ["-signer", "certificate.pem", "-inkey", "key.pem"]
        run_openssl(
            tmp_path, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", *signer, "-out", "answer"
        )
        answer = (tmp_path / "answer").read_bytes()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(answer), answer))
        await writer.drain()
        writer.close()

    signed = a_head()
    server = await asyncio.start_server(stamp, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, outward_client(NEAR) as client:
        receipt = await TimestampTarget(url, client).export_head(signed, NOW)
    (tmp_path / "document").write_bytes(signed.document)
    (tmp_path / "receipt").write_bytes(receipt)
    run_openssl(
        tmp_path, "ts", "-verify", "-data", "document", "-in", "receipt", "-CAfile", "certificate.pem"
    )
    async with outward_client(OutwardPolicy()) as client:
        with pytest.raises(ExportFailed, match="only_https"):
            await TimestampTarget(url, client).export_head(signed, NOW)


def run_openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
