-- Every three characters in a row of a model's name and description, in lower case: a search for a part of a word looks at the
-- models that have its rarest three, not at all of them. Models that were deleted have none.
create table model_gram (
  gram {text} not null,
  model_id {text} not null,
  primary key (gram, model_id)
) {without_rowid};
insert into model_gram (gram, model_id)
-- Long texts in pieces of 128 characters, each with the first two of the next: else every place in one is found by counting from its
-- beginning, and what it is found in is kept once for each of them.
with recursive place (at) as (select 0 union all select at + 1 from place where at < 127),
  told (model_id, words) as (
    select id, name_key from model where deleted_at is null
    union all
    select id, description_key from model where deleted_at is null
  ),
  piece (model_id, words) as materialized (select model_id, substr(words, 1 + 128 * at, 130) from told join place on 128 * at < length(words) - 2)
select distinct substr(words, 1 + at, 3), model_id from piece join place on at < length(words) - 2 order by 1, 2;
