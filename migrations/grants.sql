-- What the service's role may do; run after every migration. It owns nothing, reads what it needs,
-- and writes to the log and the records only through log.append and log.append_history.
grant usage on schema log, fold, vault, plumbing to {role};
grant select on all tables in schema log, fold, vault, plumbing to {role};
revoke all on all functions in schema log from public;
grant execute on function log.append, log.append_history to {role};
grant execute on function log.upcast to {role};  -- as whoever reads log.told
grant execute on function log.merge to {role};
grant insert, update on log.checkpoint to {role};
grant insert, update, delete on plumbing.number_block, plumbing.import_run, plumbing.refused_row to {role};
grant insert on vault.master to {role};
-- Facts are computed from the log and can be thrown away; the consumer that keeps them works as this role.
grant usage on schema kpi to {role};
grant select, insert, update, delete, truncate on all tables in schema kpi to {role};
