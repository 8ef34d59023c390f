"""The plain text and the HTML of one mail as one text with the content of both forms (pure).

Mailers derive the plain text from the HTML and lose what letters cannot show: addresses of links, what is
struck through, ticked boxes, signs, answers in colour. Few send only a beginning as plain text.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

# Addresses, words in one writing, single characters of writings without spaces, and single signs.
_TOKEN = re.compile(
    r"(?:https?|ftp|mailto|tel):[^\s<>]++"
    r"|[\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff]"
    r"|[^\W_\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff]++"
    r"|\S"
)
# Plain text has these where the HTML shows a picture, or an address as a link.
_STAND_INS = re.compile(r"\[(?:cid|image|inline image|picture)\b[^\[\]\n]*+\]|<(?:cid|mailto):[^<>\s]*+>")
_QUOTED = re.compile(r"\s*>")


def joined_forms(plain: str, html_text: str) -> str:
    """Return the plain text if it contains everything that the HTML shows, the HTML's text if that contains
    everything, and otherwise the plain text with the additional lines of the HTML.
    """
    html_tokens, plain_tokens = _tokens(html_text), _tokens(plain)
    html_own, plain_own = _tokens(_own_lines(html_text)), _tokens(_own_lines(plain))
    if html_tokens <= plain_tokens and html_own <= plain_own:
        return plain
    marks_quotations = plain_own != plain_tokens
    words, plain_words = _words(html_tokens), _words(_tokens(_STAND_INS.sub("", plain)))
    # An answer within a quotation must not become quoted.
    keeps_answers = not marks_quotations or _words(plain_own) <= _words(html_own)
    if keeps_answers and (plain_words <= words or _letters(plain) == _letters(html_text)):
        return html_text
    if (words & plain_words).total() * 2 < words.total():
        return f"{plain.rstrip()}\n\n{html_text}"
    further_lines = []
    for line in html_text.split("\n"):
        unmatched = plain_tokens if _QUOTED.match(line) or not marks_quotations else plain_own
        tokens = _tokens(line)
        if not tokens <= unmatched:
            further_lines.append(line)
        unmatched -= tokens
    return "\n".join((plain.rstrip(), "", *further_lines))


def _tokens(text: str) -> Counter[str]:
    return Counter(token.rstrip("/.,;") or token for token in _TOKEN.findall(text.casefold()))


def _own_lines(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if not _QUOTED.match(line))


def _words(tokens: Counter[str]) -> Counter[str]:
    """Return the tokens that the HTML must show, too, to stand for the plain text: all but marks, which each
    form sets in its own way.
    """
    return Counter({token: number for token, number in tokens.items() if not _is_mark(token)})


def _is_mark(token: str) -> bool:
    return len(token) == 1 and unicodedata.category(token)[0] in "PS" and unicodedata.category(token) != "So"


def _letters(text: str) -> str:
    """Return the letters and digits alone: some mailers write 10⁶ as 106 or 10 6."""
    return "".join(char for char in text.casefold() if char.isalnum())
