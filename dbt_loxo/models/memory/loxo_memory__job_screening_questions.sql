-- The questions of the form with which one applies for a job. No source names `required` and the preconditions.
with content as (
  select details.source_relation,
    cast(details.id as {{ dbt.type_string() }}) || '|' || questions.question_key as remote_key,
    details.id as parent_key,
    questions.position as {{ loxo.loxo_quote('index') }},
    cast(null as {{ dbt.type_boolean() }}) as required,
    cast(null as {{ dbt.type_string() }}) as precondition_question_id,
    cast(null as {{ dbt.type_string() }}) as precondition_options,
    details.id as job_id,
    questions.question_key as question_id,
    case when questions.seen_at > details._airbyte_extracted_at then questions.seen_at else details._airbyte_extracted_at end as seen_at
  from {{ loxo.loxo_newest(ref('stg_loxo__jobs_details')) }} as details
  join {{ ref('int_loxo__questions') }} as questions on questions.source_relation = details.source_relation
    and questions.template_key = cast(details.apply_form_template_id as {{ dbt.type_string() }})
),
{{ loxo.loxo_memory('job_screening_questions', gone=loxo.loxo_gone_from_parent('jobs', 'jobs_details')) }}
