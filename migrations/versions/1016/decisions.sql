-- Null, of the decisions of before: those left out were not written down.
alter table fold.decision add column left_out jsonb;
