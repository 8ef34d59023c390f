-- What KPIs of clocks and of articles' visits count is in the index that finds it, so that nothing is looked up in the rows: a
-- clock's row is wide, and clocks stop in another order than they start.
drop index sla.clock_stopped_at;
create index clock_stopped_at on sla.clock (stopped_at)
  include (breaches_at, state, excluded, metric, first_warned_75_at, priority, team_id, service)
  where agreement_type = 'SLA' and stopped_at is not null;
drop index sla.clock_breaches;
create index clock_breaches on sla.clock (breaches_at)
  include (agreement_type, kind, metric, stopped_at, state, excluded, case_id, knows_opening, breach_cause,
    breach_priority, breach_team_id, breach_service)
  where breaches_at is not null;
drop index kpi.article_visit_at;
create index article_visit_at on kpi.article_visit (at) include (deflected, confirmed, excluded);
drop index sla.clock_opened_team;
create index clock_opened on sla.clock (opened_at)
  include (state, excluded, breaches_at, knows_opening, opened_team_id, opened_priority, opened_service)
  where agreement_type = 'SLA';
