-- The position restarts in each workflow: the index goes over the workflows, in the order of their ids.
with content as (
  select
    stages.source_relation, stages.id as remote_key, null as parent_key, stages.name,
    row_number() over (
      partition by stages.source_relation order by stages.workflow_id, stages.{{ loxo.loxo_quote('position') }}, stages.id
    ) - 1 as global_index,
    stages.remote_data, stages._airbyte_extracted_at as seen_at
  from {{ loxo.loxo_newest(ref('stg_loxo__workflow_stages')) }} as stages
  left join {{ loxo.loxo_newest(ref('stg_loxo__workflows')) }} as workflows
    on workflows.source_relation = stages.source_relation and workflows.id = stages.workflow_id
  where coalesce(workflows.candidate, true)
),
{{ loxo.loxo_memory('application_stages', stream='workflow_stages', is_list=true, object='workflow_stages') }}
