-- What needs attention asks for the services that are down: of a million incidents a few hundred.
create index incident_down on fold.incident (service) where effect = 'down' and service_restored_at is null;
