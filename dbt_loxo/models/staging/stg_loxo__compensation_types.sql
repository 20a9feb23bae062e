{{ loxo.loxo_raw('compensation_types') }}
