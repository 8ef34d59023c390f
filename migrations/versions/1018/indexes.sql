-- Which changes touch an item.
create index change_cis on fold.change using gin (ci_ids);
-- Which decisions are open, by when they are due.
create index decision_due on fold.decision (state, due_at, id);
-- Which clocks are open.
create index clock_open on sla.clock (kind, agreement_id)
  where stopped_at is null and state in ('running', 'paused', 'breached');
