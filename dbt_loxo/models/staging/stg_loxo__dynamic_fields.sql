{{ loxo.loxo_raw('dynamic_fields') }}
