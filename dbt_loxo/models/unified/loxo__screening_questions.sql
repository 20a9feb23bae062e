{{ loxo.loxo_remembered('screening_questions') }}
