-- The registry's own rows. Times are microseconds since 1970 UTC; booleans are 0 or 1; lists and documents are JSON text.

create table actor (
  id {text} primary key,
  kind {text} not null,
  name {text} not null,
  name_key {text} not null,
  owner_id {text} references actor (id),
  roles {text} not null,
  models {text} not null,
  created_at bigint not null,
  disabled_at bigint
);
create unique index actor_name on actor (name_key);

-- A person's passphrase (a framework password hash) or an agent's or service's token (SHA-256 of the secret).
create table credential (
  id {text} primary key,
  actor_id {text} not null references actor (id),
  kind {text} not null,
  secret_hash {text} not null,
  roles {text} not null,
  models {text} not null,
  created_by {text} not null,
  created_at bigint not null,
  expires_at bigint,
  revoked_at bigint
);
create unique index credential_token on credential (secret_hash) where kind = 'token';
create index credential_actor on credential (actor_id);

-- Wrong passphrases of late, so that guessing is slow on every door at once.
create table failed_proof (
  name_key {text} not null,
  at bigint not null,
  id {text} primary key
);
create index failed_proof_recent on failed_proof (name_key, at);

create table policy (
  seq {bigkey},
  name {text} not null,
  digest {text} not null,
  json {text} not null,
  accepted_by {text} not null,
  accepted_at bigint not null
);

create table model (
  id {text} primary key,
  name {text} not null,
  name_key {text} not null,
  description {text} not null,
  -- Folded by the program, because lower() knows other letters in each database.
  description_key {text} not null,
  task {text} not null,
  owner {text} not null,
  versioning {text} not null,
  card {text} not null,
  is_active bigint not null,
  highest_number bigint not null,
  version_count bigint not null,
  latest_label {text},
  created_at bigint not null,
  updated_at bigint not null,
  deleted_at bigint,
  row_version bigint not null
);
-- A tombstone frees its name, never its id.
create unique index model_name on model (name_key) where deleted_at is null;
create index model_task on model (task, name_key);

create table model_tag (
  model_id {text} not null references model (id),
  key {text} not null,
  value {text} not null,
  primary key (model_id, key)
);
create index model_tag_find on model_tag (key, value, model_id);

create table version (
  id {text} primary key,
  model_id {text} not null references model (id),
  number bigint not null,
  label {text} not null,
  stage {text} not null,
  stage_since bigint not null,
  manifest_digest {text} not null,
  size_bytes bigint not null,
  file_count bigint not null,
  content_verified bigint not null,
  metadata {text} not null,
  deprecated bigint not null,
  author_id {text} not null,
  author_name {text} not null,
  answerable_id {text} not null,
  answerable_name {text} not null,
  created_at bigint not null,
  updated_at bigint not null,
  deleted_at bigint,
  row_version bigint not null
);
create unique index version_number on version (model_id, number);
create unique index version_label on version (model_id, label);
create index version_stage on version (model_id, stage, number);

create table version_file (
  version_id {text} not null references version (id),
  path {text} not null,
  size_bytes bigint not null,
  sha256 {text} not null,
  primary key (version_id, path)
);
create index version_file_blob on version_file (sha256);

create table version_tag (
  version_id {text} not null references version (id),
  model_id {text} not null,
  key {text} not null,
  value {text} not null,
  primary key (version_id, key)
);
create index version_tag_find on version_tag (key, value, model_id);

create table alias (
  model_id {text} not null references model (id),
  alias_key {text} not null,
  alias {text} not null,
  version_id {text} not null references version (id),
  primary key (model_id, alias_key)
);
create index alias_version on alias (version_id);

-- What serves a stage now: compared and swapped when a promotion is applied.
create table serving (
  model_id {text} not null references model (id),
  stage {text} not null,
  version_id {text} not null references version (id),
  since bigint not null,
  promotion_id {text} not null,
  primary key (model_id, stage)
);
create index serving_version on serving (version_id);

create table serving_period (
  id {text} primary key,
  model_id {text} not null references model (id),
  stage {text} not null,
  version_id {text} not null references version (id),
  from_at bigint not null,
  until_at bigint,
  promotion_id {text} not null
);
create index serving_period_model on serving_period (model_id, from_at, id);
create index serving_period_stage on serving_period (model_id, stage, from_at);

create table promotion (
  id {text} primary key,
  kind {text} not null,
  model_id {text} not null references model (id),
  version_id {text} not null references version (id),
  version_number bigint not null,
  to_stage {text} not null,
  state {text} not null,
  revision bigint not null,
  statement {text} not null,
  requirement {text},
  gates {text} not null,
  reason {text} not null,
  author_id {text} not null,
  author_name {text} not null,
  proposer_id {text} not null,
  client {text},
  idempotency_key {text},
  requested_at bigint not null,
  approved_at bigint,
  ended_at bigint,
  note {text} not null,
  row_version bigint not null
);
-- One live promotion per model and stage.
create unique index promotion_live on promotion (model_id, to_stage) where state in ('pending', 'approved');
create unique index promotion_key on promotion (proposer_id, idempotency_key) where idempotency_key is not null;
create index promotion_state on promotion (state, id);
create index promotion_model on promotion (model_id, id);
create index promotion_version on promotion (version_id, id);

create table decision (
  id {text} primary key,
  promotion_id {text} not null references promotion (id),
  revision bigint not null,
  person_id {text} not null,
  person_name {text} not null,
  verdict {text} not null,
  comment {text} not null,
  method {text} not null,
  channel {text} not null,
  credential_id {text} not null,
  credential_since bigint not null,
  proven_at bigint not null,
  client {text},
  agent {text},
  statement_digest {text} not null,
  at bigint not null
);
-- One decision per promotion, revision and person.
create unique index decision_once on decision (promotion_id, revision, person_id);
