-- The questions of each form. No source names their key for certain: a column, or a field without one.
select source_relation, cast(id as {{ dbt.type_string() }}) as template_key,
  {{ loxo.loxo_json_get('element', 'id') }} as question_key, element, position, seen_at
from {{ loxo.loxo_each(
  loxo.loxo_newest(ref('stg_loxo__form_templates_details')),
  'coalesce(r.questions, ' ~ loxo.loxo_json_sub('r._loxo_additional_fields', 'questions') ~ ')',
  'r.source_relation, r.id, r._airbyte_extracted_at as seen_at'
) }} as each_question
where {{ loxo.loxo_json_get('element', 'id') }} is not null
