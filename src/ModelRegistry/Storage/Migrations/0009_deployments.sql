-- Versions on serving targets: what is wanted there, with what was last seen running.
create table deployment (
  id {text} not null primary key,
  model_id {text} not null references model (id),
  version_id {text} not null references version (id),
  target {text} not null,
  -- The stage that the target required when it was asked for.
  stage {text} not null,
  configuration {text} not null,
  status {text} not null,
  promotion_id {text} not null,
  requested_by {text} not null,
  requested_by_name {text} not null,
  -- What the request said, and nobody checked.
  deployed_by {text},
  requested_at bigint not null,
  started_at bigint,
  ended_at bigint,
  rollback_at bigint,
  rollback_reason {text} not null,
  note {text} not null,
  observed_version_id {text} references version (id),
  observed_status {text},
  observed_message {text},
  observed_instance {text},
  observed_by {text},
  observed_by_name {text},
  observed_at bigint
);
create unique index deployment_active on deployment (model_id, target) where status = 'active';
create index deployment_model on deployment (model_id, id);
create index deployment_target on deployment (target, id);
create index deployment_version on deployment (version_id, status);
create index deployment_promotion on deployment (promotion_id);
