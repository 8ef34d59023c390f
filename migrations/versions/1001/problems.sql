-- The causes behind incidents: what is known of them, what helps meanwhile, and what removes them.
create table fold.problem (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  number text collate "C" not null unique,
  state text collate "C" not null,
  state_since timestamptz not null,
  opened_at timestamptz not null,
  title text,
  description text,
  origin text collate "C",
  impact text collate "C",
  urgency text collate "C",
  priority text collate "C",
  service text collate "C",
  ci text collate "C",
  category text collate "C",
  affected_services text[] collate "C",
  affected_customers text[] collate "C",
  affected_users integer,
  tried text,
  requester_id uuid,
  reported_by_id uuid,
  customer_id uuid,
  team_id uuid,
  assignee_id uuid,
  custom jsonb,
  custom_for_staff jsonb,
  investigation_begun_at timestamptz,
  technique text collate "C",
  cause text,
  cause_category text collate "C",
  evidence text,
  cause_identified_at timestamptz,
  symptoms text,
  workaround text,
  workaround_visibility text collate "C",
  workaround_documented_at timestamptz,
  fixing_change text,
  no_change_reason text,
  fix_begun_at timestamptz,
  resolved_at timestamptz,
  prevention text,
  closed_at timestamptz,
  lessons text,
  cancelled_at timestamptz,
  risk_accepted_at timestamptz,
  risk_accepted_until_at timestamptz,
  risk_owner_id uuid,
  risk_reason text,
  risk_lapsed_at timestamptz,
  article_id uuid,
  appended_at timestamptz
) with (fillfactor = 85);
create index problem_assignee on fold.problem (assignee_id, opened_at desc, id desc);
create index problem_category on fold.problem (category, opened_at desc, id desc) where category is not null;
create index problem_changed on fold.problem (changed_at, id);
create index problem_ci on fold.problem (ci, opened_at desc, id desc) where ci is not null;
create index problem_closed on fold.problem (closed_at, id);
create index problem_custom on fold.problem using gin (custom jsonb_path_ops) where custom is not null;
create index problem_custom_for_staff on fold.problem using gin (custom_for_staff jsonb_path_ops)
  where custom_for_staff is not null;
create index problem_known_category on fold.problem (category, workaround_documented_at desc, id desc)
  where workaround_documented_at is not null
  and state in ('logged', 'investigating', 'known_error', 'cause_identified', 'fix_in_progress');
create index problem_known_ci on fold.problem (ci, workaround_documented_at desc, id desc)
  where workaround_documented_at is not null
  and state in ('logged', 'investigating', 'known_error', 'cause_identified', 'fix_in_progress');
-- Known errors: open, with a workaround. Few of all problems, found by what an incident says.
create index problem_known_service on fold.problem (service, workaround_documented_at desc, id desc)
  where workaround_documented_at is not null
  and state in ('logged', 'investigating', 'known_error', 'cause_identified', 'fix_in_progress');
-- What is open and somebody's, or a team's.
create index problem_open_assignee on fold.problem (assignee_id, opened_at desc, id desc)
  where state in ('logged', 'investigating', 'known_error', 'cause_identified', 'fix_in_progress');
create index problem_open_team on fold.problem (team_id, opened_at desc, id desc) include (assignee_id)
  where state in ('logged', 'investigating', 'known_error', 'cause_identified', 'fix_in_progress');
-- Every order that the list offers, and what has many values in the usual order.
create index problem_opened on fold.problem (opened_at desc, id desc);
create index problem_priority on fold.problem (priority, id);
create index problem_reported_by on fold.problem (reported_by_id, opened_at desc, id desc)
  where reported_by_id is not null;
create index problem_requester on fold.problem (requester_id, opened_at desc, id desc);
create index problem_resolved on fold.problem (resolved_at, id);
create index problem_risk_accepted_until on fold.problem (risk_accepted_until_at, id)
  where risk_accepted_until_at is not null;
-- Accepted risks whose time is over.
create index problem_risk_lapsed on fold.problem (risk_lapsed_at, id) where risk_lapsed_at is not null;
create index problem_risk_owner on fold.problem (risk_owner_id, opened_at desc, id desc)
  where risk_owner_id is not null;
create index problem_service on fold.problem (service, opened_at desc, id desc) where service is not null;
create index problem_state on fold.problem (state, opened_at desc, id desc);
create index problem_state_since on fold.problem (state_since, id);
create index problem_team on fold.problem (team_id, opened_at desc, id desc);

-- Incidents of one service, CI or category that recur, and what was decided about them.
create table fold.problem_candidate (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  dimension text collate "C" not null,
  value text collate "C" not null,
  since_at timestamptz not null,
  detected_at timestamptz not null,
  problem_id uuid,
  incident_ids text[] collate "C",
  decided_at timestamptz,
  decided_by_id uuid,
  reason text,
  appended_at timestamptz
);
create index problem_candidate_changed on fold.problem_candidate (changed_at, id);
create index problem_candidate_detected on fold.problem_candidate (detected_at desc, id desc);
create index problem_candidate_state on fold.problem_candidate (state, detected_at desc, id desc);
-- One for each, whatever becomes of it.
create unique index problem_candidate_value_key on fold.problem_candidate (dimension, value);
