-- A row for each application, with its person, job, stage and team. Names as in Fivetran's greenhouse__application_enhanced.
{%- set text = dbt.type_string() %}
with history as (
  select source_relation, application_id, count(*) as count_stages, max(valid_from) as last_moved_at,
    min(case when is_from_activity then valid_from end) as first_moved_at
  from {{ ref('loxo__application_history') }} group by source_relation, application_id
),
team as (
  select members.source_relation, members.job_id,
    {{ loxo.loxo_join("case when " ~ loxo.loxo_json_text('members.roles') ~ " like '%\"RECRUITER\"%' then users.full_name end", 'users.full_name', ', ') }} as recruiter_name,
    {{ loxo.loxo_join("case when " ~ loxo.loxo_json_text('members.roles') ~ " like '%\"SOURCER\"%' then users.full_name end", 'users.full_name', ', ') }} as job_sourcers
  from {{ ref('loxo__job_hiring_team_members') }} as members
  join (
    select id, coalesce(first_name || ' ', '') || last_name as full_name from {{ ref('loxo__users') }}
  ) as users on users.id = members.user_id
  where members.remote_deleted_at is null
  group by members.source_relation, members.job_id
)
select
  applications.source_relation,
  applications.id as application_id,
  applications.candidate_id,
  applications.job_id,
  applications.remote_created_at as applied_at,
  case applications.outcome when 'HIRED' then 'hired' when 'DECLINED' then 'rejected' else 'active' end as status,
  case when applications.outcome = 'DECLINED' then history.last_moved_at end as rejected_at,
  applications.current_stage_id,
  stages.name as current_job_stage,
  applications.remote_updated_at as last_activity_at,
  applications.changed_at as last_updated_at,
  candidates.source as sourced_from,
  coalesce(candidates.first_name || ' ', '') || candidates.last_name as full_name,
  people.current_company,
  people.current_title,
  people.tags as candidate_tags,
  candidates.remote_created_at as candidate_created_at,
  jobs.name as job_title,
  jobs.status as job_status,
  team.recruiter_name,
  team.job_sourcers,
  coalesce(history.count_stages, 0) as count_stages,
  {{ loxo.loxo_days('applications.remote_created_at', 'history.last_moved_at') }} as days_to_current_stage,
  applications.remote_deleted_at is not null as is_deleted
from {{ ref('loxo__applications') }} as applications
left join history on history.application_id = applications.id
left join {{ ref('loxo__application_stages') }} as stages on stages.id = applications.current_stage_id
left join {{ ref('loxo__candidates') }} as candidates on candidates.id = applications.candidate_id
left join {{ ref('loxo__people') }} as people on people.person_id = applications.candidate_id
left join {{ ref('loxo__jobs') }} as jobs on jobs.id = applications.job_id
left join team on team.job_id = applications.job_id
