-- Sources of webhooks and of mail: a tool that tells of its tickets or alerts, how its deliveries are verified, and how
-- they are mapped.
create table fold.webhook_source (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  key text collate "C" not null unique,
  title text not null,
  adapter text collate "C" not null,
  mapping text,
  owner_id uuid not null,
  team_id uuid,
  service text collate "C",
  category text collate "C",
  impact text collate "C",
  urgency text collate "C",
  effect text collate "C",
  zone text collate "C",
  unknown_senders text collate "C" not null,
  user_name text,
  sealed_secret text not null,
  previous_sealed_secret text,
  previous_ends_at timestamptz,
  rotated_at timestamptz,
  silent_since_at timestamptz,
  added_at timestamptz not null,
  appended_at timestamptz
);

-- Deliveries of webhooks and mails, stored before they are answered. `delivery_key` is the tool's own id of the delivery,
-- or a hash of its content. `sealed` are headers and body, encrypted; null once they were removed. `code` and `mapping_key`
-- say why it failed or was ignored; `effects` what it led to.
create table plumbing.webhook_delivery (
  id uuid primary key,
  source_id uuid not null,
  delivery_key text collate "C" not null,
  received_at timestamptz not null default clock_timestamp(),
  size integer not null,
  content_hash text collate "C" not null,
  sealed bytea,
  state text collate "C" not null default 'waiting',
  attempts integer not null default 0,
  processed_at timestamptz,
  code text collate "C",
  mapping_key text collate "C",
  awaited_case text collate "C",
  effects jsonb not null default '[]',
  unique (source_id, delivery_key)
);
create index webhook_delivery_waiting on plumbing.webhook_delivery (source_id, received_at, id) where state = 'waiting';
create index webhook_delivery_failed on plumbing.webhook_delivery (source_id, received_at desc, id desc)
  where state = 'failed';
create index webhook_delivery_received on plumbing.webhook_delivery (source_id, received_at desc, id desc);
create index webhook_delivery_content on plumbing.webhook_delivery (received_at) where sealed is not null;

-- How many deliveries of each source could not be verified; nothing else of them is kept.
create table plumbing.webhook_refusal (
  source_id uuid primary key,
  refused bigint not null,
  last_refused_at timestamptz not null
);

-- When alerts have cleared: one that fired before that, and comes later, is over already.
create table plumbing.cleared_alert (
  account_id uuid,
  source text collate "C",
  dedup_key text collate "C",
  cleared_at timestamptz,
  primary key (account_id, source, dedup_key, cleared_at)
);

alter table fold.external_reference add column url text;

-- Whose address a mail has come from, by a keyed fingerprint of the address. It is a projection of persons.
create table vault.address (
  person_id uuid primary key,
  fingerprint text collate "C" not null
);
create index address_fingerprint on vault.address (fingerprint);

-- An alert that fired before its incident was resolved, and comes after that, is known by it.
create index incident_alert_past on fold.incident (alert_source, dedup_key, opened_at desc) where dedup_key is not null;

-- The events of a stream that is about another's record are seen by whoever sees that record.
create index stream_head_about on log.stream_head (about) where about is not null;
