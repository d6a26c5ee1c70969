-- Persons at the pages: passkeys, invites, and browsers that are signed in. Times are microseconds since 1970 UTC.

-- A passkey (WebAuthn) is a credential of kind 'passkey'; its secret_hash is the SHA-256 of its public key.
create table passkey (
  credential_id {text} primary key references credential (id),
  -- The authenticator's own id of it: base64url.
  webauthn_id {text} not null,
  name {text} not null,
  public_key {bytes} not null,
  sign_count bigint not null,
  transports {text} not null,
  backup_eligible bigint not null,
  backed_up bigint not null,
  attestation {bytes} not null,
  client_data {bytes} not null
);
create unique index passkey_webauthn on passkey (webauthn_id);

-- One person's word that another may enrol a further passkey, once.
create table invite (
  id {text} primary key,
  secret_hash {text} not null,
  person_id {text} not null references actor (id),
  created_by {text} not null references actor (id),
  created_at bigint not null,
  expires_at bigint not null,
  used_at bigint
);
create unique index invite_secret on invite (secret_hash);

-- A browser that is signed in: the hash of its cookie. It ends at expires_at, or when its person says so.
create table sign_in (
  id {text} primary key,
  secret_hash {text} not null,
  person_id {text} not null references actor (id),
  credential_id {text} not null references credential (id),
  created_at bigint not null,
  expires_at bigint not null,
  ended_at bigint
);
create unique index sign_in_secret on sign_in (secret_hash);
create index sign_in_person on sign_in (person_id, expires_at);

-- What was checked when it was decided: a passkey's assertion and its nonce. Null where nothing can be checked again.
alter table decision add column evidence {text};
