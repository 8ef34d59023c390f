-- When the review of a major incident is due, as its resolution said. No fact is other than before: what is in the log
-- says nothing of it.
alter table fold.incident add column review_due_at timestamptz;
select log.takes_rows('fold.incident');
