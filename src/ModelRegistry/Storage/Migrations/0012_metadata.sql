-- What the metadata of versions says, where it can be looked for, and what it said before.
-- All but the histories follows from the rows of version, and is filled for those that are there already when the registry is opened.

-- 0: not in the tables below yet.
alter table version add column indexed bigint not null default 0;
create index version_unindexed on version (id) where indexed = 0;

create table version_metric (
  version_id {text} not null references version (id),
  model_id {text} not null,
  name {text} not null,
  value {real} not null,
  primary key (version_id, name)
);
create index version_metric_find on version_metric (model_id, name, value);

-- Where a version comes from, one link a row, and the framework it was made with.
create table version_link (
  version_id {text} not null references version (id),
  position bigint not null,
  model_id {text} not null,
  kind {text} not null,
  -- What it is found by: the text, or the digest of a long one.
  key {text} not null,
  text {text} not null,
  -- What the text meant in this registry when it was written; null where it is from elsewhere.
  to_model_id {text},
  to_version_id {text},
  primary key (version_id, position)
);
create index version_link_find on version_link (kind, key, version_id);
create index version_link_to_version on version_link (to_version_id, version_id) where to_version_id is not null;
create index version_link_to_model on version_link (to_model_id, version_id) where to_model_id is not null and to_version_id is null;

-- Every measurement of a version. The one value that gates look at is in the version's metadata.
create table measurement (
  id {text} primary key,
  version_id {text} not null references version (id),
  metric {text} not null,
  value {real} not null,
  evidence {text} not null,
  -- Whether it became the value that gates look at when it was recorded.
  made_current bigint not null,
  recorded_by {text} not null,
  recorded_by_name {text} not null,
  recorded_at bigint not null
);
create index measurement_version on measurement (version_id, id);
create index measurement_metric on measurement (version_id, metric, id);

-- Texts by their digest: an edit that is taken back is no second copy.
create table kept_text (
  sha256 {text} primary key,
  text {text} not null
);

-- What a card said, and since when. Of a model where there is no version.
create table card_edit (
  id {text} primary key,
  model_id {text} not null references model (id),
  version_id {text} references version (id),
  sha256 {text} not null references kept_text (sha256),
  -- Null where it was written before this was kept.
  edited_by {text},
  edited_by_name {text},
  edited_at bigint
);
create index card_edit_model on card_edit (model_id, id) where version_id is null;
create index card_edit_version on card_edit (version_id, id) where version_id is not null;
