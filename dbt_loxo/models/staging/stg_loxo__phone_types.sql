{{ loxo.loxo_raw('phone_types') }}
