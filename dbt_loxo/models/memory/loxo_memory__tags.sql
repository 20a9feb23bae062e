-- Loxo has no list of tags: a tag is a text that a person carries, and is gone when nobody carries it.
with content as (
  select source_relation, tag as remote_key, null as parent_key, tag as name, max(seen_at) as seen_at
  from {{ ref('int_loxo__person_tags') }} as person_tags
  group by source_relation, tag
),
{%- set gone = none %}
{%- do ref('stg_loxo__people') %}
{%- if loxo.loxo_is_later() %}
{%- set gone %}
select latest.source_relation, latest.remote_key, people.newest
from latest
join (
  select source_relation, max(_airbyte_extracted_at) as newest from {{ ref('stg_loxo__people') }} group by source_relation
) as people on people.source_relation = latest.source_relation
left join hashed on hashed.source_relation = latest.source_relation and hashed.remote_key = latest.remote_key
where hashed.remote_key is null and not latest.is_deleted
{%- endset %}
{%- endif %}
{{ loxo.loxo_memory('tags', gone=gone) }}
