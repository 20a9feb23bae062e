{{ loxo.loxo_raw('person_events') }}
