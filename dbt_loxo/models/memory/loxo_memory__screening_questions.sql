-- Loxo's options of a question are not known, so a question with a choice is UNKNOWN, as it came.
with questions as (select * from {{ ref('int_loxo__questions') }} as each_question),
content as (
  select questions.source_relation, questions.question_key as remote_key, questions.template_key as parent_key,
    {{ loxo.loxo_json_get('questions.element', 'text') }} as title,
    {{ loxo.loxo_json_get('questions.element', 'description') }} as description,
    case lower(types.{{ loxo.loxo_quote('key') }})
      when 'text' then '{"type":"TEXT","display_type":"SINGLE_LINE"}'
      when 'paragraph' then '{"type":"TEXT","display_type":"MULTI_LINE"}'
      when 'date' then '{"type":"DATE"}'
      when 'file' then '{"type":"FILE"}'
      else '{"type":"UNKNOWN","raw_question":' || {{ loxo.loxo_json_text('questions.element') }} || '}'
    end as format,
    questions.seen_at
  from questions
  left join {{ loxo.loxo_newest(ref('stg_loxo__question_types')) }} as types
    on types.source_relation = questions.source_relation
    and cast(types.id as {{ dbt.type_string() }}) = {{ loxo.loxo_json_get('questions.element', 'question_type_id') }}
),
{%- set gone = none %}
{%- do ref('stg_loxo__form_templates_details') %}
{%- if loxo.loxo_is_later() %}
{%- set gone %}
select latest.source_relation, latest.remote_key, templates.newest
from latest
join (
  select source_relation, cast(id as {{ dbt.type_string() }}) as template_key, max(_airbyte_extracted_at) as newest
  from {{ ref('stg_loxo__form_templates_details') }} group by source_relation, id
) as templates on templates.source_relation = latest.source_relation and templates.template_key = latest.parent_key
left join hashed on hashed.source_relation = latest.source_relation and hashed.remote_key = latest.remote_key
where hashed.remote_key is null and not latest.is_deleted
union all
select latest.source_relation, latest.remote_key, reads.newest
from latest
join {{ loxo.loxo_last_reads('form_templates_details') }} as reads
  on reads.source_relation = latest.source_relation and reads.oldest > reads.newest_before
left join hashed on hashed.source_relation = latest.source_relation and hashed.remote_key = latest.remote_key
where hashed.remote_key is null and not latest.is_deleted
{%- endset %}
{%- endif %}
{{ loxo.loxo_memory('screening_questions', gone=gone) }}
