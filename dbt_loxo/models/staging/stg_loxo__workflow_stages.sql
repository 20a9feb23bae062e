{{ loxo.loxo_raw('workflow_stages') }}
