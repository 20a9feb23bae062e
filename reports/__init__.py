"""The first look at an account: `make report` builds the models of dbt_loxo in a DuckDB file and draws one HTML page.

| To change | Open |
|---|---|
| a chart: its words, its SQL, its marks | its file in `charts/` |
| the numbers at the top | `headlines.sql` |
| what charts find beside the models | `facts.py` |
| colours, fonts and layout | `page.html` (HTML and CSS), `drawing.py` (the charts) |
| how dbt runs | `models.py` |
"""
