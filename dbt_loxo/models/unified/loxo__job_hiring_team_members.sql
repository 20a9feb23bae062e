{{ loxo.loxo_remembered('job_hiring_team_members', has_remote_id=false) }}
