{{ loxo.loxo_raw('deleted_records') }}
