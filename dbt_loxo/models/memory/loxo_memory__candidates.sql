{%- set on_a_job -%}
  cast(id as {{ dbt.type_string() }}) in (select {{ loxo.loxo_json_get('person', 'id') }} from {{ ref('stg_loxo__job_candidates') }})
{%- endset -%}
{%- set since = loxo.loxo_since_memory() -%}
with labels as ({{ loxo.loxo_labels('people', 'Person') }}),
people as (
  select * from {{ loxo.loxo_newest(ref('stg_loxo__people'), where=since) }} as newest
  {%- if var('loxo_only_candidates', false) | as_bool %}
  where {{ loxo.loxo_json_text('person_types') }} like '%"Candidate"%' or {{ on_a_job }}
  {%- endif %}
),
phones as (
  select each_phone.source_relation, each_phone.id,
    {{ loxo.loxo_json_array(loxo.loxo_json_object([
      ('phone_number', loxo.loxo_json_quote(loxo.loxo_json_get('each_phone.element', 'value'))),
      ('type', loxo.loxo_json_quote('types.name')),
    ]), 'each_phone.position') }} as phone_numbers
  from {{ loxo.loxo_each('people', 'r.phones', 'r.source_relation, r.id') }} as each_phone
  left join {{ loxo.loxo_newest(ref('stg_loxo__phone_types')) }} as types
    on types.source_relation = each_phone.source_relation
    and cast(types.id as {{ dbt.type_string() }}) = {{ loxo.loxo_json_get('each_phone.element', 'phone_type_id') }}
  where {{ loxo.loxo_json_get('each_phone.element', 'value') }} is not null
  group by each_phone.source_relation, each_phone.id
),
emails as (
  select each_email.source_relation, each_email.id,
    {{ loxo.loxo_json_array(loxo.loxo_json_object([
      ('email_address', loxo.loxo_json_quote(loxo.loxo_email(loxo.loxo_json_get('each_email.element', 'value')))),
      ('type', loxo.loxo_json_quote('types.name')),
    ]), 'each_email.position') }} as email_addresses
  from {{ loxo.loxo_each('people', 'r.emails', 'r.source_relation, r.id') }} as each_email
  left join {{ loxo.loxo_newest(ref('stg_loxo__email_types')) }} as types
    on types.source_relation = each_email.source_relation
    and cast(types.id as {{ dbt.type_string() }}) = {{ loxo.loxo_json_get('each_email.element', 'email_type_id') }}
  where {{ loxo.loxo_email(loxo.loxo_json_get('each_email.element', 'value')) }} is not null
  group by each_email.source_relation, each_email.id
),
content as (
  select
    people.source_relation, people.id as remote_key, null as parent_key,
    {{ loxo.loxo_first_name('people.name') }} as first_name,
    {{ loxo.loxo_last_name('people.name') }} as last_name,
    {{ loxo.loxo_json_get('people.source_type', 'name') }} as source,
    coalesce(phones.phone_numbers, '[]') as phone_numbers,
    coalesce(emails.email_addresses, '[]') as email_addresses,
    case when people.linkedin_url is null or people.linkedin_url like '%/search/%' then '[]'
      else '[' || {{ loxo.loxo_json_object([
        ('link', loxo.loxo_json_quote('people.linkedin_url')), ('type', "'\"LinkedIn\"'"),
        ('username', loxo.loxo_json_quote(
          "nullif(" ~ loxo.loxo_part(loxo.loxo_part(loxo.loxo_part('people.linkedin_url', '/in/', 2), '?', 1), '/', 1) ~ ", '')"
        )),
      ]) }} || ']' end as social_media,
    {{ loxo.loxo_json_object([
      ('city', loxo.loxo_json_quote('people.city')),
      ('country', loxo.loxo_json_quote('coalesce(countries.code, people.country)')),
      ('raw', loxo.loxo_json_quote('people.location')), ('state', loxo.loxo_json_quote('people.state')),
      ('street_1', loxo.loxo_json_quote('people.address')), ('street_2', "'null'"), ('zip_code', loxo.loxo_json_quote('people.zip')),
    ]) }} as location,
    {{ loxo.loxo_custom_fields('people', 'people') }} as custom_fields,
    {{ loxo.loxo_integration_fields('people', 'people') }} as integration_fields,
    people.created_at as remote_created_at,
    people.updated_at as remote_updated_at,
    people.remote_data,
    people._airbyte_extracted_at as seen_at
  from people
  left join phones on phones.source_relation = people.source_relation and phones.id = people.id
  left join emails on emails.source_relation = people.source_relation and emails.id = people.id
  left join (
    select source_relation, lower(trim(name)) as name, min(code) as code
    from {{ loxo.loxo_newest(ref('stg_loxo__countries')) }} as listed
    group by source_relation, lower(trim(name))
  ) as countries on countries.source_relation = people.source_relation and countries.name = lower(trim(people.country))
  left join labels on labels.source_relation = people.source_relation
),
{%- set merged %}
select source_relation, cast(merged_item_id as {{ dbt.type_string() }}), created_at
from {{ ref('stg_loxo__merges') }} where lower(item_type) = 'person'
{%- endset %}
{{ loxo.loxo_memory('candidates', stream='people', object='people', gone=merged) }}
