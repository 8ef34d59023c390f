-- One consumer makes the facts of all processes.
update log.checkpoint set consumer = 'kpi' where consumer = 'kpi:incident';
