-- What was known about a version when a statement about it was made, by its digest in the statement: it may be edited later.
create table kept_metadata (
  sha256 {text} not null primary key,
  json {text} not null,
  kept_at bigint not null
);
