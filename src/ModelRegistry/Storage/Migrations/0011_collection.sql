-- Contents that no version referred to, and that were deleted or are about to be. Whoever registers a version looks here in the
-- same transaction, so that none refers to what is gone.
create table collected_content (
  seq {bigkey},
  sha256 {text} not null,
  marked_at bigint not null,
  -- Null until it is deleted, or was found not to be deletable.
  done_at bigint
);
create index collected_content_sha256 on collected_content (sha256);
create index collected_content_open on collected_content (seq) where done_at is null;
