-- Webhooks that MLflow's clients make beside those of admins: told in MLflow's words, under a name, and only once an admin has
-- confirmed where they lead.
-- 'standard' (Standard Webhooks, and mailboxes) or 'mlflow'
alter table notice_endpoint add column style {text} not null default 'standard';
alter table notice_endpoint add column name {text} not null default '';
alter table notice_endpoint add column description {text} not null default '';
alter table notice_endpoint add column updated_at bigint not null default 0;
-- 1: its maker wants nothing to be told for now.
alter table notice_endpoint add column paused bigint not null default 0;
-- The admin who let it go where it leads; null while none has.
alter table notice_endpoint add column confirmed_by {text};
update notice_endpoint set updated_at = created_at, confirmed_by = created_by;
