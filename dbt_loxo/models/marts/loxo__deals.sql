-- A row for each deal, with its place in the pipeline and its money as exact decimals.
{%- set text = dbt.type_string() %}
select
  {{ loxo.loxo_id('deals', 'cast(deals.id as ' ~ text ~ ')', 'deals.source_relation') }} as deal_id,
  cast(deals.id as {{ text }}) as remote_id,
  deals.name,
  {{ loxo.loxo_decimal('deals.amount') }} as amount,
  {{ loxo.loxo_decimal('deals.expected_amount') }} as expected_amount,
  cast(deals.pipeline_stage_id as {{ text }}) as stage_remote_id,
  {{ loxo.loxo_json_get('deals.current_pipeline_stage', 'name') }} as stage,
  workflows.name as pipeline,
  deals.closes_at,
  cast(deals.company_id as {{ text }}) as company_remote_id,
  {{ loxo.loxo_json_get('deals.company', 'name') }} as company_name,
  {{ loxo.loxo_id('candidates', 'cast(deals.person_id as ' ~ text ~ ')', 'deals.source_relation') }} as person_id,
  {{ loxo.loxo_id('jobs', 'cast(deals.job_id as ' ~ text ~ ')', 'deals.source_relation') }} as job_id,
  {{ loxo.loxo_id('users', loxo.loxo_json_get('deals.owner', 'id'), 'deals.source_relation') }} as owner_user_id,
  deals.created_at,
  deals.updated_at,
  deals.source_relation
from {{ loxo.loxo_newest(ref('stg_loxo__deals')) }} as deals
left join {{ loxo.loxo_newest(ref('stg_loxo__workflows')) }} as workflows
  on workflows.source_relation = deals.source_relation and workflows.id = deals.workflow_id
