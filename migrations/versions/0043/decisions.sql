-- Questions that are put to an electorate, and what each of those who are asked says.
create table fold.decision (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  state text collate "C" not null,
  question text not null,
  role text collate "C",
  group_id uuid,
  chair_id uuid,
  rule text collate "C" not null,
  quorum integer not null,
  asked_by_id uuid,
  asked_at timestamptz not null,
  due_at timestamptz not null,
  outcome text collate "C",
  voters integer,
  approvals integer,
  rejections integer,
  deferrals integer,
  abstentions integer,
  closed_at timestamptz
);
create index decision_record on fold.decision (record, asked_at, id);

create table fold.vote (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  decision_id uuid not null,
  person_id uuid not null,
  side text collate "C",
  asked_at timestamptz not null,
  due_at timestamptz not null,
  verdict text collate "C",
  comment text,
  voted_at timestamptz,
  closed_at timestamptz,
  unique (decision_id, person_id)
);
create index vote_record on fold.vote (record, asked_at, id);
-- Who sees a record because of a question.
create index vote_person on fold.vote (person_id, record);
-- What waits for somebody's vote, the next due first; those who never vote keep nothing here for long.
create index vote_awaited on fold.vote (person_id, due_at, id) where verdict is null and closed_at is null;

select log.takes_rows('fold.' || name) from unnest(array['decision', 'vote']) as name;
