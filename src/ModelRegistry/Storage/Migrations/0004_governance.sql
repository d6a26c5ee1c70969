-- Changes of the policy that wait for their admins, and broken glasses with the reviews they owe.
-- Times are microseconds since 1970 UTC.

-- Why a policy was put in force, what those who accepted it proved, and the change it came by. Null for the first one.
alter table policy add column reason {text};
alter table policy add column assurance {text};
alter table policy add column change_id {text};
create index policy_digest on policy (digest);

create table policy_change (
  id {text} primary key,
  replaces {text} not null,
  digest {text} not null,
  name {text} not null,
  json {text} not null,
  proposer_id {text} not null references actor (id),
  proposer_name {text} not null,
  reason {text} not null,
  proposed_at bigint not null,
  state {text} not null,
  ended_at bigint,
  note {text} not null,
  row_version bigint not null
);
-- One waits at a time.
create unique index policy_change_pending on policy_change (state) where state = 'pending';

create table policy_consent (
  id {text} primary key,
  change_id {text} not null references policy_change (id),
  person_id {text} not null references actor (id),
  person_name {text} not null,
  method {text} not null,
  channel {text} not null,
  credential_id {text} not null,
  credential_since bigint not null,
  proven_at bigint not null,
  evidence {text},
  at bigint not null
);
create unique index policy_consent_once on policy_consent (change_id, person_id);

-- One person's way past quorum and gates, and another's look at it.
create table glass_break (
  promotion_id {text} primary key references promotion (id),
  person_id {text} not null references actor (id),
  person_name {text} not null,
  reason {text} not null,
  channel {text} not null,
  credential_id {text} not null,
  credential_since bigint not null,
  proven_at bigint not null,
  statement_digest {text} not null,
  evidence {text},
  at bigint not null,
  reviewer_id {text} references actor (id),
  reviewer_name {text},
  verdict {text},
  comment {text},
  review_method {text},
  review_channel {text},
  review_credential_id {text},
  review_credential_since bigint,
  review_proven_at bigint,
  review_evidence {text},
  reviewed_at bigint
);
create index glass_break_owed on glass_break (promotion_id) where reviewed_at is null;
