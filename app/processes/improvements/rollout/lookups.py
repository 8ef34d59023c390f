"""Reads of rollouts: who has passed the examination, and who has not."""

from __future__ import annotations

# Results from before closed books were stated count as they did.
PASSED = """
select r.person_id from fold.examination_result r join fold.training t on r.record = 'training/' || t.id
where (t.improvement_id = %s or r.record = %s) and r.person_id = any(%s)
  and r.passed and r.closed_book is not false"""
#: Whether the person of the sitting `r` has passed the examination of the rollout.
HAS_PASSED = """
exists (select from fold.examination_result e join fold.training t on e.record = 'training/' || t.id
  where e.person_id = r.person_id and e.passed and e.closed_book is not false
    and (t.improvement_id = split_part(r.record, '/', 2)::uuid or t.id in (
      select s.training_id from fold.rollout_step s where s.record = r.record)))"""
NOT_PASSED = f"not {HAS_PASSED}"
