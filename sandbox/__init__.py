"""A local server for Loxo's public API, with a generated recruiting agency behind it.

The demo, the tests and the benchmarks read it. It shares no code with the connector: its sources are Loxo's OpenAPI
document 1.2.5 and the recordings and code of other public clients (loxo-cli, Ampersand's connector, loxo-mcp-server,
Whippy). Where no source shows the behaviour of Loxo, a setting offers each possibility (see `settings.py`).

| To change | Open |
|---|---|
| the command line `python -m sandbox` | `__main__.py` |
| the class that starts and controls a server from a test | `process.py` |
| the settings, with their defaults and sources | `settings.py` |
| endpoints: paths, filters, pagination styles | `api/endpoints.py` |
| authentication, faults, the order of checks on a request | `api/server.py`, `api/faults.py` |
| response bodies; pages and cursors | `api/responses.py`, `api/pagination.py`, `api/serialization.py` |
| filters, sorting, the `query` parameter | `api/filters.py`, `api/lucene.py` |
| writes: accepted fields, validation and faults | `api/write_rules.py`, `api/writes.py` |
| effects of writes | `agency/write_effects.py` |
| forms of bodies; their fields in records | `api/forms.py`; `agency/body_fields.py` |
| wrong responses that a setting or a test selects | `api/wrong_responses.py`, `api/scheduled_actions.py` |
| the control API below `/_sandbox/` | `api/control.py` |
| the fields of people, jobs, candidates, ... | `agency/records/`, one module for each object |
| types, statuses, users, workflows | `agency/reference_lists.py` |
| custom fields; countries, states, cities | `agency/custom_fields.py`; `agency/geography.py` |
| the moves of candidates through the stages of jobs | `agency/hiring_history.py` |
| the contents of files | `agency/file_contents.py` |
| names and texts of the generated records | `agency/sample_names.py`, `agency/sample_texts.py` |
| the number of rows, the assembly of all tables | `agency/generator.py` |
| row storage, relations between tables | `agency/table.py`, `agency/agency.py` |
| changes of rows: create, update, delete, move a candidate | `agency/mutations.py` |
| changes that the account makes by itself | `agency/background_changes.py` |
| the work of days between two starts of one agency | `agency/workdays.py` |

Imports point one way: `__main__` → `api` → `agency` → `settings` → `timestamps`, `hashing`.
"""
