{# JSON, engine by engine. Text that these macros build is JSON in the same order of keys on every engine. #}

{# The text of a value at a path of keys; null for JSON's null. #}
{% macro loxo_json_get(json, path) %}{{ return(adapter.dispatch('loxo_json_get', 'loxo')(json, path)) }}{% endmacro %}
{% macro default__loxo_json_get(json, path) %}get_json_object({{ json }}, '$.{{ path }}'){% endmacro %}
{% macro duckdb__loxo_json_get(json, path) %}json_extract_string({{ json }}, '$.{{ path }}'){% endmacro %}
{% macro postgres__loxo_json_get(json, path) %}({{ json }} #>> '{{ '{' ~ path | replace('.', ',') ~ '}' }}'){% endmacro %}
{% macro snowflake__loxo_json_get(json, path) %}cast(get_path({{ json }}, '{{ path }}') as varchar){% endmacro %}
{% macro bigquery__loxo_json_get(json, path) %}json_value({{ json }}, '$.{{ path }}'){% endmacro %}

{# The JSON value of a key. #}
{% macro loxo_json_sub(json, key) %}{{ return(adapter.dispatch('loxo_json_sub', 'loxo')(json, key)) }}{% endmacro %}
{% macro default__loxo_json_sub(json, key) %}get_json_object({{ json }}, '$.{{ key }}'){% endmacro %}
{% macro duckdb__loxo_json_sub(json, key) %}json_extract({{ json }}, '$.{{ key }}'){% endmacro %}
{% macro postgres__loxo_json_sub(json, key) %}({{ json }} -> '{{ key }}'){% endmacro %}
{% macro snowflake__loxo_json_sub(json, key) %}get_path({{ json }}, '{{ key }}'){% endmacro %}
{% macro bigquery__loxo_json_sub(json, key) %}json_query({{ json }}, '$.{{ key }}'){% endmacro %}

{# The text of a key of an array's first element. #}
{% macro loxo_json_first(json, key) %}{{ return(adapter.dispatch('loxo_json_first', 'loxo')(json, key)) }}{% endmacro %}
{% macro default__loxo_json_first(json, key) %}get_json_object({{ json }}, '$[0].{{ key }}'){% endmacro %}
{% macro duckdb__loxo_json_first(json, key) %}json_extract_string({{ json }}, '$[0].{{ key }}'){% endmacro %}
{% macro postgres__loxo_json_first(json, key) %}({{ json }} #>> '{{ '{0,' ~ key ~ '}' }}'){% endmacro %}
{% macro snowflake__loxo_json_first(json, key) %}cast(get_path({{ json }}, '[0].{{ key }}') as varchar){% endmacro %}
{% macro bigquery__loxo_json_first(json, key) %}json_value({{ json }}, '$[0].{{ key }}'){% endmacro %}

{# A column of a raw table as the type on which the macros above work. #}
{% macro loxo_json_column(column) %}{{ return(adapter.dispatch('loxo_json_column', 'loxo')(column)) }}{% endmacro %}
{% macro default__loxo_json_column(column) %}cast({{ column }} as string){% endmacro %}
{% macro duckdb__loxo_json_column(column) %}cast({{ column }} as json){% endmacro %}
{% macro postgres__loxo_json_column(column) %}cast({{ column }} as jsonb){% endmacro %}
{% macro snowflake__loxo_json_column(column) %}to_variant({{ column }}){% endmacro %}
{% macro bigquery__loxo_json_column(column) %}{{ column }}{% endmacro %}

{# A column of JSON that holds a text, as that text. #}
{% macro loxo_json_scalar(column) %}{{ return(adapter.dispatch('loxo_json_scalar', 'loxo')(column)) }}{% endmacro %}
{% macro default__loxo_json_scalar(column) %}cast({{ column }} as {{ dbt.type_string() }}){% endmacro %}
{% macro duckdb__loxo_json_scalar(column) %}json_extract_string({{ column }}, '$'){% endmacro %}
{% macro postgres__loxo_json_scalar(column) %}(cast({{ column }} as jsonb) #>> '{}'){% endmacro %}
{% macro bigquery__loxo_json_scalar(column) %}json_value({{ column }}){% endmacro %}

{# JSON as text. #}
{% macro loxo_json_text(json) %}{{ return(adapter.dispatch('loxo_json_text', 'loxo')(json)) }}{% endmacro %}
{% macro default__loxo_json_text(json) %}cast({{ json }} as {{ dbt.type_string() }}){% endmacro %}
{% macro snowflake__loxo_json_text(json) %}to_json({{ json }}){% endmacro %}
{% macro bigquery__loxo_json_text(json) %}to_json_string({{ json }}){% endmacro %}

{# Text that is JSON as the engine's own type, for the columns that users see. #}
{% macro loxo_json_parse(text) %}{{ return(adapter.dispatch('loxo_json_parse', 'loxo')(text)) }}{% endmacro %}
{% macro default__loxo_json_parse(text) %}{{ text }}{% endmacro %}
{% macro duckdb__loxo_json_parse(text) %}cast({{ text }} as json){% endmacro %}
{% macro postgres__loxo_json_parse(text) %}cast({{ text }} as jsonb){% endmacro %}
{% macro snowflake__loxo_json_parse(text) %}parse_json({{ text }}){% endmacro %}
{% macro bigquery__loxo_json_parse(text) %}parse_json({{ text }}, wide_number_mode => 'round'){% endmacro %}

{# A text as a JSON string. #}
{% macro loxo_json_quote(text) %}{{ return(adapter.dispatch('loxo_json_quote', 'loxo')(text)) }}{% endmacro %}
{% macro default__loxo_json_quote(text) -%}
  nullif(trim(both '[]' from to_json(array({{ text }}))), 'null')
{%- endmacro %}
{% macro duckdb__loxo_json_quote(text) %}(case when {{ text }} is not null then cast(to_json(cast({{ text }} as varchar)) as varchar) end){% endmacro %}
{% macro postgres__loxo_json_quote(text) %}cast(to_json(cast({{ text }} as text)) as text){% endmacro %}
{% macro snowflake__loxo_json_quote(text) %}to_json(to_variant({{ text }})){% endmacro %}
{% macro bigquery__loxo_json_quote(text) %}(case when {{ text }} is not null then to_json_string({{ text }}) end){% endmacro %}

{# A time as Loxo writes it. #}
{% macro loxo_iso(time) %}{{ return(adapter.dispatch('loxo_iso', 'loxo')(time)) }}{% endmacro %}
{% macro default__loxo_iso(time) %}date_format({{ time }}, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"){% endmacro %}
{% macro duckdb__loxo_iso(time) %}strftime({{ time }}, '%Y-%m-%dT%H:%M:%S.%gZ'){% endmacro %}
{% macro postgres__loxo_iso(time) %}to_char({{ time }}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'){% endmacro %}
{% macro snowflake__loxo_iso(time) %}to_varchar({{ time }}, 'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"'){% endmacro %}
{% macro bigquery__loxo_iso(time) %}format_timestamp('%Y-%m-%dT%H:%M:%E3SZ', {{ time }}){% endmacro %}

{# [{"id": 1, "value": "x"}] as ["x"], the values of a hierarchy; anything else as it is. #}
{% macro loxo_json_values(json) -%}
  case when {{ loxo_json_text(json) }} like '[%"value"%' then {{ adapter.dispatch('loxo_json_values', 'loxo')(json) }}
  else {{ loxo_json_text(json) }} end
{%- endmacro %}
{% macro default__loxo_json_values(json) -%}
  to_json(transform(from_json({{ json }}, 'array<struct<value:string>>'), x -> x.value))
{%- endmacro %}
{% macro duckdb__loxo_json_values(json) %}cast(to_json(json_extract({{ json }}, '$[*].value')) as varchar){% endmacro %}
{% macro postgres__loxo_json_values(json) %}cast(jsonb_path_query_array({{ json }}, '$[*].value') as text){% endmacro %}
{% macro snowflake__loxo_json_values(json) %}to_json(transform(cast({{ json }} as array), x -> get_path(x, 'value'))){% endmacro %}
{% macro bigquery__loxo_json_values(json) -%}
  to_json_string(array(select json_value(x, '$.value') from unnest(json_query_array({{ json }})) as x))
{%- endmacro %}

{# The JSON text of a column of a kind. #}
{% macro loxo_json_value(expression, kind) -%}
  {%- if kind == 'json' -%}{{ loxo_json_text(expression) }}
  {%- elif kind == 'timestamp' -%}('"' || {{ loxo_iso(expression) }} || '"')
  {%- elif kind == 'date' -%}('"' || cast({{ expression }} as {{ dbt.type_string() }}) || '"')
  {%- elif kind == 'text' -%}{{ loxo_json_quote(expression) }}
  {%- else -%}cast({{ expression }} as {{ dbt.type_string() }})
  {%- endif -%}
{%- endmacro %}

{# The text of an object. `pairs`: a list of (key, JSON text); `tail` is what ends it. #}
{% macro loxo_json_object(pairs, tail="'}'") -%}
  ('{' || substr(
    {%- for key, value in pairs %}
    ',"{{ key }}":' || coalesce({{ value }}, 'null')
    {%- if not loop.last %} || {% endif %}
    {%- endfor %}, 2) || {{ tail }})
{%- endmacro %}
