-- The facts are made anew from the log.
update log.checkpoint set position = 0 where consumer = 'kpi';
