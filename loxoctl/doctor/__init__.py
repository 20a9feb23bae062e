"""Finds out how one account answers, and compares it with what the connector assumes. Only GET is sent.

| module | what lives there |
|---|---|
| `points` | every point that is looked at, one row each: what is assumed, and which other sides are handled |
| `findings` | what was found on a point, and the verdict |
| `survey` | the requests: counted, paced, GET only |
| `samples` | the first page of each list, and one sample of what stands below it |
| `*_checks`, `rate_check` | a check for each point, or for a few points that share requests |
| `bounds` | how a server may read a date bound, and which reading the account has |
| `examination` | all checks in their order |
| `report` | the findings as JSON and as Markdown, without the account's data |
"""
