-- Uploads of MLflow's clients that come in parts: begun by one actor with one credential, for one path, until a time. Where each part
-- lies only the store of contents knows; a row here says which one counts.
create table multipart_upload (
  id {text} primary key,
  actor_id {text} not null,
  credential_id {text} not null,
  path {text} not null,
  part_count bigint not null,
  expires_at bigint not null,
  done_at bigint
);
create index multipart_upload_actor on multipart_upload (actor_id);
create index multipart_upload_expires on multipart_upload (expires_at);

create table multipart_part (
  upload_id {text} not null,
  number bigint not null,
  sha256 {text} not null,
  size_bytes bigint not null,
  place {text} not null,
  primary key (upload_id, number)
);
