"""Addresses in the headers of mails, in a form in which equal ones are equal texts (pure)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from app.kernel.actions.payloads import LONGEST_LINE
from app.webhooks.mail.headers import decode_words, single_line

#: Programs of mail servers, which some servers name without a domain.
DAEMONS = frozenset({"mailer-daemon", "mail-daemon", "postmaster"})
LONGEST_ADDRESS = 200
MOST_ADDRESSES = 200

_DOMAIN = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-z:.]+\]")
#: An account of a machine, as cron and other programs name their sender without a domain.
_ACCOUNT = re.compile(r"[a-z0-9_][a-z0-9._-]{0,63}")
#: Characters of a quoted local part (RFC 5322, 3.4.1) that others cannot contain.
_QUOTED_LOCAL = re.compile(r"[ !-?A-\[\]-~]{1,64}")
_NOT_LOCAL = re.compile(r"[\x00-\x20\x7f-\xa0\u2028-\u202e\u2066-\u2069<>()\[\]:;,\\\"]")
# A quoted text, a comment without further ones, a separator, or any other character.
_TOKEN = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|\\.|[^\"\\()<>,;:]+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """An address of a mail: `address` in lower case and its domain as DNS has it (`xn--…`); `name` as shown,
    may be empty.
    """

    name: str
    address: str


def read_addresses(value: str) -> tuple[Address, ...]:
    """Return the addresses in a header such as To, each once; what is no address is passed over."""
    addresses: dict[str, Address] = {}
    for mailbox in _mailboxes(value):
        if (address := mailbox.read()) is not None and len(addresses) < MOST_ADDRESSES:
            addresses.setdefault(address.address, address)
    return tuple(addresses.values())


def local_account(value: str) -> Address | None:
    """Return the account of a machine that a header names alone, without a domain; None if it does not."""
    mailboxes = _mailboxes(value)
    return mailboxes[0].read_account() if len(mailboxes) == 1 else None


class _Mailbox:
    """The texts of one entry of a list: outside of brackets, in `<…>` and in `(…)`."""

    def __init__(self) -> None:
        self.outside: list[str] = []
        #: Parts outside quotation marks.
        self.plain: list[str] = []
        self.quoted = False
        self.angle: list[str] | None = None
        self.comment: list[str] = []

    def read(self) -> Address | None:
        """Return the address, or None."""
        outside, comment = "".join(self.outside).strip(), "".join(self.comment).strip()
        if self.angle is None:
            plain = "".join(self.plain).strip()
            label, normalized = comment, None if self.quoted else normalized_address(outside)
            if self.quoted and plain.startswith("@") and outside.endswith(plain):
                normalized = normalized_address(f'"{outside.removesuffix(plain).strip()}"{plain}')
            # Fax machines and scanners write a name and an address without brackets.
            last = "".join(self.plain).rpartition(" ")[2]
            if normalized is None and "".join(self.plain).count("@") == 1:
                normalized = normalized_address(last)
                label = " ".join(filter(None, (outside.removesuffix(last).strip(), comment)))
        else:
            # A route (RFC 5322, 4.4) stands before the address.
            normalized = normalized_address("".join(self.angle).rpartition(":")[2].strip())
            label = outside or comment
        name = single_line(decode_words(label), LONGEST_LINE)
        return None if normalized is None else Address(name.strip("'\" "), normalized)

    def read_account(self) -> Address | None:
        """Return the account of a machine, or None."""
        account = "".join(self.plain if self.angle is None else self.angle).strip().lower()
        label = "".join(self.comment if self.angle is None else self.outside)
        if _ACCOUNT.fullmatch(account) is None or (self.angle is None and self.quoted):
            return None
        return Address(single_line(decode_words(label), LONGEST_LINE).strip("'\" "), account)


def _mailboxes(value: str) -> list[_Mailbox]:
    """Split the header before anything is decoded: decoded names may contain commas and brackets."""
    mailboxes = [_Mailbox()]
    depth = 0
    for token in _TOKEN.finditer(value):
        text, current = token[0], mailboxes[-1]
        if depth or text == "(":
            depth += (text == "(") - (text == ")")
            if depth and not (depth == 1 and text == "("):
                current.comment.append(text)
        elif current.angle is not None and current.angle[-1:] != [">"]:
            current.angle.append(text)
        elif text == "<":
            current.angle = []
        elif text in (",", ";"):
            mailboxes.append(_Mailbox())
        elif text == ":":  # the name of a group ends
            mailboxes[-1] = _Mailbox()
        elif token[1] is not None:
            current.outside.append(token[1].replace("\\", ""))
            current.quoted = True
        else:
            current.outside.append(text)
            current.plain.append(text)
    for mailbox in mailboxes:
        if mailbox.angle and mailbox.angle[-1] == ">":
            mailbox.angle.pop()
    return mailboxes


def normalized_address(text: str) -> str | None:
    """Return the address in the form of `Address.address`; None if it is none that mail can be sent to."""
    plain = unicodedata.normalize("NFC", text.strip())
    if plain.lower() in DAEMONS:
        return plain.lower()
    local, _, domain = plain.rpartition("@")
    labels = unicodedata.normalize("NFKC", domain).lower().replace("\u3002", ".").split(".")
    try:
        # As UTS 46 without its exceptions: ß stays ß, since straße.example is not strasse.example.
        ascii_domain = ".".join(label if label.isascii() else _punycode(label) for label in labels)
    except UnicodeError:
        return None
    quoted = local[1:-1] if local[:1] == local[-1:] == '"' else ""
    bare = quoted or local
    is_good = bool(_DOMAIN.fullmatch(ascii_domain) and bare and "@" not in bare)
    if _NOT_LOCAL.search(bare):
        is_good = is_good and '"' not in quoted and _QUOTED_LOCAL.fullmatch(quoted) is not None
    else:
        local = bare
    address = f"{local.lower()}@{ascii_domain.removesuffix('.')}"
    return address if is_good and len(address) <= LONGEST_ADDRESS else None


def _punycode(label: str) -> str:
    if len(label) > 63:
        raise UnicodeError("a label of a domain has at most 63 characters")
    return "xn--" + label.encode("punycode").decode("ascii")
