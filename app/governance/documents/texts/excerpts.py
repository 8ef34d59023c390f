"""Passages of documents in which the searched words stand, for those who may read them."""

from __future__ import annotations

import re
from uuid import UUID

from app.kernel.ledger import Ledger
from app.search.tokens import terms

#: Characters before the first word that was found, and from its beginning on.
BEFORE, AFTER = 60, 140
MATCHING_TEXTS = """
select t.document_id, t.key_id, t.text, v.edition
from search.document_text t join fold.document_version v on v.attachment_id = t.attachment_id
where t.document_id = any(%s) and v.state = 'published' and t.text is not null and t.tokens @@ %s::tsquery"""


async def find_passages(
    ledger: Ledger, documents: list[UUID], query: str, words: str
) -> dict[UUID, tuple[int, str]]:
    """Return the edition in force, and the passage with the words, of those of the documents in whose files
    they stand, by the document's id. `query` is the tsquery of the words.
    """
    passages = {}
    for row in await ledger.db.rows(MATCHING_TEXTS, (documents, query)):
        key = await ledger.vault.text_key(row["key_id"])
        text = None if key is None else key.decrypt(row["text"])
        if text is not None:
            passages[row["document_id"]] = row["edition"], passage(text, words)
    return passages


def passage(text: str, words: str) -> str:
    """Return the text around the first of the words in it, on one line; its beginning, if the exact words do
    not occur.
    """
    searched = [word for every, exact in terms(words) for word in (*([exact] if exact else []), *every)]
    pattern = "|".join(re.escape(word) for word in sorted(searched, key=len, reverse=True))
    match = re.search(pattern, text, re.IGNORECASE) if pattern else None
    place = match.start() if match else 0
    begins, ends = max(place - BEFORE, 0), place + AFTER
    excerpt = " ".join(text[begins:ends].split())
    return f"{'…' if begins else ''}{excerpt}{'…' if ends < len(text) else ''}"
