-- Whether an incident repeats another one is written beside its opening when that is there already, for most of them a
-- moment after: with room in its page the row is changed without touching an index.
alter table kpi.incident_opened set (fillfactor = 60);
