{{ loxo.loxo_remembered('candidates') }}
