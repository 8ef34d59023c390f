-- By what a question of the same subject was rejected or withdrawn lately.
create index decision_turned_down on fold.decision (closed_at)
  where outcome = 'rejected' or state = 'withdrawn';
drop index fold.notice_asking;
create index notice_asking on fold.notice (person_id, id desc) where steps && '{definition_to_review,document_to_acknowledge,duties_held,evaluation_to_agree,finding_corrected,finding_objected,finding_to_correct,maintenance_due,process_change_applied,reminded,risk_lapsed,scorecard_talk,scorecard_to_rate,setting_to_agree,target_to_accept,to_accept,to_acknowledge,to_answer,to_confirm_requirements,to_consent,to_countersign,to_kick_off,to_publish,to_review,to_review_change,to_self_check,to_sign,to_summarise,to_verify,weights_to_confirm}'::text[];
