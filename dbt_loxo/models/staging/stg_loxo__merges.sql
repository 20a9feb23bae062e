{{ loxo.loxo_raw('merges') }}
