-- What lists of configuration items, assignment rules and problems are read by where there are many.

-- Rows with a value are one range, and those without another one: an index in which the empty ones come last both ways
-- serves neither direction.
drop index fold.ci_unauthorised;
create index ci_unauthorised on fold.ci (unauthorised_at, id);

create index assignment_rule_process on fold.assignment_rule (process, position, id);

create index problem_risk_accepted_until on fold.problem (risk_accepted_until_at, id)
  where risk_accepted_until_at is not null;
