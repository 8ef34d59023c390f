"""Contributions of persons in a quarter, counted from what the log has made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.platform.db import Database, Row

# A suggestion that is selected twice in a quarter counts once, and so does an improvement. Using one's own
# article and ratings by staff contribute nothing. The latest score of a rating counts. A fault that the team
# found itself belongs to the person named by the self-check, or otherwise to the person who acts on it.
CONTRIBUTIONS = """
with contribution as (
  select p.person_id, 'suggestions_selected' as counted from fold.suggestion_proposer p
  where exists (select from log.event e where e.stream = p.record
    and e.type = 'improvement_suggestion.selected' and e.occurred_at >= %(begin)s and e.occurred_at < %(end)s)
  union all
  select u.proposer::uuid, 'suggestions_standardised'
  from fold.improvement i, unnest(i.proposer_ids) u (proposer)
  where exists (select from log.event e where e.stream = 'improvement/' || i.id
    and e.type = 'improvement.standardised' and e.occurred_at >= %(begin)s and e.occurred_at < %(end)s)
  union all
  select a.author_id, 'articles_used' from fold.article_use u
  join fold.article a on u.record = 'article/' || a.id
  where u.used_at >= %(begin)s and u.used_at < %(end)s and u.used_by_id is distinct from a.author_id
  union all
  select t.assignee_id, 'ratings_of_5' from fold.rating r
  join (select 'incident/' || id as record, assignee_id from fold.incident
    union all select 'request/' || id, assignee_id from fold.request) t using (record)
  where r.score = 5 and r.by_staff is not true and r.rated_at >= %(begin)s and r.rated_at < %(end)s
  union all
  select coalesce(a.self_checked_by_id, f.owner_id), 'findings_self_found' from fold.finding f
  left join fold.audit a on a.id = f.audit_id
  where f.self_found and f.state <> 'withdrawn' and f.raised_at >= %(begin)s and f.raised_at < %(end)s
)
select c.person_id, p.team_id, c.counted, count(*)::int as number from contribution c
join fold.person p on p.id = c.person_id where p.state <> 'erased'
group by 1, 2, 3 order by 1, 3"""
LED_TEAMS = "select id from fold.team where lead_id = %s and state = 'active'"


async def contributions(db: Database, begin: datetime, end: datetime) -> Sequence[Row]:
    """Return how often each person has contributed what in the period, with their own team."""
    return await db.rows(CONTRIBUTIONS, {"begin": begin, "end": end})


async def led_teams(db: Database, person: object) -> frozenset[object]:
    """Return the teams that the person leads."""
    return frozenset(row["id"] for row in await db.rows(LED_TEAMS, (person,)))
