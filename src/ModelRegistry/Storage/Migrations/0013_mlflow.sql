-- Where versions came from, so that they can be looked for by it. Both are in the metadata too; those that are there already are
-- filled in when the registry is opened.
alter table version add column source {text} not null default '';
alter table version add column run_id {text} not null default '';
update version set indexed = 0 where metadata not like '%"source":"","run_id":""%';
create index version_run on version (run_id) where run_id <> '';

-- Lists of versions by their last change, of one model and of all.
create index version_changed on version (updated_at);
create index version_model_changed on version (model_id, updated_at);
create index model_changed on model (updated_at) where deleted_at is null;

-- Tags by how their value begins: a value may be longer than an entry of an index.
drop index model_tag_find;
create index model_tag_find on model_tag (key, substr(value, 1, 200), model_id);
drop index version_tag_find;
create index version_tag_find on version_tag (key, substr(value, 1, 200), model_id);

-- Files that MLflow's clients uploaded by path, until a version takes them. Whose they are is part of what they are called:
-- nobody can put a file where another will look for theirs.
create table uploaded_file (
  actor_id {text} not null,
  path {text} not null,
  sha256 {text} not null,
  size_bytes bigint not null,
  at bigint not null,
  primary key (actor_id, path)
);
create index uploaded_file_content on uploaded_file (sha256);
create index uploaded_file_at on uploaded_file (at);
