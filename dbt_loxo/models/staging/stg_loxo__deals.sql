{{ loxo.loxo_raw('deals') }}
