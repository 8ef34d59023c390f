alter table fold.catalogue_item add column title_template text collate "C", add column description_template text collate "C";
alter table fold.maintenance_plan add column request_id uuid;
create table fold.request_inquiry (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  hold_question text,
  requirements_proposed_at timestamptz,
  requirements_draft_id uuid,
  confirmation_method text collate "C",
  appended_at timestamptz
) with (fillfactor = 85);
alter table fold.request_training add column participant_ids text[] collate "C";
create index maintenance_plan_request on fold.maintenance_plan (request_id) where request_id is not null;
-- What waits for somebody has requirements to confirm, too; the condition is that of the query.
drop index fold.notice_asking;
create index notice_asking on fold.notice (person_id, id desc) where steps && '{definition_to_review,document_to_acknowledge,finding_corrected,finding_objected,finding_to_correct,maintenance_due,process_change_applied,reminded,risk_lapsed,scorecard_talk,scorecard_to_rate,target_to_accept,to_accept,to_acknowledge,to_answer,to_confirm_requirements,to_consent,to_countersign,to_kick_off,to_publish,to_review,to_review_change,to_self_check,to_sign,to_summarise,to_verify}'::text[];
