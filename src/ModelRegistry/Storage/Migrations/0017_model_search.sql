-- Every three characters in a row of a model's name and description, in lower case: a search for a part of a word looks at the
-- models that have its rarest three, not at all of them. Models that were deleted have none.
create table model_gram (
  gram {text} not null,
  model_id {text} not null,
  primary key (gram, model_id)
) {without_rowid};
insert into model_gram (gram, model_id)
with recursive part (model_id, words, at) as (
  select id, words, 1 from (
    select id, name_key as words from model where deleted_at is null
    union all
    select id, description_key from model where deleted_at is null
  ) told where length(words) >= 3
  union all
  select model_id, words, at + 1 from part where at < length(words) - 2
)
select distinct substr(words, at, 3), model_id from part order by 1, 2;
