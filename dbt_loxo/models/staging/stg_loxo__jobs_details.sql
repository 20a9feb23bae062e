{{ loxo.loxo_raw('jobs_details') }}
