{{ loxo.loxo_raw('countries') }}
