{# The memory: an append-only log per model, with inserts only, so that it runs on tables that know no merge.

A row is added for a content (by hash) that differs from the newest row of its key, and, with is_deleted and the last
values, for a key that is gone. A key is gone
- by deleted_records, where that stream is synced;
- if the raw table was replaced by a newer read, which lacks the key (overwrite, refresh);
- if a list that is always read whole left its row at an earlier read (merge; `is_list`);
- by the model's own rule (`gone`): a query of source_relation, remote_key, gone_at.
Otherwise the warehouse cannot know. #}

{# Whether this build has a memory already. Without a connection, a variable says so. #}
{% macro loxo_is_later() %}
  {%- if var('loxo_build', none) -%}{{ return(var('loxo_build') == 'later') }}{%- endif -%}
  {{ return(is_incremental()) }}
{% endmacro %}

{# The rows that may differ from the memory: those read since its newest content, and those that it holds as deleted.
   A day before that is taken along, because the clocks of two syncs may differ. #}
{% macro loxo_since_memory(key='id') %}
  {%- if not loxo.loxo_is_later() -%}{{ return(none) }}{%- endif -%}
  {%- set time = loxo.loxo_type('timestamp') -%}
  {%- set condition -%}
    (_airbyte_extracted_at >= (
      select {{ loxo.loxo_day_before("coalesce(min(newest), cast('1970-01-02' as " ~ time ~ "))") }} from (
        select source_relation, max(seen_at) as newest from {{ this }} where not is_deleted group by source_relation
      ) as marks
    ) or cast({{ key }} as {{ dbt.type_string() }}) in (select remote_key from {{ this }} where is_deleted))
  {%- endset -%}
  {{ return(condition) }}
{% endmacro %}

{# The newest row of each key of a log, which is a relation. #}
{% macro loxo_latest(log) -%}
  {{ return(adapter.dispatch('loxo_first_of', 'loxo')(log, ['source_relation', 'remote_key'], 'build')) }}
{%- endmacro %}

{# The last two reads of a stream that builds saw: newest (of the last), newest_before. #}
{% macro loxo_last_reads(stream) -%}
(
  select source_relation,
    max(case when read_age = 1 then newest end) as newest,
    max(case when read_age = 1 then oldest end) as oldest,
    max(case when read_age = 2 then newest end) as newest_before
  from (
    select source_relation, oldest, newest,
      row_number() over (partition by source_relation order by newest desc) as read_age
    from {{ ref('loxo_reads') }}
    where stream = '{{ stream }}'
  ) as by_age
  group by source_relation
)
{%- endmacro %}

{% macro loxo_memory(model, stream=none, is_list=false, gone=none, object=none) %}
  {%- set columns = loxo.loxo_model_columns(model) -%}
  {%- set text = dbt.type_string() -%}
  {#- Named here, because dbt finds a model's references before it knows of a later build. -#}
  {%- do ref('loxo_reads') -%}
  {%- set is_later = loxo.loxo_is_later() %}
hashed as (
  select
    source_relation,
    cast(remote_key as {{ text }}) as remote_key,
    cast(parent_key as {{ text }}) as parent_key,
    {%- for name, kind in columns.items() %}
    cast({{ loxo.loxo_quote(name) }} as {{ text if kind.startswith('id of ') else loxo.loxo_type(kind) }}) as {{ loxo.loxo_quote(name) }},
    {%- endfor %}
    {%- set texts = [] %}
    {%- for name in columns %}{% do texts.append("coalesce(cast(" ~ loxo.loxo_quote(name) ~ " as " ~ text ~ "), '~')") %}{% endfor %}
    {{ dbt.hash(texts | join(" || '|' || ")) }} as content_hash,
    cast(seen_at as {{ loxo.loxo_type('timestamp') }}) as seen_at
  from content
),
{%- if is_later %}
latest as (select * from {{ loxo.loxo_latest(this) }} as newest),
{%- endif %}
gone as (
  select source_relation, remote_key, min(gone_at) as gone_at
  from (
    select source_relation, record_id as remote_key, noticed_at as gone_at
    from {{ ref('stg_loxo__deleted_records') }}
    where {% if object %}object = '{{ object }}' and restored_at is null{% else %}1 = 0{% endif %}
    {%- if gone %}
    union all
    {{ gone }}
    {%- endif %}
    {%- if stream and is_list %}
    union all
    select listed.source_relation, cast(listed.id as {{ text }}), reads.newest
    from {{ loxo.loxo_newest(ref('stg_loxo__' ~ stream)) }} as listed
    join {{ loxo.loxo_last_reads(stream) }} as reads on reads.source_relation = listed.source_relation
    where listed._airbyte_extracted_at <= reads.newest_before
    {%- endif %}
    {%- if stream and is_later %}
    union all
    select latest.source_relation, latest.remote_key, reads.newest
    from latest
    join {{ loxo.loxo_last_reads(stream) }} as reads
      on reads.source_relation = latest.source_relation and reads.oldest > reads.newest_before
    left join (
      select source_relation, cast(id as {{ text }}) as remote_key from {{ ref('stg_loxo__' ~ stream) }}
    ) as present on present.source_relation = latest.source_relation and present.remote_key = latest.remote_key
    where present.remote_key is null and not latest.is_deleted
    {%- endif %}
  ) as reasons
  group by source_relation, remote_key
)
{%- set names = ['source_relation', 'remote_key', 'parent_key'] %}
{%- for name in columns %}{% do names.append(loxo.loxo_quote(name)) %}{% endfor %}
{%- do names.append('content_hash') %}
{%- set build = '(select coalesce(max(build), 0) + 1 from ' ~ this ~ ')' if is_later else '1' %}
select
  {% for name in names %}hashed.{{ name }}, {% endfor %}
  coalesce(gone.gone_at, hashed.seen_at) as seen_at,
  gone.gone_at is not null as is_deleted,
  cast({{ build }} as {{ dbt.type_bigint() }}) as build
from hashed
left join gone on gone.source_relation = hashed.source_relation and gone.remote_key = hashed.remote_key
{%- if is_later %}
left join latest on latest.source_relation = hashed.source_relation and latest.remote_key = hashed.remote_key
where latest.remote_key is null
  or (gone.gone_at is null and (latest.is_deleted or latest.content_hash <> hashed.content_hash))
union all
select
  {% for name in names %}latest.{{ name }}, {% endfor %}
  gone.gone_at as seen_at,
  {{ 'true' }} as is_deleted,
  cast({{ build }} as {{ dbt.type_bigint() }}) as build
from latest
join gone on gone.source_relation = latest.source_relation and gone.remote_key = latest.remote_key
where not latest.is_deleted
{%- endif %}
{% endmacro %}

{# For a model whose rows come out of a parent's record: what the memory holds and the parent no longer shows.
   The parent is a row of another model; its deletion takes its children along, also where a merge left its raw row. #}
{% macro loxo_gone_from_parent(parent_model, parent_stream) %}
  {%- set text = dbt.type_string() -%}
  {%- do ref('stg_loxo__' ~ parent_stream) -%}
  {%- set query -%}
    select child.source_relation, child.remote_key, parent.seen_at as gone_at
    from (
      select source_relation, remote_key, parent_key from hashed
      {%- if loxo.loxo_is_later() %}
      union distinct
      select source_relation, remote_key, parent_key from latest
      {%- endif %}
    ) as child
    join {{ loxo.loxo_latest(ref('loxo_memory__' ~ parent_model)) }} as parent
      on parent.source_relation = child.source_relation and parent.remote_key = child.parent_key and parent.is_deleted
    {%- if loxo.loxo_is_later() %}
    union all
    select child.source_relation, child.remote_key, parent.seen_at
    from latest as child
    join (
      select source_relation, cast(id as {{ text }}) as remote_key, max(_airbyte_extracted_at) as seen_at
      from {{ ref('stg_loxo__' ~ parent_stream) }} group by source_relation, id
    ) as parent on parent.source_relation = child.source_relation and parent.remote_key = child.parent_key
    left join hashed on hashed.source_relation = child.source_relation and hashed.remote_key = child.remote_key
    where not child.is_deleted and hashed.remote_key is null
    {%- endif %}
  {%- endset -%}
  {{ return(query) }}
{% endmacro %}
