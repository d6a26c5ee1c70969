-- What the storage engine itself needs: its versions, its secrets, the audit log and the feed of changes.
-- Times are microseconds since 1970, UTC.

create table schema_migration (
  version {bigkey},
  name {text} not null,
  checksum {text} not null,
  applied_at bigint not null
);

create table meta (
  name {text} not null primary key,
  value {text} not null
) {without_rowid};

-- Keys shared by all replicas. Whoever reads this table can sign checkpoints.
create table secret (
  name {text} not null primary key,
  value {text} not null,
  created_at bigint not null
) {without_rowid};

-- Challenges that were used once; rows may go when they have expired.
create table used_nonce (
  nonce {text} not null primary key,
  expires_at bigint not null
) {without_rowid};

create index used_nonce_expires_at on used_nonce (expires_at);

-- One row per leaf of the Merkle tree; positions count from 1 without gaps. leaf is what was hashed;
-- the other columns repeat parts of it to be searched.
create table audit_entry (
  position {bigkey},
  id {text} not null unique,
  at bigint not null,
  verb {text} not null,
  outcome {text} not null,
  actor_id {text} not null,
  model_id {text},
  subject_type {text} not null,
  subject_id {text} not null,
  leaf {bytes} not null,
  leaf_hash {bytes} not null
);

create index audit_entry_model on audit_entry (model_id, position);
create index audit_entry_subject on audit_entry (subject_id, position);
create index audit_entry_actor on audit_entry (actor_id, position);

-- Texts whose salted digest is in the leaf. Erasing one is deleting its row: the leaf stays and still verifies.
create table audit_erasable (
  position bigint not null references audit_entry (position),
  field {text} not null,
  salt {bytes} not null,
  value {text} not null,
  primary key (position, field)
) {without_rowid};

-- The head of the log, one row: the tree over all entries (frontier: the roots of its full subtrees, largest first), the
-- time of the last entry, before which no later one is dated, and the last number of the feed.
create table audit_tree (
  id {bigkey},
  size bigint not null,
  frontier {bytes} not null,
  root {bytes} not null,
  at bigint not null,
  feed_seq bigint not null
);

-- Signed checkpoints: the latest (a busy log is signed every tenth of a second), and the first one past each multiple of
-- 1,024 entries, so that an entry rewritten together with its hash and the head is narrowed down.
create table audit_checkpoint (
  size {bigkey},
  note {text} not null,
  at bigint not null
);

create table change_feed (
  seq {bigkey},
  at bigint not null,
  kind {text} not null,
  model_id {text},
  reference {text},
  audit_position bigint not null
);
