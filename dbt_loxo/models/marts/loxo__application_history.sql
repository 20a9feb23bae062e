-- A row for each stage of each application. Loxo moves a person by an activity whose type bears the stage's name; where
-- an application has none for a stage, the move that the memory saw stands in (is_from_activity is false).
{%- set text = dbt.type_string() %}
with applications as (
  select * from {{ loxo.loxo_latest(ref('loxo_memory__applications')) }} as latest
),
stages as (
  select stages.*, cast(stages.id as {{ text }}) as stage_key
  from {{ loxo.loxo_newest(ref('stg_loxo__workflow_stages')) }} as stages
),
workflow_of as (
  select applications.source_relation, applications.remote_key, applications.job_id, applications.candidate_id, stages.workflow_id
  from applications
  left join stages on stages.source_relation = applications.source_relation and stages.stage_key = applications.current_stage_id
),
events as (
  select source_relation, cast(job_id as {{ text }}) as job_id, cast(person_id as {{ text }}) as person_id,
    {{ loxo.loxo_json_get('activity_type', 'name') }} as type_name, cast(activity_type_id as {{ text }}) as type_key,
    created_at, created_by_id, id
  from {{ loxo.loxo_newest(ref('stg_loxo__person_events'), where='job_id is not null and person_id is not null') }} as newest
),
activity_moves as (
  select workflow_of.source_relation, workflow_of.remote_key, stages.stage_key, events.created_at as moved_at,
    cast(events.created_by_id as {{ text }}) as mover_key, events.id as event_id, true as is_from_activity
  from workflow_of
  join events on events.source_relation = workflow_of.source_relation
    and events.job_id = workflow_of.job_id and events.person_id = workflow_of.candidate_id
  left join {{ loxo.loxo_newest(ref('stg_loxo__activity_types')) }} as types
    on types.source_relation = events.source_relation and cast(types.id as {{ text }}) = events.type_key
  join stages on stages.source_relation = workflow_of.source_relation and stages.workflow_id = workflow_of.workflow_id
    and stages.name = coalesce(events.type_name, types.name)
),
memory_moves as (
  select seen.source_relation, seen.remote_key, seen.current_stage_id as stage_key, min(seen.seen_at) as moved_at,
    cast(null as {{ text }}) as mover_key, cast(null as {{ dbt.type_bigint() }}) as event_id, false as is_from_activity
  from {{ ref('loxo_memory__applications') }} as seen
  left join activity_moves on activity_moves.source_relation = seen.source_relation
    and activity_moves.remote_key = seen.remote_key and activity_moves.stage_key = seen.current_stage_id
  where activity_moves.remote_key is null and seen.current_stage_id is not null and not seen.is_deleted
  group by seen.source_relation, seen.remote_key, seen.current_stage_id
),
moves as (
  select moves.*,
    lag(stage_key) over (partition by source_relation, remote_key order by moved_at, event_id) as stage_before
  from (select * from activity_moves union all select * from memory_moves) as moves
),
spans as (
  select moves.*,
    row_number() over (partition by source_relation, remote_key order by moved_at, event_id) as number,
    lead(moved_at) over (partition by source_relation, remote_key order by moved_at, event_id) as valid_until
  from moves
  where stage_before is null or stage_before <> stage_key
),
last_read as (select source_relation, max(newest) as newest from {{ ref('loxo_reads') }} group by source_relation)
select
  {{ dbt.hash("spans.source_relation || '|application_history|' || spans.remote_key || '|' || cast(spans.number as " ~ text ~ ")") }} as application_history_id,
  {{ loxo.loxo_id('applications', 'spans.remote_key', 'spans.source_relation') }} as application_id,
  {{ loxo.loxo_id('candidates', 'applications.candidate_id', 'spans.source_relation') }} as candidate_id,
  {{ loxo.loxo_id('jobs', 'applications.job_id', 'spans.source_relation') }} as job_id,
  {{ loxo.loxo_id('application_stages', 'spans.stage_key', 'spans.source_relation') }} as new_stage_id,
  stages.name as new_stage,
  stages.{{ loxo.loxo_quote('position') }} as stage_index_in_pipeline,
  spans.moved_at as valid_from,
  spans.valid_until,
  {{ loxo.loxo_days('spans.moved_at', 'coalesce(spans.valid_until, last_read.newest)') }} as days_in_stage,
  {{ loxo.loxo_id('users', 'spans.mover_key', 'spans.source_relation') }} as updater_user_id,
  users.name as updater_user_name,
  spans.is_from_activity,
  spans.source_relation
from spans
join applications on applications.source_relation = spans.source_relation and applications.remote_key = spans.remote_key
join last_read on last_read.source_relation = spans.source_relation
left join stages on stages.source_relation = spans.source_relation and stages.stage_key = spans.stage_key
left join {{ loxo.loxo_newest(ref('stg_loxo__users')) }} as users
  on users.source_relation = spans.source_relation and cast(users.id as {{ text }}) = spans.mover_key
