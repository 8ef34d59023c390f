"""Reads of rollouts: who has passed the examination, and who has not."""

from __future__ import annotations

# Results from before closed books were stated count as they did.
PASSED = """
select r.person_id from fold.examination_result r join fold.training t on r.record = 'training/' || t.id
where (t.improvement_id = %s or r.record = %s) and r.person_id = any(%s)
  and r.passed and r.closed_book is not false"""
#: The same by the trainings that the steps of the rollout name.
PASSED_AT_CUTOVER = """
select r.person_id from fold.examination_result r join fold.training t on r.record = 'training/' || t.id
where r.person_id = any(%(persons)s::uuid[]) and r.passed and r.closed_book is not false
  and (t.improvement_id = %(improvement)s or t.id in (
    select s.training_id from fold.rollout_step s where s.record = %(stream)s))"""
#: Whether the person of the sitting `r` has passed the examination of the rollout.
HAS_PASSED = """
exists (select from fold.examination_result e join fold.training t on e.record = 'training/' || t.id
  where e.person_id = r.person_id and e.passed and e.closed_book is not false
    and (t.improvement_id = split_part(r.record, '/', 2)::uuid or t.id in (
      select s.training_id from fold.rollout_step s where s.record = r.record)))"""
NOT_PASSED = f"not {HAS_PASSED}"
#: The rollouts in whose teams the person has arrived after the training, without an examination or a day on
#: which they sit it.
JOINED_AFTER_TRAINING = f"""
select i.id, i.version from fold.improvement i join fold.person p on p.id = %(person)s
cross join lateral (select 'improvement/' || i.id as record, p.id as person_id) r
join fold.improvement_rollout w on w.record = r.record
where i.state = 'rolling_out' and w.concerned_team_ids && %(teams)s::text[]
  and p.state = 'active' and p.kind = 'human' and {NOT_PASSED}
  and exists (select from fold.rollout_step s
    where s.record = r.record and s.step = 'inform_and_train' and s.completed_at is not null)
  and not exists (select from fold.rollout_sitting s where s.record = r.record and s.person_id = r.person_id)
order by i.id"""
#: People who have joined the rollouts with those teams since the publication, by which they work, too. Those
#: who were in another team of the rollout were notified with it.
JOINED_AFTER_PUBLICATION = """
select distinct i.id, p.id as person_id, s.effective_at, s.evidence_numbers, s.external_numbers
from fold.improvement i join fold.improvement_rollout w on w.record = 'improvement/' || i.id
join fold.rollout_step s on s.record = w.record and s.step = 'publish' and s.completed_at < %(since)s
join fold.membership m on m.team_id = any(%(teams)s::uuid[]) and m.team_id::text = any(w.concerned_team_ids)
join fold.person p on p.id = m.person_id and p.state = 'active' and p.kind = 'human'
where i.state = 'rolling_out' and s.effective_at is not null
  and coalesce(i.id = %(improvement)s::uuid, p.id = %(person)s::uuid)
  and not exists (select from fold.membership o where o.person_id = p.id
    and o.team_id::text = any(w.concerned_team_ids) and o.team_id <> all(%(teams)s::uuid[]))
order by i.id, p.id"""
#: The teams of a rollout before an event of its improvement.
EARLIER_TEAMS = """
select e.data->'set'->%(row)s::text->'concerned_team_ids' as teams from log.told e
where e.stream = %(stream)s and e.version < %(version)s
  and e.data->'set'->%(row)s::text ? 'concerned_team_ids'
order by e.version desc limit 1"""
