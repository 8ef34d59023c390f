-- What improvements are judged by: limits to hold, what an adjustment replaces, when and how often effects were measured,
-- the goals of rollouts, and the evidence of their steps, each text for itself.
alter table fold.improvement_plan_target add column is_limit boolean;
alter table fold.improvement_plan_adjustment add column replaces jsonb;
alter table fold.improvement add column size_reason text;
alter table fold.improvement add column agreed_by_id uuid;
alter table fold.pilot_readiness add column kicked_off_by_id uuid;
alter table fold.improvement_measurement
  add column from_at timestamptz, add column until_at timestamptz, add column agreed_until_at timestamptz,
  add column times integer, add column change text collate "C", add column goal text collate "C", add column goal_met boolean;
alter table fold.rollout_step
  add column goals text, add column weekly_plan text, add column pilot_shown text,
  add column people_shown text, add column resources_shown text, add column obstacles_shown text;
