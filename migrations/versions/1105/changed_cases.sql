-- Whether cases are noted whose facts are written: by the id of the noting, from after the batch that ended at `since`, up to
-- the batch that ends at `until`. An export knows the id; facts that are made anew begin without a noting.
create table kpi.noting (
  only_one boolean primary key default true check (only_one),
  id uuid not null,
  since bigint not null,
  until bigint not null
);
-- The cases whose facts the batch that ends at the position has written or removed. Rows are only added, several of a case:
-- whoever looked for one that is there already would wait for others.
create table kpi.changed_case (
  case_id uuid not null,
  position bigint not null
);
