{{ loxo.loxo_raw('activity_types') }}
