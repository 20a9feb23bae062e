{{ loxo.loxo_raw('people') }}
