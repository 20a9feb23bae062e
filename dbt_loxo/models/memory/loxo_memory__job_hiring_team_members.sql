-- A user with two roles on a job is one row with two roles; an owner without user_id is nobody's row.
with owners as (
  select source_relation, id as job_id, seen_at, position, element,
    {{ loxo.loxo_json_get('element', 'user_id') }} as user_key,
    {{ loxo.loxo_json_get('element', 'job_owner_type_id') }} as type_key
  from {{ loxo.loxo_each(
    loxo.loxo_newest(ref('stg_loxo__jobs')), 'r.owners', 'r.source_relation, r.id, r._airbyte_extracted_at as seen_at'
  ) }} as each_owner
),
roles as (
  select owners.source_relation, owners.job_id, owners.user_key, max(owners.seen_at) as seen_at,
    {{ loxo.loxo_json_array("case when owners.type_key is not null then " ~ loxo.loxo_json_object([
      ('remote_id', loxo.loxo_json_quote('owners.type_key')), ('remote_label', loxo.loxo_json_quote('types.name')),
      ('unified_type', loxo.loxo_json_quote('meanings.role')), ('scope', "'\"JOB\"'"),
    ]) ~ " end", 'owners.position') }} as roles
  from owners
  left join {{ loxo.loxo_newest(ref('stg_loxo__job_owner_types')) }} as types
    on types.source_relation = owners.source_relation
    and cast(types.id as {{ dbt.type_string() }}) = owners.type_key
  left join {{ ref('loxo_owner_role_meanings') }} as meanings on meanings.name = lower(trim(types.name))
  where owners.user_key is not null
  group by owners.source_relation, owners.job_id, owners.user_key
),
content as (
  select source_relation, cast(job_id as {{ dbt.type_string() }}) || '|' || user_key as remote_key,
    job_id as parent_key, roles, job_id, user_key as user_id, seen_at
  from roles
),
{{ loxo.loxo_memory('job_hiring_team_members', gone=loxo.loxo_gone_from_parent('jobs', 'jobs')) }}
