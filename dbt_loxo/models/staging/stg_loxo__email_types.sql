{{ loxo.loxo_raw('email_types') }}
