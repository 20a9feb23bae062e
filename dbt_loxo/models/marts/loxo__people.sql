-- A row for each person, with the current employer and the tags.
{%- set text = dbt.type_string() %}
with tags as (
  select source_relation, person_key, {{ loxo.loxo_join('tag', 'tag', ', ') }} as tags, count(*) as count_tags
  from {{ ref('int_loxo__person_tags') }} as person_tags group by source_relation, person_key
)
select
  candidates.id as person_id,
  candidates.remote_id,
  coalesce(candidates.first_name || ' ', '') || candidates.last_name as full_name,
  people.current_company,
  people.current_title,
  {{ loxo.loxo_id('users', 'cast(people.owned_by_id as ' ~ text ~ ')', 'candidates.source_relation') }} as owner_user_id,
  candidates.source,
  tags.tags,
  coalesce(tags.count_tags, 0) as count_tags,
  candidates.remote_created_at,
  candidates.remote_updated_at,
  candidates.remote_deleted_at is not null as is_deleted,
  candidates.source_relation
from {{ ref('loxo__candidates') }} as candidates
left join {{ loxo.loxo_newest(ref('stg_loxo__people')) }} as people
  on people.source_relation = candidates.source_relation and cast(people.id as {{ text }}) = candidates.remote_id
left join tags on tags.source_relation = candidates.source_relation and tags.person_key = candidates.remote_id
