-- When those who have yet to vote were told that it is soon too late.
alter table fold.decision add column reminded_at timestamptz;
select log.takes_rows('fold.decision');
