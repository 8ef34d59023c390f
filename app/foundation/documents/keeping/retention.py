"""For how long documents are kept after they were archived, by class and importance (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from app.foundation.documents.records import DocumentClass, Importance

#: Years by importance; None: for ever.
YEARS: dict[Importance, int | None] = {
    Importance.general: 3,
    Importance.important: 10,
    Importance.permanent: None,
}
#: Years of general documents of these classes: contracts and money hang on them.
YEARS_OF_CLASS: Mapping[DocumentClass, int] = {
    DocumentClass.AC: 10,
    DocumentClass.SL: 10,
    DocumentClass.SS: 10,
}
#: How long before the end it is announced.
WARNED_BEFORE = timedelta(days=30)


def retained_until(
    document_class: DocumentClass | None, importance: Importance | None, archived_at: datetime
) -> datetime | None:
    """Return the end of the retention of a document that is archived then; None: it is kept for ever."""
    years = YEARS[importance or Importance.general]
    if years is None:
        return None
    if document_class is not None:
        years = max(years, YEARS_OF_CLASS.get(document_class, 0))
    try:
        return archived_at.replace(year=archived_at.year + years)
    except ValueError:  # of 29 February
        return archived_at.replace(year=archived_at.year + years, day=28)
