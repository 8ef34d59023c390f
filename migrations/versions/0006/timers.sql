-- When a rule is to look at a record because time has passed. Made from the log by the consumer `timer:<rule>`, so it
-- can be thrown away and made again. A timer that has gone off is deleted: every row here is still to come.
create table plumbing.timer (
  rule text collate "C",
  stream text collate "C",
  due_at timestamptz not null,
  primary key (rule, stream)
);
create index timer_due on plumbing.timer (rule, due_at);

-- What a rule wanted to do and was not allowed to, with the code of the reason. It is not tried again.
create table plumbing.refused_consequence (
  rule text collate "C",
  cause uuid,                    -- the event that it followed
  record text collate "C",       -- the stream that it would have gone to; empty: it would have opened one
  action text collate "C" not null,
  code text collate "C" not null,
  refused_at timestamptz not null,
  primary key (rule, cause, record)
);
