-- What the service's role may do; run after every migration. It owns nothing, reads what it needs,
-- and writes to the log and the records only through log.append and log.append_history.
grant usage on schema log, fold, vault, plumbing to {role};
grant select on all tables in schema log, fold, vault, plumbing to {role};
revoke all on all functions in schema log from public;
grant execute on function log.append, log.append_history to {role};
grant execute on function log.upcast, log.move_fields to {role};  -- as whoever reads log.told
grant execute on function log.merge to {role};
grant execute on function log.analyse, log.make_partitions to {role};
grant insert, update on log.checkpoint to {role};
grant execute on function log.forget_relay to {role};  -- checkpoints of other consumers stay
grant insert on log.seal_identity, log.sealed_head, log.seal_export to {role};
grant insert, update on log.seal_tile to {role};
grant insert, update, delete on plumbing.number_block, plumbing.import_run, plumbing.refused_row,
  plumbing.session, plumbing.view, plumbing.key_use, plumbing.bulk_job, plumbing.bulk_result,
  plumbing.readiness, plumbing.judged_period, plumbing.longest_usual, plumbing.put_aside,
  plumbing.kept_figures, plumbing.summary, plumbing.stream_ticket, plumbing.list_columns,
  plumbing.discovered_item, plumbing.discovery_refusal to {role};
grant insert on vault.master to {role};
-- Facts are computed from the log and can be thrown away; the consumer that keeps them works as this role.
grant usage on schema kpi to {role};
grant select, insert, update, delete, truncate on all tables in schema kpi to {role};
-- So is the index of full-text search.
grant usage on schema search to {role};
grant select, insert, update, delete, truncate on all tables in schema search to {role};
-- What is in files is beside the log; who may see it, and its key, are not.
grant usage on schema content to {role};
grant select, insert, update, delete on all tables in schema content to {role};
-- Timers are a consumer's, too; what rules were refused is kept as long as an operator wants it.
-- So are turns.
grant insert, update, delete on plumbing.timer, plumbing.refused_consequence, plumbing.assignment_turn to {role};
-- What people are to be told, until they are.
grant usage on schema deliveries to {role};
grant select, insert, update, delete on all tables in schema deliveries to {role};
-- Spans of business time follow from what calendars say; a worker takes them further before they end.
grant usage on schema business_time to {role};
grant select, insert, delete on all tables in schema business_time to {role};
-- Windows and bookings follow from changes and freezes, and are written with them; a rebuild makes them anew.
grant usage on schema schedule to {role};
grant select, insert, delete on all tables in schema schedule to {role};
-- Deliveries of tools are kept beside the log until they are processed; addresses follow from persons.
grant insert, update, delete on plumbing.webhook_delivery, plumbing.webhook_refusal, plumbing.cleared_alert,
  plumbing.heard_alert, plumbing.quiet_alert, plumbing.absence_fetch to {role};
grant insert, update, delete on vault.address to {role};
-- Clocks are computed from the log, too.
grant usage on schema sla to {role};
grant select, insert, update, delete, truncate on all tables in schema sla to {role};
