{# The fields of the ten models between the common ones, in the order of the models' documents. A kind is one of
   declared_columns.sql, or `id of <model>`: in the memory Loxo's key, in the model our id. #}
{% macro loxo_model_columns(model) %}
  {%- set columns = {
    'users': {'first_name': 'text', 'last_name': 'text', 'email': 'text', 'remote_data': 'json'},
    'jobs': {
      'name': 'text', 'description': 'text', 'confidential': 'boolean', 'employment_type': 'text', 'status': 'text',
      'visibility': 'text', 'category': 'text', 'post_url': 'text', 'remote_work_status': 'text',
      'salary_amount': 'number', 'salary_amount_from': 'number', 'salary_amount_to': 'number',
      'salary_currency': 'text', 'salary_period': 'text', 'location': 'json', 'custom_fields': 'json',
      'integration_fields': 'json', 'opened_at': 'timestamp', 'closed_at': 'timestamp',
      'remote_created_at': 'timestamp', 'remote_data': 'json',
    },
    'candidates': {
      'first_name': 'text', 'last_name': 'text', 'source': 'text', 'phone_numbers': 'json', 'email_addresses': 'json',
      'social_media': 'json', 'location': 'json', 'custom_fields': 'json', 'integration_fields': 'json',
      'remote_created_at': 'timestamp', 'remote_updated_at': 'timestamp', 'remote_data': 'json',
    },
    'application_stages': {'name': 'text', 'global_index': 'integer', 'remote_data': 'json'},
    'applications': {
      'outcome': 'text', 'current_stage_id': 'id of application_stages', 'job_id': 'id of jobs',
      'candidate_id': 'id of candidates', 'remote_created_at': 'timestamp', 'remote_updated_at': 'timestamp',
      'remote_data': 'json',
    },
    'screening_questions': {'title': 'text', 'description': 'text', 'format': 'json'},
    'tags': {'name': 'text'},
    'candidate_tags': {'candidate_id': 'id of candidates', 'tag_id': 'id of tags'},
    'job_screening_questions': {
      'index': 'integer', 'required': 'boolean', 'precondition_question_id': 'id of screening_questions',
      'precondition_options': 'json', 'job_id': 'id of jobs', 'question_id': 'id of screening_questions',
    },
    'job_hiring_team_members': {'roles': 'json', 'job_id': 'id of jobs', 'user_id': 'id of users'},
  } -%}
  {{ return(columns[model]) }}
{% endmacro %}

{# A stable id of ours: of the agency, the model and Loxo's key. #}
{% macro loxo_id(model, key, source_relation='source_relation') -%}
  case when {{ key }} is not null then {{ dbt.hash(source_relation ~ " || '|" ~ model ~ "|' || " ~ key) }} end
{%- endmacro %}

{# A model from its memory: the newest row of each key. A deletion counts as a change; its row keeps the last values. #}
{% macro loxo_remembered(model, has_remote_id=true) %}
{%- set columns = loxo.loxo_model_columns(model) %}
select
  {{ loxo.loxo_id(model, 'remote_key') }} as id,
  {%- if has_remote_id is string %}
  cast(null as {{ dbt.type_string() }}) as remote_id,
  {%- elif has_remote_id %}
  remote_key as remote_id,
  {%- endif %}
  seen_at as changed_at,
  case when is_deleted then seen_at end as remote_deleted_at,
  {%- for name, kind in columns.items() %}
  {%- set column = loxo.loxo_quote(name) %}
  {% if kind.startswith('id of ') %}{{ loxo.loxo_id(kind[6:], column) }} as {{ column }}
  {%- elif kind == 'json' %}{{ loxo.loxo_json_parse(column) }} as {{ column }}
  {%- else %}{{ column }}{% endif %},
  {%- endfor %}
  source_relation
from {{ loxo.loxo_latest(ref('loxo_memory__' ~ model)) }} as memory
{% endmacro %}
