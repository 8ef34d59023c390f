"""The notice in an answer whose facts lag behind an import: until they have caught up, its figures are too
small.
"""

from __future__ import annotations

from app.i18n import translate
from app.platform.db import Database

# An import adds thousands of events, with others in between, so a few samples of the missing events suffice.
SAMPLES = 20
SELECT_MISSING = """
select h.position - %(position)s as events, (
  select e.source from generate_series(%(position)s + 1, h.position,
    greatest((h.position - %(position)s) / %(samples)s, 1)) as sample(position)
  join log.event e using (position) where starts_with(e.source, 'import:') limit 1
) as source
from log.head h
"""


async def lag_notice(db: Database, position: int, lag_seconds: float, language: str) -> str | None:
    """Return the notice for an answer as of the position, or None if no import is missing. Raises
    DatabaseGone.
    """
    if not lag_seconds:
        return None
    row = await db.row(SELECT_MISSING, {"position": position, "samples": SAMPLES})
    if row is None or row["source"] is None:
        return None
    words = {"source": row["source"].removeprefix("import:"), "events": f"{row['events']:,}"}
    return translate(language, "remark", "behind_an_import", words)
