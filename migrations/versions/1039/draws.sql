-- What conformance has found in the cases of a draw, and how far its facts had followed the log.
alter table fold.audit_draw add column path_source text collate "C", add column facts_position bigint;
alter table fold.audit_irregularity add column step text collate "C";
