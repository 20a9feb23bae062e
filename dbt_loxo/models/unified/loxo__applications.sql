{{ loxo.loxo_remembered('applications') }}
