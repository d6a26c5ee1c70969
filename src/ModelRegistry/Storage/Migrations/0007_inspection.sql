-- What looking inside a version's files came to. It follows from the bytes and the rules: it can be made again.
create table version_inspection (
  version_id {text} not null primary key references version (id),
  -- The rules it was made by; by newer ones it is made again.
  rules bigint not null,
  verdict {text} not null,
  report {text} not null,
  inspected_at bigint not null
);
