{{ loxo.loxo_raw('placements') }}
