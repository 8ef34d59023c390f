-- ended_position  the position of the log's newest event when the import was through; null: that was not noted
alter table plumbing.import_run add column ended_position bigint;
