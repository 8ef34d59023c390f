"""Reads of rollouts: who has passed the examination."""

from __future__ import annotations

# Results from before closed books were stated count as they did.
PASSED = """
select r.person_id from fold.examination_result r join fold.training t on r.record = 'training/' || t.id
where (t.improvement_id = %s or r.record = %s) and r.person_id = any(%s)
  and r.passed and r.closed_book is not false"""
