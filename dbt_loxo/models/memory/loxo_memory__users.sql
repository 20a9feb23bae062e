with content as (
  select
    source_relation, id as remote_key, null as parent_key,
    {{ loxo.loxo_first_name('name') }} as first_name,
    {{ loxo.loxo_last_name('name') }} as last_name,
    {{ loxo.loxo_email('email') }} as email,
    remote_data, _airbyte_extracted_at as seen_at
  from {{ loxo.loxo_newest(ref('stg_loxo__users')) }} as users
),
{{ loxo.loxo_memory('users', stream='users', is_list=true, object='users') }}
