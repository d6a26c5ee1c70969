-- What a request with a key of its own came to, for whoever repeats it.
create table kept_reply (
  actor_id {text} not null,
  request_key {text} not null,
  -- One request may write more than once.
  verb {text} not null,
  -- SHA-256 over all that was asked.
  request {text} not null,
  reply {text} not null,
  at bigint not null,
  primary key (actor_id, request_key, verb)
);
create index kept_reply_at on kept_reply (at);
