{# Fields that several models share. #}

{# One row per agency: the label of each custom column of a kind of record, by dynamic_fields. Two fields of one label
   keep their keys. #}
{% macro loxo_labels(stream, item_type) %}
select source_relation
  {%- for name in loxo.loxo_custom_columns(stream) %},
  max(case when field_key = '{{ name }}' then label end) as {{ name }}
  {%- endfor %}
from (
  select source_relation, {{ loxo.loxo_quote('key') }} as field_key,
    case when count(*) over (partition by source_relation, name) = 1 then name else {{ loxo.loxo_quote('key') }} end as label
  from {{ loxo.loxo_newest(ref('stg_loxo__dynamic_fields')) }} as fields
  where item_type = '{{ item_type }}'
) as labelled
group by source_relation
{% endmacro %}

{% macro loxo_custom_value(column, kind) -%}
  {%- if kind == 'json' -%}{{ loxo.loxo_json_values(column) }}
  {%- else -%}{{ loxo.loxo_json_value(column, kind) }}
  {%- endif -%}
{%- endmacro %}

{# {label: value} of the custom fields that hold a value. #}
{% macro loxo_custom_fields(stream, alias) -%}
  {%- set custom = loxo.loxo_custom_columns(stream) -%}
  {%- if not custom -%}'{}'{%- else -%}
  ('{' || substr(
    {%- for name, kind in custom.items() %}
    coalesce(case when {{ alias }}.{{ name }} is not null then ',' || {{ loxo.loxo_json_quote("coalesce(labels." ~ name ~ ", '" ~ name ~ "')") }} || ':' || {{ loxo.loxo_custom_value(alias ~ '.' ~ name, kind) }} end, '')
    {%- if not loop.last %} ||{% endif %}
    {%- endfor %}, 2) || '}')
  {%- endif -%}
{%- endmacro %}

{# [{id, key, type, value, label}]: the custom fields, and as DEFAULT the columns that a variable lists. #}
{% macro loxo_integration_fields(stream, alias) -%}
  {%- set fields = [] -%}
  {%- for name in var('loxo_integration_fields', {}).get(stream, []) -%}
    {%- do fields.append((name, loxo.loxo_json_value(alias ~ '.' ~ loxo.loxo_quote(name), loxo.loxo_declared(stream)[name]), 'DEFAULT', "'\"" ~ name ~ "\"'")) -%}
  {%- endfor -%}
  {%- for name, kind in loxo.loxo_custom_columns(stream).items() -%}
    {%- do fields.append((name, loxo.loxo_custom_value(alias ~ '.' ~ name, kind), 'CUSTOM', loxo.loxo_json_quote("coalesce(labels." ~ name ~ ", '" ~ name ~ "')"))) -%}
  {%- endfor -%}
  {%- if not fields -%}'[]'{%- else -%}
  ('[' ||
    {%- for name, value, type, label in fields %}
    '{"id":"{{ name }}","key":"{{ name }}","type":"{{ type }}","value":' || coalesce({{ value }}, 'null') || ',"label":' || {{ label }} || '}{{ ',' if not loop.last }}' ||
    {%- endfor %} ']')
  {%- endif -%}
{%- endmacro %}

{# Null for what is not an address. #}
{% macro loxo_email(text) -%}
  case when {{ text }} like '%_@_%._%' and {{ text }} not like '% %' then trim({{ text }}) end
{%- endmacro %}
