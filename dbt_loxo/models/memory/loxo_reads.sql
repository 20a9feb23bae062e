-- A row for each read of a stream that a build saw first: how many rows its table had, and between which times they
-- were read. The memories tell by it which tables were read whole.
{% set streams = [
  'users', 'jobs', 'jobs_details', 'people', 'job_candidates', 'workflow_stages', 'form_templates_details',
  'person_events', 'placements', 'deals', 'companies', 'merges', 'deleted_records',
] %}
with reads as (
  {%- for stream in streams %}
  select source_relation, '{{ stream }}' as stream, count(*) as row_count,
    min(_airbyte_extracted_at) as oldest, max(_airbyte_extracted_at) as newest
  from {{ ref('stg_loxo__' ~ stream) }}
  group by source_relation
  {%- if not loop.last %}
  union all
  {%- endif %}
  {%- endfor %}
)
select reads.source_relation, reads.stream, cast(reads.row_count as {{ dbt.type_bigint() }}) as row_count, reads.oldest, reads.newest
from reads
{%- if loxo.loxo_is_later() %}
left join (
  select source_relation, stream, max(newest) as newest from {{ this }} group by source_relation, stream
) as known on known.source_relation = reads.source_relation and known.stream = reads.stream
where known.newest is null or reads.newest > known.newest
{%- endif %}
