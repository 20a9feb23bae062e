-- A row for each split of a placement's fee. No public recording shows a split: the keys read here are guesses, and
-- split_data has it as it came.
{%- set text = dbt.type_string() %}
select
  {{ loxo.loxo_id('placements', 'cast(id as ' ~ text ~ ')') }} as placement_id,
  position,
  {{ loxo.loxo_id('users', 'coalesce(' ~ loxo.loxo_json_get('element', 'user_id') ~ ', ' ~ loxo.loxo_json_get('element', 'user.id') ~ ')') }} as user_id,
  {{ loxo.loxo_decimal('coalesce(' ~ loxo.loxo_json_get('element', 'percentage') ~ ', ' ~ loxo.loxo_json_get('element', 'percent') ~ ')') }} as percentage,
  {{ loxo.loxo_decimal(loxo.loxo_json_get('element', 'amount')) }} as amount,
  {{ loxo.loxo_json_parse(loxo.loxo_json_text('element')) }} as split_data,
  source_relation
from {{ loxo.loxo_each(loxo.loxo_newest(ref('stg_loxo__placements')), 'r.splits', 'r.source_relation, r.id') }} as each_split
