-- The integration that has found a configuration item, which sees it; others do not.
alter table fold.ci add column found_by_id uuid;
create index ci_found_by on fold.ci (found_by_id, planned_at desc, id desc) where found_by_id is not null;
select log.takes_rows('fold.ci');
