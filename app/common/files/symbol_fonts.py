"""Fonts that draw letters as other signs, which Word uses for arrows, boxes and Greek letters (pure)."""

from __future__ import annotations

import re

_FONT = re.compile(r"(?<![\w-])font(?:-family)?\s*:\s*([^;]*)", re.IGNORECASE)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SIGNS = {
    "symbol": (
        _LETTERS + _LETTERS.upper() + "£¥«¬\u00ad®¯¶¸³´¹º»ÅÆÎÑÕÖÛÞåò",
        "αβχδεφγηιϕκλμνοπθρστυϖωξψζΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ≤∞↔←↑→↓∂÷≥×≠≡≈⊕∅∈∇∏√⇔⇒∑∫",
    ),
    "wingdings": ("CDEFGHJKLlnoqrtuv(*6§¨Øßàáâèïðûüýþ", "👍👎☜☞☝☟☺😐☹●■□❑❒⧫◆❖☎✉⌛▪◻➢←→↑↓➔⇦⇨✗✓☒☑"),
}
#: The characters that are seen, by font and by code of the letter; Word also writes letters from U+F000 on.
_TABLES = {
    font: {ord(letter) + start: sign for letter, sign in zip(*signs, strict=True) for start in (0, 0xF000)}
    for font, signs in _SIGNS.items()
}


def seen_signs(attributes: dict[str, str]) -> dict[int, str] | None:
    """Return what `str.translate` makes of letters in the font of an element, which is nothing in most fonts;
    None: the element names no font.
    """
    styled = _FONT.search(attributes.get("style", ""))
    fonts = attributes.get("face") if styled is None else styled[1]
    if fonts is None:
        return None
    return _TABLES.get(fonts.partition(",")[0].strip(" \t\n\"'").lower(), {})
