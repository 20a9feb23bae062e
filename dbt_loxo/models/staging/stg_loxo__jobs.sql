{{ loxo.loxo_raw('jobs') }}
