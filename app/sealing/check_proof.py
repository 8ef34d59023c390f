#!/usr/bin/env python3
"""Check a proof of Ledgerdesk offline. This file needs Python 3.8 or later, and nothing else.

    python check_proof.py PROOF.json --head HEAD.json [--key KEY] [--event EVENT.json]
    python check_proof.py HEADS.json --head HEAD.json [--key KEY]

PROOF.json is what `GET /v1/events/{id}/proof` answers: that an event is in the log. HEADS.json is what
`GET /v1/seals/{number}/consistency` answers: that a later head goes on from an earlier one. HEAD.json is a
head that was exported to where the operator of the service cannot rewrite it: it, and not what the proof
brings along, is what is believed. EVENT.json is the event as the API shows it.

The hashes (RFC 9162, SHA-256) are checked by the standard library. It has no Ed25519, so the signature of the
head is checked by the package `cryptography`, or by the program `openssl` (3.0 or later); without both the
result is marked as unchecked. KEY is the name of the key (64 hexadecimal digits) that you received in another
way; without it a signature only shows that the head comes from the owner of the key in the file.

Exit code 0: it holds. 1: it does not. 2: a file cannot be read, or is something else.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import sys
from datetime import datetime

TYPE_CHECKING = False
if TYPE_CHECKING:  # loading it takes longer than checking a proof
    from typing import Any

PROOF, CONSISTENCY = "ledgerdesk.proof.1", "ledgerdesk.consistency.1"
LARGEST_FILE = 16 * 1024 * 1024
# First bytes of the DER form of an Ed25519 public key (RFC 8410).
KEY_PREFIX = bytes.fromhex("302a300506032b6570032100")
TIMES = ("occurred_at", "recorded_at")
# The members of a leaf, of which the list of values in this order is hashed.
MEMBERS = [
    "actor",
    "causation_id",
    "content",
    "correlation_id",
    "id",
    "occurred_at",
    "on_behalf_of",
    "position",
    "recorded_at",
    "schema_version",
    "source",
    "source_ref",
    "staff_only",
    "stream",
    "type",
    "version",
]


class Wrong(Exception):
    """The proof does not hold; the message has the reason."""


class Unreadable(Exception):
    """A file cannot be used; the message has the reason."""


def canonical(value: Any) -> bytes:
    """Return the canonical bytes (RFC 8785) of JSON data without fractions, whose keys are ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def included_root(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """Return the root that follows from a leaf's hash and its audit path (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise Wrong("the head does not cover the event's position")
    first, last, root = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise Wrong("the path is too long")
        if first & 1 or first == last:
            root = node(sibling, root)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            root = node(root, sibling)
        first, last = first >> 1, last >> 1
    if last:
        raise Wrong("the path is too short")
    return root


def check_consistency(earlier: dict[str, Any], later: dict[str, Any], path: list[bytes]) -> None:
    """Raise Wrong if the later head does not go on from the earlier one (RFC 9162, 2.1.4.2)."""
    size, root = earlier["size"], bytes.fromhex(earlier["root"])
    if not 0 < size <= later["size"]:
        raise Wrong("the earlier head covers no events, or more events than the later one")
    if size == later["size"]:
        if path or earlier["root"] != later["root"]:
            raise Wrong("two heads of the same size have different roots")
        return
    nodes = ([root] if size & (size - 1) == 0 else []) + path
    if not nodes:
        raise Wrong("the path is too short")
    first, last = size - 1, later["size"] - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old = new = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            raise Wrong("the path is too long")
        if first & 1 or first == last:
            old, new = node(sibling, old), node(sibling, new)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            new = node(new, sibling)
        first, last = first >> 1, last >> 1
    if last or old != root or new != bytes.fromhex(later["root"]):
        raise Wrong("the later head does not continue the earlier one")


def read(path: str) -> Any:
    """Return the JSON data in a file."""
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise Unreadable(f"{path} is too large")
        return json.loads(content)
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(f"{path} cannot be read: {error}") from error


def check_signature(signed: dict[str, Any], expected_key: str | None) -> str:
    """Return a sentence on the signature of a head. Raise Wrong if it is not good."""
    head = signed["head"]
    key, signature = (base64.b64decode(signed[name], validate=True) for name in ("public_key", "signature"))
    name = hashlib.sha256(key).hexdigest()
    if head["key"] != name:
        raise Wrong("the head names a different key than its file contains")
    if expected_key is not None and name != expected_key.lower():
        raise Wrong(f"the head is signed by the key {name}, not by {expected_key}")
    good = verified(key, signature, canonical(head))
    if good is None:
        return "NOT CHECKED: the signature of the head. Install the package cryptography, or openssl 3."
    if not good:
        raise Wrong("the signature of the head does not match its key")
    if expected_key is None:
        return f"The head is signed by the key {name}. Compare this with the key that you were given (--key)."
    return f"The head is signed by the key {name}, as expected."


def verified(key: bytes, signature: bytes, message: bytes) -> bool | None:
    """Return whether the Ed25519 signature is good; None if it cannot be checked here."""
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # it need not be there
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  # it need not be there
            Ed25519PublicKey,
        )
    except ImportError:
        return verified_by_openssl(key, signature, message)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def verified_by_openssl(key: bytes, signature: bytes, message: bytes) -> bool | None:
    """Return the result of openssl; None if it is missing, or cannot check."""
    places = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if not any(os.access(os.path.join(place, "openssl"), os.X_OK) for place in places if place):
        return None
    # Only here, since they take longer to be loaded than a proof to be checked.
    import subprocess  # noqa: PLC0415  # see above
    import tempfile  # noqa: PLC0415  # see above

    with tempfile.TemporaryDirectory() as folder:
        names = [os.path.join(folder, name) for name in ("key", "signature", "message")]
        for name, content in zip(names, (KEY_PREFIX + key, signature, message)):  # noqa: B905  # Python 3.8
            with open(name, "wb") as file:
                file.write(content)
        command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER"]
        command += ["-inkey", names[0], "-sigfile", names[1], "-in", names[2]]
        try:
            answer = subprocess.run(  # noqa: S603  # openssl, with files of our own
                command, capture_output=True, text=True, timeout=30, check=False
            )
        except (OSError, subprocess.SubprocessError):
            return None
    if "Verified Successfully" in answer.stdout:
        return True
    return False if "Verification Failure" in answer.stdout + answer.stderr else None


def instant(text: str) -> datetime:
    """Return an instant. Before Python 3.11 `Z` is unknown to it."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def compare_event(leaf: dict[str, Any], event: dict[str, Any]) -> list[str]:
    """Raise Wrong if the event is not the one whose leaf it is. Return what could be compared."""
    event = event.get("event", event)
    compared = [name for name in leaf if name in event]
    for name in compared:
        event_value, sealed = event[name], leaf[name]
        if name in TIMES and event_value is not None:
            event_value, sealed = instant(event_value), instant(sealed)
        if event_value != sealed:
            raise Wrong(f"`{name}` of the event is {event[name]!r}, but was sealed as {leaf[name]!r}")
    if not {"id", "position"} <= set(compared):
        raise Unreadable("the file of the event lacks `id` or `position`")
    return compared


def check(arguments: argparse.Namespace) -> list[str]:
    """Return sentences on what holds. Raises Wrong, Unreadable."""
    proof, trusted = read(arguments.proof), read(arguments.head)
    try:
        hashes = base64.b64decode(proof["path"], validate=True)
        path = [hashes[begin : begin + 32] for begin in range(0, len(hashes), 32)]
        if len(hashes) % 32:
            raise Wrong("a hash in the path does not have 32 bytes")
        if proof["format"] == CONSISTENCY:
            return check_heads(proof, trusted, path, arguments.key)
        if proof["format"] != PROOF:
            raise Unreadable(f"{arguments.proof} has an unknown format: {proof['format']}")
        head, leaf = trusted["head"], proof["leaf"]
        if proof["head"] != head["number"]:
            raise Wrong(
                f"the proof is for head {proof['head']}, but the exported head is number {head['number']} "
                f"(positions 1 to {head['size']}). Request the proof with ?head={head['number']}"
            )
        if sorted(leaf) != MEMBERS:
            raise Wrong("the leaf does not have the fields of an event")
        hashed = hashlib.sha256(b"\x00" + canonical([leaf[name] for name in MEMBERS])).digest()
        root = included_root(leaf["position"] - 1, head["size"], hashed, path)
        if root.hex() != head["root"]:
            raise Wrong("the event is not in the log that the head covers, or it was altered")
        sentences = [
            f"Event {leaf['id']} ({leaf['type']}) is at position {leaf['position']} of the log, as sealed."
        ]
        sentences.append(
            f"Head {head['number']} covers positions 1 to {head['size']}; sealed at {head['sealed_at']}."
        )
        if arguments.event is not None:
            sentences.append(
                "These fields of the event are as sealed: "
                f"{', '.join(compare_event(leaf, read(arguments.event)))}."
            )
        return [*sentences, check_signature(trusted, arguments.key)]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Unreadable(f"the proof or the head does not have the expected form: {error!r}") from error


def check_heads(
    proof: dict[str, Any], trusted: dict[str, Any], path: list[bytes], expected_key: str | None
) -> list[str]:
    """Return sentences on two heads, of which the trusted one is either."""
    earlier, later = proof["earlier"], proof["later"]
    if trusted["head"] not in (earlier["head"], later["head"]):
        raise Wrong("the exported head is neither of the two heads in the proof")
    check_consistency(earlier["head"], later["head"], path)
    numbers = [signed["head"]["number"] for signed in (earlier, later)]
    sentences = (
        f"Head {numbers[1]} continues head {numbers[0]}: no earlier event was altered, removed or inserted."
    )
    return [sentences, *dict.fromkeys(check_signature(signed, expected_key) for signed in (earlier, later))]


def main() -> int:
    """Check the files that are named on the command line."""
    parser = argparse.ArgumentParser(description="Check a proof of Ledgerdesk offline.")
    parser.add_argument("proof", help="what GET /v1/events/{id}/proof answered")
    parser.add_argument("--head", required=True, help="the head that was exported")
    parser.add_argument("--key", help="name of the key that must have signed it")
    parser.add_argument("--event", help="the event, as the API shows it")
    try:
        for sentence in check(parser.parse_args()):
            print(sentence)
    except Wrong as wrong:
        print(f"DOES NOT HOLD: {wrong}.")
        return 1
    except Unreadable as why:
        print(f"{why}.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
