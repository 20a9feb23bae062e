{{ loxo.loxo_remembered('users') }}
