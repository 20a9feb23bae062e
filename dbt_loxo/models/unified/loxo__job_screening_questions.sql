{{ loxo.loxo_remembered('job_screening_questions', has_remote_id=false) }}
