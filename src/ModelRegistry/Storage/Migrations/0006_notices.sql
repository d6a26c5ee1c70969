-- Who is told what happened. The audit log is the record of what there is to tell; here stands how far each has been told.
-- Times are microseconds since 1970 UTC.

-- A webhook, or the mailbox of a person. It is told of the entries after the one that was the last when it was made.
create table notice_endpoint (
  id {text} primary key,
  -- 'webhook' or 'mail'
  kind {text} not null,
  -- A URL or an e-mail address; emptied when it ends, as the secret is.
  address {text} not null,
  person_id {text} references actor (id),
  -- Kinds of event, a JSON list; empty: all there are for it.
  events {text} not null,
  -- What a webhook's messages are signed with; the receiver has the same.
  secret {text} not null,
  created_by {text} not null,
  created_at bigint not null,
  -- Every entry up to this one is delivered, given up or nothing to it: where reading the log begins after a restart.
  settled_to bigint not null,
  delivered bigint not null,
  given_up bigint not null,
  last_delivered_at bigint,
  ended_at bigint,
  -- 'removed', 'replaced' or 'gone'
  ended_why {text}
);
create unique index notice_endpoint_person on notice_endpoint (person_id) where ended_at is null;

-- Entries after settled_to that are delivered or given up while an earlier one still waits. What lies before it needs no row:
-- the audit log tells of each.
create table notice_delivery (
  endpoint_id {text} not null references notice_endpoint (id),
  position bigint not null,
  -- 'delivered' or 'given_up'
  state {text} not null,
  at bigint not null,
  primary key (endpoint_id, position)
) {without_rowid};
