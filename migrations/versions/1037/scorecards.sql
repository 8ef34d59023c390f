-- Scorecards by the quarter, the ratings that they need, and the editions of weights that they are marked by.
create table fold.scorecard (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  number text collate "C" not null unique,
  state text collate "C" not null,
  quarter text collate "C" not null,
  team_id uuid,
  person_id uuid,
  concerned_id uuid not null,
  superior_id uuid,
  talker_id uuid,
  edition_id uuid not null,
  rating_due_at timestamptz not null,
  position bigint,
  service_quality text collate "C",
  efficiency text collate "C",
  cooperation text collate "C",
  satisfaction text collate "C",
  points integer,
  score text collate "C",
  final_score text collate "C",
  below_line boolean,
  objection_until_at timestamptz,
  objection text,
  objected_at timestamptz,
  verdict text collate "C",
  verdict_reason text,
  objection_decided_at timestamptz,
  outcome text collate "C",
  agreed text,
  plan_due_at timestamptz,
  opened_at timestamptz not null,
  published_at timestamptz,
  settled_at timestamptz
);
-- There is one of each quarter and person or team.
create unique index scorecard_subject_key on fold.scorecard (quarter, coalesce(person_id, team_id));
create index scorecard_opened on fold.scorecard (opened_at desc, id desc);
create index scorecard_changed on fold.scorecard (changed_at, id);
create index scorecard_quarter on fold.scorecard (quarter, opened_at desc, id desc);
create index scorecard_person on fold.scorecard (person_id, opened_at desc, id desc);
create index scorecard_team on fold.scorecard (team_id, opened_at desc, id desc);
create index scorecard_concerned on fold.scorecard (concerned_id, opened_at desc, id desc);
create index scorecard_talker on fold.scorecard (talker_id, opened_at desc, id desc);

create table fold.scorecard_figure (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  dimension text collate "C" not null,
  kpi text collate "C",
  reading text collate "C" not null,
  cases integer,
  part text collate "C",
  raters integer,
  mark text collate "C" not null,
  counts boolean not null,
  counted_at timestamptz not null
);
create index scorecard_figure_record on fold.scorecard_figure (record, counted_at, id);

create table fold.scorecard_rating (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  state text collate "C" not null,
  scorecard_id uuid not null,
  quarter text collate "C" not null,
  team_id uuid,
  person_id uuid,
  rater_id uuid not null,
  part text collate "C" not null,
  service_quality integer,
  efficiency integer,
  cooperation integer,
  satisfaction integer,
  due_at timestamptz not null,
  asked_at timestamptz not null,
  rated_at timestamptz,
  lapsed_at timestamptz
);
create index scorecard_rating_asked on fold.scorecard_rating (asked_at desc, id desc);
create index scorecard_rating_changed on fold.scorecard_rating (changed_at, id);
create index scorecard_rating_due on fold.scorecard_rating (due_at desc, id desc);
create index scorecard_rating_card on fold.scorecard_rating (scorecard_id, id);
create index scorecard_rating_rater on fold.scorecard_rating (rater_id, asked_at desc, id desc);

create table fold.scorecard_edition (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  number text collate "C" not null unique,
  state text collate "C" not null,
  begins_with text collate "C" not null,
  service_quality integer not null,
  efficiency integer not null,
  cooperation integer not null,
  satisfaction integer not null,
  oneself_weight integer not null,
  superior_weight integer not null,
  peer_weight integer not null,
  measures jsonb not null,
  least_cases integer not null,
  peers integer not null,
  line integer not null,
  points_per_mark integer not null,
  rating_days integer not null,
  objection_days integer not null,
  reason text,
  set_at timestamptz not null
);
create index scorecard_edition_set on fold.scorecard_edition (set_at desc, id desc);
create index scorecard_edition_changed on fold.scorecard_edition (changed_at, id);
create index scorecard_edition_begins on fold.scorecard_edition (begins_with desc, set_at desc, id desc);

-- To rate, and to talk a scorecard over, is asked of people, too.
drop index fold.notice_asking;
create index notice_asking on fold.notice (person_id, id desc) where steps && '{definition_to_review,maintenance_due,process_change_applied,reminded,risk_lapsed,scorecard_talk,scorecard_to_rate,target_to_accept,to_accept,to_acknowledge,to_answer,to_consent,to_kick_off,to_publish,to_review,to_review_change,to_sign,to_verify}'::text[];
