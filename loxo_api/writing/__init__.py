"""Writing to Loxo: nothing is reported as written that Loxo did not confirm, and nothing is written twice.

| module | content |
|---|---|
| `operations` | every create, update and delete as data, and what Loxo cannot do, by name |
| `field_names` | the names under which records are read, and the names under which they are written |
| `encoding` | values as the fields of a urlencoded form |
| `outcomes` | written, rejected or unknown, from Loxo's answer |
| `ledger` | what was sent and what became of it, in a SQLite file |
| `lookups` | how a creation whose answer was lost is found again |
| `read_back` | whether a record shows what an update sent |
| `writer` | one write: the ledger, the request, the look-up, the outcome |
| `batch` | many writes: their order, several at a time, and those that wait for a search index |
| `actions` | the seven recruiting actions |
"""
