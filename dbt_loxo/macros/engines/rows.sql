{# Arrays to rows, and rows to texts. #}

{# A row for each element of a JSON array: the columns, `element` (JSON) and `position`, from 0.
   `relation` is known as r. #}
{% macro loxo_each(relation, array, columns) %}{{ return(adapter.dispatch('loxo_each', 'loxo')(relation, array, columns)) }}{% endmacro %}
{% macro default__loxo_each(relation, array, columns) -%}
  (select {{ columns }}, e.element, cast(e.position as bigint) as position
  from {{ relation }} as r lateral view posexplode(from_json({{ array }}, 'array<string>')) e as position, element)
{%- endmacro %}
{% macro duckdb__loxo_each(relation, array, columns) -%}
  (select {{ columns }}, unnest(json_extract({{ array }}, '$[*]')) as element,
    unnest(range(0, cast(json_array_length({{ array }}) as bigint))) as position
  from {{ relation }} as r)
{%- endmacro %}
{% macro postgres__loxo_each(relation, array, columns) -%}
  (select {{ columns }}, e.element, e.number - 1 as position
  from {{ relation }} as r
  cross join lateral jsonb_array_elements(
    case when jsonb_typeof({{ array }}) = 'array' then {{ array }} else cast('[]' as jsonb) end
  ) with ordinality as e(element, number))
{%- endmacro %}
{% macro snowflake__loxo_each(relation, array, columns) -%}
  (select {{ columns }}, e.value as element, e.index as position
  from {{ relation }} as r, lateral flatten(input => {{ array }}) as e)
{%- endmacro %}
{% macro bigquery__loxo_each(relation, array, columns) -%}
  (select {{ columns }}, element, position
  from {{ relation }} as r cross join unnest(json_query_array({{ array }})) as element with offset as position)
{%- endmacro %}

{# A row for each part of a text: the columns and `word`. The separator is one character. #}
{% macro loxo_each_word(relation, text, separator, columns) %}{{ return(adapter.dispatch('loxo_each_word', 'loxo')(relation, text, separator, columns)) }}{% endmacro %}
{% macro default__loxo_each_word(relation, text, separator, columns) -%}
  (select {{ columns }}, e.word from {{ relation }} as r lateral view explode(split({{ text }}, '[{{ separator }}]')) e as word)
{%- endmacro %}
{% macro duckdb__loxo_each_word(relation, text, separator, columns) -%}
  (select {{ columns }}, unnest(string_split({{ text }}, '{{ separator }}')) as word from {{ relation }} as r)
{%- endmacro %}
{% macro postgres__loxo_each_word(relation, text, separator, columns) -%}
  (select {{ columns }}, e.word from {{ relation }} as r
  cross join lateral unnest(string_to_array({{ text }}, '{{ separator }}')) as e(word))
{%- endmacro %}
{% macro snowflake__loxo_each_word(relation, text, separator, columns) -%}
  (select {{ columns }}, cast(e.value as varchar) as word
  from {{ relation }} as r, lateral flatten(input => split({{ text }}, '{{ separator }}')) as e)
{%- endmacro %}
{% macro bigquery__loxo_each_word(relation, text, separator, columns) -%}
  (select {{ columns }}, word from {{ relation }} as r cross join unnest(split({{ text }}, '{{ separator }}')) as word)
{%- endmacro %}

{# Texts of a group, joined in an order. #}
{% macro loxo_join(text, order_by, separator=',') %}{{ return(adapter.dispatch('loxo_join', 'loxo')(text, order_by, separator)) }}{% endmacro %}
{% macro default__loxo_join(text, order_by, separator) %}string_agg({{ text }}, '{{ separator }}' order by {{ order_by }}){% endmacro %}
{% macro spark__loxo_join(text, order_by, separator) -%}
  nullif(array_join(transform(array_sort(collect_list(
    case when {{ text }} is not null then named_struct('o', {{ order_by }}, 't', {{ text }}) end)), x -> x.t), '{{ separator }}'), '')
{%- endmacro %}
{% macro snowflake__loxo_join(text, order_by, separator) %}nullif(listagg({{ text }}, '{{ separator }}') within group (order by {{ order_by }}), ''){% endmacro %}

{# A JSON array of a group's JSON texts; an empty one for none. #}
{% macro loxo_json_array(text, order_by) %}('[' || coalesce({{ loxo_join(text, order_by) }}, '') || ']'){% endmacro %}
