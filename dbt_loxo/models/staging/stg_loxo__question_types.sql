{{ loxo.loxo_raw('question_types') }}
