-- How far each subscription has come: all events up to `position` are delivered, or their streams wait. No bodies are
-- kept: each attempt renders its event anew. `failures` is the number of failures since something was delivered, of
-- `failing_since`; of a receiver that fails as a whole one event is tried at `due_at`, the `probes`-th time.
create table deliveries.subscription_progress (
  subscription_id uuid primary key,
  position bigint not null,
  failures integer not null default 0,
  probes integer not null default 0,
  failing_since timestamptz,
  due_at timestamptz
);
-- Streams that wait for another attempt: their events from `position` on, up to that of the subscription.
create table deliveries.subscription_waiting (
  subscription_id uuid not null,
  stream text collate "C" not null,
  position bigint not null,
  attempts integer not null,
  failing_since timestamptz not null,
  due_at timestamptz not null,
  primary key (subscription_id, stream)
);
-- Events to be sent once more, by request: those of positions after `low`, up to and including `high`.
create table deliveries.resend (
  id uuid primary key,
  subscription_id uuid not null,
  low bigint not null,
  high bigint not null,
  requested_at timestamptz not null
);
create index resend_subscription on deliveries.resend (subscription_id, requested_at, id);
-- Every attempt, without anything of what was sent, or of an answer that could repeat it.
create table deliveries.attempt (
  id uuid primary key,
  subscription_id uuid not null,
  position bigint,
  stream text collate "C",
  event_type text collate "C" not null,
  message_id text collate "C" not null,
  attempted_at timestamptz not null,
  outcome text collate "C" not null,
  code text collate "C",
  status smallint,
  duration_ms integer not null,
  size integer not null,
  headers jsonb not null,
  is_last boolean not null
);
create index attempt_list on deliveries.attempt (subscription_id, attempted_at desc, id desc);
create index attempt_event on deliveries.attempt (subscription_id, position) where is_last;
create index attempt_age on deliveries.attempt (attempted_at);
