-- A row for each placement, with its money as exact decimals; Loxo sends texts. A fee below zero is a drop-out's.
{%- set text = dbt.type_string() %}
select
  {{ loxo.loxo_id('placements', 'cast(id as ' ~ text ~ ')') }} as placement_id,
  cast(id as {{ text }}) as remote_id,
  {{ loxo.loxo_id('candidates', loxo.loxo_json_get('person', 'id')) }} as candidate_id,
  {{ loxo.loxo_id('jobs', loxo.loxo_json_get('job', 'id')) }} as job_id,
  {{ loxo.loxo_json_get('job', 'title') }} as job_title,
  {{ loxo.loxo_json_get('job', 'company.id') }} as company_remote_id,
  {{ loxo.loxo_json_get('job', 'company.name') }} as company_name,
  {{ loxo.loxo_json_get('job_type', 'name') }} as job_type,
  start_date,
  end_date,
  {{ loxo.loxo_decimal('salary') }} as salary,
  {{ loxo.loxo_decimal('fee') }} as fee,
  {{ loxo.loxo_json_get('fee_type', 'name') }} as fee_type,
  {{ loxo.loxo_decimal('bill_rate') }} as bill_rate,
  {{ loxo.loxo_decimal('pay_rate') }} as pay_rate,
  {{ loxo.loxo_decimal('margin') }} as margin,
  {{ loxo.loxo_month('created_at') }} as created_month,
  created_at,
  updated_at,
  source_relation
from {{ loxo.loxo_newest(ref('stg_loxo__placements')) }} as placements
