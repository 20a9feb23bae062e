{{ loxo.loxo_remembered('candidate_tags', has_remote_id=false) }}
