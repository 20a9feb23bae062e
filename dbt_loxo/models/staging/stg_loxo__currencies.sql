{{ loxo.loxo_raw('currencies') }}
