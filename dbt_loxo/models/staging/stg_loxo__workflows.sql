{{ loxo.loxo_raw('workflows') }}
