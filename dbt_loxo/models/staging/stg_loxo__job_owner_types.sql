{{ loxo.loxo_raw('job_owner_types') }}
