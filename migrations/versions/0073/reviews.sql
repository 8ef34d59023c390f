-- When the review of a major incident is due, as its resolution said.
alter table fold.incident add column review_due_at timestamptz;
select log.takes_rows('fold.incident');
