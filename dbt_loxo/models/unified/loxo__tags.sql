{{ loxo.loxo_remembered('tags', has_remote_id='null') }}
