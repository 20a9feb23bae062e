-- The tags of each person, once each. The text is trimmed; its case is kept.
select source_relation, person_key, tag, max(seen_at) as seen_at
from (
  select source_relation, cast(id as {{ dbt.type_string() }}) as person_key, trim(word) as tag, seen_at
  from {{ loxo.loxo_each_word(
    loxo.loxo_newest(ref('stg_loxo__people')), 'r.all_raw_tags', var('loxo_tag_separator', ','),
    'r.source_relation, r.id, r._airbyte_extracted_at as seen_at'
  ) }} as each_word
) as words
where tag <> ''
group by source_relation, person_key, tag
