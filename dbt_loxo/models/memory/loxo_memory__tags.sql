-- Loxo has no list of tags: a tag is a text that a person carries, and is gone when nobody carries it.
with content as (
  select source_relation, tag_id as remote_key, null as parent_key, tag_id as name,
    coalesce(max(case when not is_deleted then seen_at end), max(seen_at)) as seen_at,
    min(case when is_deleted then 1 else 0 end) as is_gone
  from {{ loxo.loxo_latest(ref('loxo_memory__candidate_tags')) }} as carried
  group by source_relation, tag_id
),
{%- set gone %}
select source_relation, remote_key, seen_at from content where is_gone = 1
{%- endset %}
{{ loxo.loxo_memory('tags', gone=gone) }}
