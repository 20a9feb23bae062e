with labels as ({{ loxo.loxo_labels('jobs', 'Job') }}),
content as (
  select
    jobs.source_relation, jobs.id as remote_key, null as parent_key,
    jobs.title as name,
    details.description,
    coalesce(jobs.company_hidden, {{ loxo.loxo_json_get('jobs.company', 'hidden') }} = 'true') as confidential,
    coalesce(types.employment_type, {{ loxo.loxo_json_get('jobs.job_type', 'name') }}) as employment_type,
    coalesce(statuses.status, {{ loxo.loxo_json_get('jobs.status', 'name') }}) as status,
    case when jobs.published then 'PUBLIC' end as visibility,
    coalesce({{ loxo.loxo_json_get('jobs.category', 'name') }}, {{ loxo.loxo_json_first('jobs.categories', 'name') }}) as category,
    jobs.public_url as post_url,
    case when jobs.remote_work_allowed then 'REMOTE'
      {%- if var('loxo_not_remote_is_on_site', false) | as_bool %} when not jobs.remote_work_allowed then 'ON_SITE'{% endif %} end as remote_work_status,
    {{ loxo.loxo_decimal('jobs.salary') }} as salary_amount,
    {{ loxo.loxo_decimal('jobs.salary_min') }} as salary_amount_from,
    {{ loxo.loxo_decimal('jobs.salary_max') }} as salary_amount_to,
    currencies.code as salary_currency,
    coalesce(periods.salary_period, compensation_types.name) as salary_period,
    {{ loxo.loxo_json_object([
      ('city', loxo.loxo_json_quote('jobs.city')), ('country', loxo.loxo_json_quote('jobs.country_code')),
      ('raw', loxo.loxo_json_quote('jobs.macro_address')), ('state', loxo.loxo_json_quote('jobs.state_code')),
      ('street_1', loxo.loxo_json_quote('jobs.address')), ('street_2', "'null'"), ('zip_code', loxo.loxo_json_quote('jobs.zip')),
    ]) }} as location,
    {{ loxo.loxo_custom_fields('jobs', 'jobs') }} as custom_fields,
    {{ loxo.loxo_integration_fields('jobs', 'jobs') }} as integration_fields,
    jobs.opened_at,
    coalesce(jobs.filled_at, jobs.published_end_date) as closed_at,
    jobs.created_at as remote_created_at,
    jobs.remote_data,
    case when details._airbyte_extracted_at > jobs._airbyte_extracted_at
      then details._airbyte_extracted_at else jobs._airbyte_extracted_at end as seen_at
  from {{ loxo.loxo_newest(ref('stg_loxo__jobs')) }} as jobs
  left join {{ loxo.loxo_newest(ref('stg_loxo__jobs_details')) }} as details
    on details.source_relation = jobs.source_relation and details.id = jobs.id
  left join {{ loxo.loxo_newest(ref('stg_loxo__currencies')) }} as currencies
    on currencies.source_relation = jobs.source_relation and currencies.id = jobs.salary_currency_id
  left join {{ loxo.loxo_newest(ref('stg_loxo__compensation_types')) }} as compensation_types
    on compensation_types.source_relation = jobs.source_relation and compensation_types.id = jobs.salary_type_id
  left join {{ ref('loxo_salary_period_meanings') }} as periods on periods.name = lower(trim(compensation_types.name))
  left join {{ ref('loxo_job_type_meanings') }} as types
    on types.name = lower(trim({{ loxo.loxo_json_get('jobs.job_type', 'name') }}))
  left join {{ ref('loxo_job_status_meanings') }} as statuses
    on statuses.name = lower(trim({{ loxo.loxo_json_get('jobs.status', 'name') }}))
  left join labels on labels.source_relation = jobs.source_relation
),
{{ loxo.loxo_memory('jobs', stream='jobs', object='jobs') }}
