-- Subscriptions that write to a tool: the source that hears of it, whether they open tickets there, and what else the
-- tool's template wants to know, as name=value.
alter table fold.subscription add column source text collate "C";
alter table fold.subscription add column opens_tickets boolean;
alter table fold.subscription add column tool_settings text[] collate "C";
-- The accounts that a source's tool is written to with: what they did is known here.
create table deliveries.tool_account (
  source text collate "C" not null,
  account text collate "C" not null,
  asked_at timestamptz not null,
  primary key (source, account)
);
-- Tickets that something is written to, or whose state at the tool must be asked for. `writing` are keyed fingerprints
-- of the values under way, by field, since `begun_at`; null: nothing is. They may have arrived or not.
create table deliveries.tool_ticket (
  source text collate "C" not null,
  stream text collate "C" not null,
  is_opening boolean not null default false,
  writing jsonb,
  begun_at timestamptz,
  unsure_at timestamptz,
  primary key (source, stream)
);
create index tool_ticket_opening on deliveries.tool_ticket (source) where is_opening;
-- Comments written to a tool: `key` is the tool's id, null while it is not known whether one has arrived; `written_at` is
-- the tool's time, `fingerprint` the keyed fingerprint of the text that it has. `is_open`: one is under way.
create table deliveries.tool_comment (
  source text collate "C" not null,
  comment_id uuid not null,
  stream text collate "C" not null,
  key text collate "C",
  begun_at timestamptz not null,
  written_at timestamptz,
  fingerprint text collate "C",
  is_open boolean not null,
  primary key (source, comment_id)
);
create index tool_comment_key on deliveries.tool_comment (source, key) where key is not null;
create index tool_comment_open on deliveries.tool_comment (source, stream) where is_open;
