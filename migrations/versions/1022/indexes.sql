-- What notices ask of a person, besides votes and complaints.
create index notice_asking on fold.notice (person_id, id desc) where steps && '{reminded,risk_lapsed,to_accept,to_acknowledge,to_answer,to_consent,to_kick_off,to_publish,to_review,to_review_change,to_sign}'::text[];
-- What a person has asked for, and may confirm.
create index incident_to_confirm on fold.incident (requester_id, state_since) where state = 'resolved';
create index request_to_confirm on fold.request (requester_id, state_since) where state = 'delivered';
