-- Rules for alerts: whose they are, which of them are one incident, and when they open none.
create table fold.alert_rule (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  name text collate "C" not null,
  precedence integer not null,
  source text collate "C",
  matchers text[] collate "C",
  service text collate "C",
  ci text collate "C",
  category text collate "C",
  team_id uuid,
  impact text collate "C",
  urgency text collate "C",
  effect text collate "C",
  group_by text[] collate "C",
  window_seconds integer,
  window_since text collate "C",
  most_alerts integer,
  quiet_from_at timestamptz,
  quiet_until_at timestamptz,
  added_at timestamptz not null,
  ended_at timestamptz,
  appended_at timestamptz
);
create index alert_rule_list on fold.alert_rule (precedence, id);
create index alert_rule_team on fold.alert_rule (team_id) where team_id is not null;
create index alert_rule_service on fold.alert_rule (service) where service is not null;
