-- Activities by user, month and type.
{%- set text = dbt.type_string() %}
with activities as (
  select events.source_relation, cast(events.created_by_id as {{ text }}) as user_key,
    {{ loxo.loxo_month('events.created_at') }} as activity_month,
    coalesce({{ loxo.loxo_json_get('events.activity_type', 'name') }}, types.name) as activity_type, events.job_id, events.person_id
  from {{ loxo.loxo_newest(ref('stg_loxo__person_events')) }} as events
  left join {{ loxo.loxo_newest(ref('stg_loxo__activity_types')) }} as types
    on types.source_relation = events.source_relation and types.id = events.activity_type_id
)
select
  {{ loxo.loxo_id('users', 'activities.user_key', 'activities.source_relation') }} as user_id,
  users.name as user_name,
  activities.activity_month,
  activities.activity_type,
  count(*) as count_activities,
  count(distinct activities.person_id) as count_people,
  count(distinct activities.job_id) as count_jobs,
  activities.source_relation
from activities
left join {{ loxo.loxo_newest(ref('stg_loxo__users')) }} as users
  on users.source_relation = activities.source_relation and cast(users.id as {{ text }}) = activities.user_key
group by activities.source_relation, activities.user_key, users.name, activities.activity_month, activities.activity_type
