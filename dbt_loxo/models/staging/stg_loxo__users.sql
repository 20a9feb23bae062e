{{ loxo.loxo_raw('users') }}
