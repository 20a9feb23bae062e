with candidates as (
  select newest.*,
    {{ loxo.loxo_json_get('person', 'id') }} as person_key,
    {{ loxo.loxo_json_get('latest_person_event', 'updated_at') }} as latest_event_at
  from {{ loxo.loxo_newest(ref('stg_loxo__job_candidates'), key=['job_id', 'id']) }} as newest
),
first_events as (
  select source_relation, job_id, person_id, min(created_at) as created_at
  from {{ ref('stg_loxo__person_events') }}
  where job_id is not null and person_id is not null
  group by source_relation, job_id, person_id
),
placed as (
  select distinct source_relation,
    {{ loxo.loxo_json_get('person', 'id') }} as person_key, {{ loxo.loxo_json_get('job', 'id') }} as job_key
  from {{ ref('stg_loxo__placements') }}
),
stages as (
  select stages.source_relation, stages.id,
    max(case when meanings.outcome = 'DECLINED' then 1 else 0 end) as is_declined,
    max(case when meanings.outcome = 'HIRED' then 1 else 0 end) as is_hired
  from {{ ref('stg_loxo__workflow_stages') }} as stages
  join {{ ref('loxo_stage_meanings') }} as meanings on lower(trim(stages.name)) like meanings.pattern
  group by stages.source_relation, stages.id
),
content as (
  select
    candidates.source_relation, candidates.id as remote_key, candidates.job_id as parent_key,
    case
      when {{ loxo.loxo_json_get('candidates.candidate_rejection_reason', 'id') }} is not null
        or {{ loxo.loxo_json_get('candidates.candidate_rejection_reason', 'name') }} is not null
        or stages.is_declined = 1 then 'DECLINED'
      when stages.is_hired = 1 or placed.person_key is not null then 'HIRED'
      else 'PENDING'
    end as outcome,
    cast(candidates.workflow_stage_id as {{ dbt.type_string() }}) as current_stage_id,
    cast(candidates.job_id as {{ dbt.type_string() }}) as job_id,
    candidates.person_key as candidate_id,
    first_events.created_at as remote_created_at,
    {{ loxo.loxo_utc('candidates.latest_event_at') }} as remote_updated_at,
    candidates.remote_data,
    candidates._airbyte_extracted_at as seen_at
  from candidates
  left join stages on stages.source_relation = candidates.source_relation and stages.id = candidates.workflow_stage_id
  left join placed on placed.source_relation = candidates.source_relation
    and placed.person_key = candidates.person_key and placed.job_key = cast(candidates.job_id as {{ dbt.type_string() }})
  left join first_events on first_events.source_relation = candidates.source_relation
    and first_events.job_id = candidates.job_id
    and cast(first_events.person_id as {{ dbt.type_string() }}) = candidates.person_key
  {%- if var('loxo_only_created_after', none) %}
  where first_events.created_at >= cast('{{ var('loxo_only_created_after') }}' as {{ loxo.loxo_type('timestamp') }})
  {%- endif %}
),
{#- A pipeline is read whole: a row of an earlier read of its job was removed. A deletion of the job or person, too. #}
{%- set gone %}
select older.source_relation, cast(older.id as {{ dbt.type_string() }}), job_reads.newest
from candidates as older
join (
  select source_relation, job_id, max(_loxo_synced_at) as newest from candidates group by source_relation, job_id
) as job_reads on job_reads.source_relation = older.source_relation and job_reads.job_id = older.job_id
where older._loxo_synced_at < job_reads.newest
{%- for model, column in [('jobs', 'job_id'), ('candidates', 'candidate_id')] %}
union all
select known.source_relation, known.remote_key, deleted.seen_at
from (
  select source_relation, remote_key, {{ column }} from hashed
  {%- if loxo.loxo_is_later() %}
  union distinct
  select source_relation, remote_key, {{ column }} from latest
  {%- endif %}
) as known
join {{ loxo.loxo_latest(ref('loxo_memory__' ~ model)) }} as deleted
  on deleted.source_relation = known.source_relation and deleted.remote_key = known.{{ column }} and deleted.is_deleted
{%- endfor %}
{%- endset %}
{{ loxo.loxo_memory('applications', stream='job_candidates', object='job_candidates', gone=gone) }}
