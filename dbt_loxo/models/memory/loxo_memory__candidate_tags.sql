with content as (
  select source_relation, person_key || '|' || tag as remote_key, person_key as parent_key,
    person_key as candidate_id, tag as tag_id, seen_at
  from {{ ref('int_loxo__person_tags') }} as person_tags
),
{{ loxo.loxo_memory('candidate_tags', gone=loxo.loxo_gone_from_parent('candidates', 'people')) }}
