-- Figures of KPIs as of positions of the log, by the hash of all that decides them: made anew from the log at any time.
create table plumbing.kept_figures (
  question bytea primary key,
  kpi text collate "C" not null,
  position bigint not null,
  figures jsonb not null,
  kept_at timestamptz not null default now(),
  used_on date not null default current_date
);
create index kept_figures_used on plumbing.kept_figures (used_on, kept_at);
