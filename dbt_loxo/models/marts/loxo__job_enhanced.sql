-- A row for each job, with its funnel and its time to fill. Names as in Fivetran's greenhouse__job_enhanced.
{%- set text = dbt.type_string() %}
with funnel as (
  select job_id,
    count(*) as count_applications,
    sum(case when outcome = 'PENDING' then 1 else 0 end) as count_active_applications,
    sum(case when outcome = 'HIRED' then 1 else 0 end) as count_hired_applications,
    sum(case when outcome = 'DECLINED' then 1 else 0 end) as count_rejected_applications
  from {{ ref('loxo__applications') }} where remote_deleted_at is null group by job_id
),
hires as (
  select history.job_id, min(history.valid_from) as first_hired_at
  from {{ ref('loxo__application_history') }} as history
  join {{ ref('loxo_stage_meanings') }} as meanings
    on meanings.outcome = 'HIRED' and lower(trim(history.new_stage)) like meanings.pattern
  group by history.job_id
),
raw as (
  select source_relation, {{ loxo.loxo_id('jobs', 'cast(id as ' ~ text ~ ')') }} as job_id, filled_at, updated_at,
    {{ loxo.loxo_json_get('company', 'id') }} as company_remote_id, {{ loxo.loxo_json_get('company', 'name') }} as company_name
  from {{ loxo.loxo_newest(ref('stg_loxo__jobs')) }} as newest
)
select
  jobs.source_relation,
  jobs.id as job_id,
  jobs.name as job_title,
  jobs.status,
  jobs.confidential as is_confidential,
  raw.company_remote_id,
  raw.company_name,
  jobs.remote_created_at as created_at,
  raw.updated_at as last_updated_at,
  jobs.opened_at,
  raw.filled_at as last_opening_closed_at,
  hires.first_hired_at,
  {{ loxo.loxo_days('jobs.opened_at', 'coalesce(raw.filled_at, hires.first_hired_at)') }} as days_to_fill,
  coalesce(funnel.count_applications, 0) as count_applications,
  coalesce(funnel.count_active_applications, 0) as count_active_applications,
  coalesce(funnel.count_hired_applications, 0) as count_hired_applications,
  coalesce(funnel.count_rejected_applications, 0) as count_rejected_applications,
  jobs.salary_currency as compensation_band_currency,
  jobs.salary_period as compensation_band_interval,
  jobs.salary_amount_from as compensation_band_min,
  jobs.salary_amount_to as compensation_band_max,
  jobs.remote_deleted_at is not null as is_deleted
from {{ ref('loxo__jobs') }} as jobs
left join raw on raw.job_id = jobs.id
left join funnel on funnel.job_id = jobs.id
left join hires on hires.job_id = jobs.id
