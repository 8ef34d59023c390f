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
  reason text
);
-- One for each, whatever becomes of it.
create unique index problem_candidate_value_key on fold.problem_candidate (dimension, value);
create index problem_candidate_detected on fold.problem_candidate (detected_at desc, id desc);
create index problem_candidate_state on fold.problem_candidate (state, detected_at desc, id desc);
create index problem_candidate_changed on fold.problem_candidate (changed_at, id);

-- Known errors: open, with a workaround. Few of all problems, found by what an incident says.
create index problem_known_service on fold.problem (service, workaround_documented_at desc, id desc)
  where workaround_documented_at is not null
  and state in ('logged', 'investigating', 'known_error', 'cause_identified', 'fix_in_progress');
create index problem_known_ci on fold.problem (ci, workaround_documented_at desc, id desc)
  where workaround_documented_at is not null
  and state in ('logged', 'investigating', 'known_error', 'cause_identified', 'fix_in_progress');
create index problem_known_category on fold.problem (category, workaround_documented_at desc, id desc)
  where workaround_documented_at is not null
  and state in ('logged', 'investigating', 'known_error', 'cause_identified', 'fix_in_progress');

select log.takes_rows('fold.problem_candidate');
