-- The versions that have a tag, by their last change: a page of them is as soon had when all have the tag as when few do.
-- Follows version.updated_at.
alter table version_tag add column changed bigint not null default 0;
update version_tag set changed = (select v.updated_at from version v where v.id = version_tag.version_id);
create index version_tag_changed on version_tag (key, substr(value, 1, 200), changed);
drop index version_tag_find;
create index version_tag_find on version_tag (key, substr(value, 1, 200), model_id, changed);
