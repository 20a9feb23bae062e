{{ loxo.loxo_raw('job_candidates') }}
