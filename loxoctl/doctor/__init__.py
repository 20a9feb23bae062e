"""Examines the behaviour of one account, and compares it with the connector's assumptions. Only GET is sent.

| module | content |
|---|---|
| `points` | every point of the examination, one row each: the assumption, and the other sides that are handled |
| `findings` | the finding on a point, and the verdict |
| `survey` | the requests: counted, paced, GET only |
| `samples` | the first page of each list, and one sample of the objects below it |
| `*_checks`, `rate_check` | a check for each point, or for a few points that share requests |
| `bounds` | how a server may read a date bound, and which reading the account has |
| `examination` | all checks in their order |
| `report` | the findings as JSON and as Markdown, without the account's data |
"""
