{{ loxo.loxo_remembered('jobs') }}
