{# Types, by the kinds of declared_columns.sql. JSON is text in the memory: a hash needs one form of it. #}

{% macro loxo_type(kind) %}
  {%- if kind in ('text', 'json') -%}{{ dbt.type_string() }}
  {%- elif kind == 'integer' -%}{{ dbt.type_bigint() }}
  {%- elif kind == 'number' -%}{{ 'bignumeric' if target.type == 'bigquery' else 'decimal(38, 9)' }}
  {%- elif kind == 'boolean' -%}{{ dbt.type_boolean() }}
  {%- elif kind == 'date' -%}date
  {%- else -%}{{ return(adapter.dispatch('loxo_timestamp_type', 'loxo')()) }}
  {%- endif -%}
{% endmacro %}

{% macro default__loxo_timestamp_type() %}timestamp{% endmacro %}
{% macro snowflake__loxo_timestamp_type() %}timestamp_ntz{% endmacro %}

{# Null for a text that is not a number. #}
{% macro loxo_decimal(text) %}{{ return(adapter.dispatch('loxo_decimal', 'loxo')(text)) }}{% endmacro %}
{% macro default__loxo_decimal(text) %}try_cast({{ text }} as decimal(38, 9)){% endmacro %}
{% macro snowflake__loxo_decimal(text) %}try_to_decimal({{ text }}, 38, 9){% endmacro %}
{% macro bigquery__loxo_decimal(text) %}safe_cast({{ text }} as bignumeric){% endmacro %}
{% macro postgres__loxo_decimal(text) -%}
  case when {{ text }} ~ '^\s*[-+]?[0-9]{1,29}(\.[0-9]*)?\s*$' then cast({{ text }} as decimal(38, 9)) end
{%- endmacro %}

{# A time of the raw tables as a time of UTC without zone. `type` is the column's; none if it is not known. #}
{% macro loxo_utc(column, type=none) %}{{ return(adapter.dispatch('loxo_utc', 'loxo')(column, type)) }}{% endmacro %}
{% macro default__loxo_utc(column, type) %}cast({{ column }} as timestamp){% endmacro %}
{% macro duckdb__loxo_utc(column, type) -%}
  {%- if type and 'zone' in type %}({{ column }} at time zone 'UTC'){% else %}cast({{ column }} as timestamp){% endif -%}
{%- endmacro %}
{% macro postgres__loxo_utc(column, type) -%}
  {%- if type and 'without time zone' in type %}{{ column }}
  {%- else %}(cast({{ column }} as timestamptz) at time zone 'UTC'){% endif -%}
{%- endmacro %}
{% macro snowflake__loxo_utc(column, type) %}cast(convert_timezone('UTC', cast({{ column }} as timestamp_tz)) as timestamp_ntz){% endmacro %}

{# Seconds since 1970, whole. #}
{% macro loxo_seconds(time) %}{{ return(adapter.dispatch('loxo_seconds', 'loxo')(time)) }}{% endmacro %}
{% macro default__loxo_seconds(time) %}floor(extract(epoch from {{ time }})){% endmacro %}
{% macro duckdb__loxo_seconds(time) %}floor(epoch({{ time }})){% endmacro %}
{% macro spark__loxo_seconds(time) %}unix_timestamp({{ time }}){% endmacro %}
{% macro bigquery__loxo_seconds(time) %}unix_seconds({{ time }}){% endmacro %}
{% macro snowflake__loxo_seconds(time) %}date_part(epoch_second, {{ time }}){% endmacro %}

{# Whole days between two times. #}
{% macro loxo_days(start, end) -%}
  cast(floor(({{ loxo_seconds(end) }} - {{ loxo_seconds(start) }}) / 86400.0) as {{ dbt.type_bigint() }})
{%- endmacro %}

{% macro loxo_month(time) %}cast({{ dbt.date_trunc('month', time) }} as date){% endmacro %}

{# The n-th part of a text, from 1; null or '' if there is none. #}
{% macro loxo_part(text, separator, n) %}{{ return(adapter.dispatch('loxo_part', 'loxo')(text, separator, n)) }}{% endmacro %}
{% macro default__loxo_part(text, separator, n) %}split_part({{ text }}, '{{ separator }}', {{ n }}){% endmacro %}
{% macro bigquery__loxo_part(text, separator, n) %}split({{ text }}, '{{ separator }}')[safe_offset({{ n - 1 }})]{% endmacro %}

{# Loxo has one name: all but its last word, and its last word; a name of one word is a last name. #}
{% macro loxo_last_name(name) %}nullif(reverse({{ loxo_part('reverse(trim(' ~ name ~ '))', ' ', 1) }}), ''){% endmacro %}
{% macro loxo_first_name(name) -%}
  nullif(trim(substr(trim({{ name }}), 1, length(trim({{ name }})) - length({{ loxo_last_name(name) }}))), '')
{%- endmacro %}

{# A column's name as it is written without quotes: Snowflake keeps those in upper case. #}
{% macro loxo_quote(name) %}{{ return(adapter.quote(name | upper if target.type == 'snowflake' else name)) }}{% endmacro %}

{# dbt.dateadd asks for a connection on Databricks, and makes a DATETIME on BigQuery. #}
{% macro loxo_day_before(time) %}{{ return(adapter.dispatch('loxo_day_before', 'loxo')(time)) }}{% endmacro %}
{% macro default__loxo_day_before(time) %}({{ time }} - interval '1' day){% endmacro %}
{% macro snowflake__loxo_day_before(time) %}dateadd(day, -1, {{ time }}){% endmacro %}
{% macro bigquery__loxo_day_before(time) %}timestamp_sub({{ time }}, interval 1 day){% endmacro %}
