-- What impact and urgency give, as administrators have set it.
create table fold.priority_matrix (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  cells jsonb not null,
  set_at timestamptz not null
);
create index priority_matrix_set on fold.priority_matrix (set_at desc, id desc);

select log.takes_rows('fold.priority_matrix');
