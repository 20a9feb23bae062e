{{ loxo.loxo_raw('companies') }}
