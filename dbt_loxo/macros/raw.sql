{# The raw tables, as any Airbyte destination or PyAirbyte wrote them, in one form.

loxo_raw('people') is a query with: source_relation, agency_slug, each declared column (null where the table lacks it),
each custom_* column, _loxo_additional_fields, remote_data (JSON text) and _airbyte_extracted_at. A table that is
missing gives no rows. Nothing here may become a view: a view blocks or breaks the destination's next write. #}

{% macro loxo_sources() %}
  {%- set one = {'schema': var('loxo_schema'), 'agency_slug': var('loxo_agency_slug'), 'database': var('loxo_database', none)} -%}
  {{ return(var('loxo_sources', []) or [one]) }}
{% endmacro %}

{# Streams that a variable can switch off. All others are looked up. #}
{% macro loxo_is_used(stream) %}
  {%- set groups = {
    'deleted_records': 'deleted_records', 'jobs_details': 'full_records', 'form_templates_details': 'full_records',
    'person_events': 'activities', 'activity_types': 'activities', 'merges': 'activities',
    'placements': 'business', 'deals': 'business', 'companies': 'business', 'dynamic_fields': 'custom_fields',
  } -%}
  {{ return(stream not in groups or (var('loxo_using_' ~ groups[stream], true) | as_bool)) }}
{% endmacro %}

{# The name that a stream's table has in the catalog, where dbt looks for exactly that. #}
{% macro loxo_table_name(stream, database, schema) %}
  {{ return(adapter.dispatch('loxo_table_name', 'loxo')(stream, database, schema)) }}
{% endmacro %}
{% macro default__loxo_table_name(stream, database, schema) %}{{ return(stream) }}{% endmacro %}
{% macro snowflake__loxo_table_name(stream, database, schema) %}{{ return(stream | upper) }}{% endmacro %}
{# DuckDB keeps the case in which a table was made: a destination may have written PEOPLE. #}
{% macro duckdb__loxo_table_name(stream, database, schema) %}
  {%- if not (execute and var('loxo_introspect', true) | as_bool) -%}{{ return(stream) }}{%- endif -%}
  {%- set found = run_query(
    "select table_name from information_schema.tables where table_catalog = '" ~ database ~ "' and table_schema = '" ~ schema
    ~ "' and lower(table_name) = '" ~ stream ~ "'"
  ) -%}
  {{ return(found.rows[0][0] if found.rows | length else stream) }}
{% endmacro %}

{# The table of a stream and its columns' types by name: none if it is missing. Without introspection, the declared. #}
{% macro loxo_table(stream, source) %}
  {%- if not loxo.loxo_is_used(stream) -%}{{ return(none) }}{%- endif -%}
  {%- set database = source.get('database') or target.database -%}
  {%- set name = loxo.loxo_table_name(stream, database, source['schema']) -%}
  {%- if var('loxo_introspect', true) | as_bool -%}
    {%- if not execute -%}{{ return(none) }}{%- endif -%}
    {%- set relation = adapter.get_relation(database=database, schema=source['schema'], identifier=name) -%}
    {%- if relation is none -%}{{ return(none) }}{%- endif -%}
    {%- set types = {} -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
      {%- do types.update({column.name | lower: column.data_type | lower}) -%}
    {%- endfor -%}
    {{ return({'relation': relation, 'types': types}) }}
  {%- endif -%}
  {%- set types = {'_loxo_additional_fields': none} -%}
  {%- for column in (loxo.loxo_declared(stream).keys() | list) + var('loxo_custom_columns', {}).get(stream, []) -%}
    {%- do types.update({column: none}) -%}
  {%- endfor -%}
  {{ return({'relation': api.Relation.create(database=database, schema=source['schema'], identifier=name), 'types': types}) }}
{% endmacro %}

{% macro loxo_kind_of_type(type) %}
  {%- if type is none -%}{{ return('text') }}{%- endif -%}
  {%- if 'json' in type or 'variant' in type or 'struct' in type or '[]' in type -%}{{ return('json') }}
  {%- elif 'timestamp' in type -%}{{ return('timestamp') }}
  {%- elif type == 'date' -%}{{ return('date') }}
  {%- elif 'bool' in type -%}{{ return('boolean') }}
  {%- elif 'int' in type -%}{{ return('integer') }}
  {%- elif 'decimal' in type or 'numeric' in type or 'double' in type or 'float' in type or 'number' in type -%}{{ return('number') }}
  {%- else -%}{{ return('text') }}
  {%- endif -%}
{% endmacro %}

{# Kinds by name of what an account's table has beyond the declared columns, over all agencies. #}
{% macro loxo_other_columns(stream) %}
  {%- set found = {} -%}
  {%- set declared = loxo.loxo_declared(stream) -%}
  {%- for source in loxo.loxo_sources() -%}
    {%- set table = loxo.loxo_table(stream, source) -%}
    {%- if table -%}
      {%- for name, type in table['types'].items() if name not in declared and not name.startswith('_') -%}
        {#- A list or an object, also where there is no type for JSON. -#}
        {%- set is_json = name.startswith('custom_hierarchy_') or (name.startswith('custom_') and '_range_' in name) -%}
        {%- do found.update({name: 'json' if is_json else loxo.loxo_kind_of_type(type)}) -%}
      {%- endfor -%}
    {%- endif -%}
  {%- endfor -%}
  {%- set sorted_columns = {} -%}
  {%- for name in found | sort -%}{%- do sorted_columns.update({name: found[name]}) -%}{%- endfor -%}
  {{ return(sorted_columns) }}
{% endmacro %}

{% macro loxo_custom_columns(stream) %}
  {%- set custom = {} -%}
  {%- for name, kind in loxo.loxo_other_columns(stream).items() if name.startswith('custom_') -%}
    {%- do custom.update({name: kind}) -%}
  {%- endfor -%}
  {{ return(custom) }}
{% endmacro %}

{# A column of a raw table in one type. #}
{% macro loxo_column(name, kind, type) %}
  {%- set column = loxo.loxo_quote(name) -%}
  {%- set is_json = type is not none and loxo.loxo_kind_of_type(type) == 'json' -%}
  {%- if kind == 'json' -%}{{ loxo.loxo_json_column(column) }}
  {%- elif kind == 'timestamp' -%}{{ loxo.loxo_utc(column, type) }}
  {%- elif is_json -%}cast({{ loxo.loxo_json_scalar(column) }} as {{ loxo.loxo_type(kind) }})
  {#- A double may not fit into a decimal, and would end the build. -#}
  {%- elif kind == 'number' and type is not none and type != 'decimal(38,9)' -%}
    {{ loxo.loxo_decimal('cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')') }}
  {%- else -%}cast({{ column }} as {{ loxo.loxo_type(kind) }})
  {%- endif -%}
{% endmacro %}

{% macro loxo_null(kind) -%}
  {%- if kind == 'json' -%}{{ loxo.loxo_json_column('null') if target.type != 'bigquery' else 'cast(null as json)' }}
  {%- else -%}cast(null as {{ loxo.loxo_type(kind) }}){%- endif -%}
{%- endmacro %}

{% macro loxo_raw(stream) %}
  {%- set columns = dict(loxo.loxo_declared(stream)) -%}
  {%- do columns.update(loxo.loxo_other_columns(stream)) -%}
  {%- do columns.update({'_loxo_additional_fields': 'json'}) -%}
  {%- set pairs = [] -%}
  {%- for name, kind in columns.items() if not name.startswith('_') -%}
    {%- set value = loxo.loxo_json_value(loxo.loxo_quote(name), kind) -%}
    {%- do pairs.append((name, value)) -%}
  {%- endfor %}
select
  normalised.*,
  {%- set additional = loxo.loxo_json_text('_loxo_additional_fields') %}
  {{ loxo.loxo_json_object(pairs, tail="case when " ~ additional ~ " like '%:%' then ',' || substr(trim(" ~ additional ~ "), 2) else '}' end") }} as remote_data
from (
  {%- for source in loxo.loxo_sources() %}
  {%- set table = loxo.loxo_table(stream, source) %}
  {%- if not loop.first %}
  union all
  {%- endif %}
  select
    {{ dbt.string_literal(dbt.escape_single_quotes(source['agency_slug'])) }} as source_relation,
    {%- for name, kind in columns.items() %}
    {{ loxo.loxo_column(name, kind, table['types'][name]) if table and name in table['types'] else loxo.loxo_null(kind) }} as {{ loxo.loxo_quote(name) }},
    {%- endfor %}
    {{ loxo.loxo_column('_airbyte_extracted_at', 'timestamp', table['types'].get('_airbyte_extracted_at')) if table else loxo.loxo_null('timestamp') }} as _airbyte_extracted_at
  from {{ table['relation'] if table else '(select 1 as one) as missing where 1 = 0' }}
  {%- endfor %}
) as normalised
{% endmacro %}

{# The newest row of each key: appended tables hold several, and a merge may leave two. `where` narrows first. #}
{% macro loxo_newest(relation, key=['id'], where=none) -%}
  {{ return(adapter.dispatch('loxo_first_of', 'loxo')(relation, ['source_relation'] + key, '_airbyte_extracted_at', where)) }}
{%- endmacro %}

{# The row of each key that is the last in an order. #}
{% macro default__loxo_first_of(relation, key, order_by, where=none) -%}
(
  select * from (
    select all_rows.*, row_number() over (partition by {{ key | join(', ') }} order by {{ order_by }} desc) as row_age
    from {{ relation }} as all_rows
    {%- if where %}
    where {{ where }}
    {%- endif %}
  ) as by_age where row_age = 1
)
{%- endmacro %}

{# PostgreSQL takes `row_age = 1` for one row in two hundred, and then plans joins that never end. #}
{% macro postgres__loxo_first_of(relation, key, order_by, where=none) -%}
(
  select distinct on ({{ key | join(', ') }}) * from {{ relation }} as all_rows
  {%- if where %}
  where {{ where }}
  {%- endif %}
  order by {{ key | join(', ') }}, {{ order_by }} desc
)
{%- endmacro %}
