{{ loxo.loxo_raw('form_templates_details') }}
