{{ loxo.loxo_remembered('application_stages') }}
