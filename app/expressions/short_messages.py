"""The length of short messages (SMS), by 3GPP TS 23.038 and 23.040 (pure).

A text of the basic alphabet takes 7 bits a character, some characters two; any other text is UCS-2, where one
beyond the basic plane takes two units. A text that does not fit into one message is sent in several, each of
which has room for less, because of its number.
"""

from __future__ import annotations

MOST_MESSAGES = 10
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
#: Units of a message alone, and of one of several.
_OF_BASIC = (160, 153)
_OF_UCS_2 = (70, 67)


def cut_to_messages(text: str, parts: int) -> str:
    """Return the text, cut to what so many messages hold. Raises ValueError."""
    if isinstance(parts, bool) or not 1 <= parts <= MOST_MESSAGES:
        raise ValueError("bad_parts")
    is_basic = _BASIC.union(_EXTENDED).issuperset(text)
    alone, one_of_several = _OF_BASIC if is_basic else _OF_UCS_2
    room = alone if parts == 1 else parts * one_of_several
    # Two texts that fit into one message need no numbers.
    if _units(text, is_basic=is_basic) <= max(room, alone):
        return text
    end = "..." if is_basic else "…"
    room -= len(end)
    for position, character in enumerate(text):
        room -= _units(character, is_basic=is_basic)
        if room < 0:
            return text[:position].rstrip() + end
    return text


def _units(text: str, *, is_basic: bool) -> int:
    if is_basic:
        return len(text) + sum(character in _EXTENDED for character in text)
    return len(text) + sum(character > "\uffff" for character in text)
