-- The agency's own fields in long form: a row for each record and field that holds a value.
{%- set text = dbt.type_string() -%}
{%- set streams = {'people': 'Person', 'jobs': 'Job', 'companies': 'Company', 'deals': 'Deal', 'placements': 'Placement'} -%}
{%- set queries = [] -%}
{%- for stream, item_type in streams.items() -%}
  {%- do ref('stg_loxo__' ~ stream) -%}
  {%- for column, kind in loxo.loxo_custom_columns(stream).items() -%}
    {%- set query -%}
select source_relation, '{{ item_type }}' as item_type, cast(id as {{ text }}) as record_remote_id, '{{ column }}' as field_key,
  {{ loxo.loxo_json_values(column) if kind == 'json' else 'cast(' ~ column ~ ' as ' ~ text ~ ')' }} as value
from {{ loxo.loxo_newest(ref('stg_loxo__' ~ stream), where=column ~ ' is not null') }} as newest
    {%- endset -%}
    {%- do queries.append(query) -%}
  {%- endfor -%}
{%- endfor %}
select
  each_value.item_type,
  each_value.record_remote_id,
  each_value.field_key,
  fields.name as field_label,
  {{ loxo.loxo_json_get('fields.dynamic_field_type', 'name') }} as field_type,
  each_value.value,
  each_value.source_relation
from (
  {%- if queries %}
  {{ queries | join('\nunion all\n') }}
  {%- else %}
  select source_relation, item_type, cast(id as {{ text }}) as record_remote_id, {{ loxo.loxo_quote('key') }} as field_key, name as value
  from {{ ref('stg_loxo__dynamic_fields') }} as none_yet where 1 = 0
  {%- endif %}
) as each_value
left join {{ loxo.loxo_newest(ref('stg_loxo__dynamic_fields')) }} as fields
  on fields.source_relation = each_value.source_relation and fields.item_type = each_value.item_type
  and fields.{{ loxo.loxo_quote('key') }} = each_value.field_key
