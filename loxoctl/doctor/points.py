"""Every point of the examination, one row each: the connector's assumption, and the other sides that it handles.

A side is a text, a number or a list. The remark on a side describes how the connector handles it.
"""

from __future__ import annotations

from loxoctl.doctor.findings import Point

_STREAM = "Its stream ends with an error"

# Each list, each child.
STATUS = Point(
    "status",
    "The response to its first page",
    "200",
    not_handled={
        "403": f"{_STREAM}: ask an admin to allow it for the key, or deselect the stream",
        "404 without JSON": f"{_STREAM}: a proxy responds in Loxo's place",
        "404": f"{_STREAM}: the plan lacks the object; deselect the stream",
        "3": f"{_STREAM}: redirects are not followed; correct the domain",
        "": f"{_STREAM}, and the next sync tries again",
    },
)
RECORDS_KEY = Point(
    "records key",
    "The place of its records in the response",
    handled={
        "bare list": "Both are read",
        "key ": "Both are read",
        "flat": "Both are read",
        "wrapped": "Both are read",
    },
    not_handled={
        "": f"{_STREAM}: a response without the list is never taken for the end of the data",
    },
)
PAGING = Point("paging", "The cursor or counters of its first page", otherwise="The list is read as it comes")
COUNTERS = Point(
    "page counters",
    "The place of the page counters",
    "top level",
    handled={"under pagination": "Both places are read"},
    not_handled={"none": f"{_STREAM}: without a counter the last page is unknown"},
)
SIZE = Point("default page size", "The rows of a first page without per_page, where more follow")
MAGNITUDE = Point("records, order of magnitude", "Loxo's count, or the rows of a list without one")
COUNT = Point(
    "count against rows",
    "The rows of pages against total_count",
    "not lower than the rows seen",
    handled={
        "lower than the rows": "Ends are believed only when they agree with the rows, not with a count that is too low",
        "not stated": "The list is read to its end, and cannot be reconciled",
    },
    not_handled={"no rows": f"{_STREAM}: an empty page is not taken for the end of a list that counts some"},
)
COUNT_CAP = Point(
    "count cap",
    "Counts of exactly 10,000, equal counts of several lists, and parts that add up to more than the whole",
    "none seen",
    handled={"about 10000": "A count of 10,000 is read as `at least`"},
    not_handled={"": "Lists by page number end at the capped count: please report it"},
)
PER_PAGE = Point(
    "per_page",
    "The status of a request with per_page=1",
    handled={
        "accepted": "It is tried once a sync where it may help",
        "refused": "It is not sent again after the refusal",
    },
)
PER_PAGE_DECLARED = Point(
    "per_page",
    "The status of a page that is requested with a size",
    "accepted",
    not_handled={"refused": f"{_STREAM}: please report it, so that the size is not sent"},
)
LARGEST = Point(
    "per_page above 100",
    "The rows and the counter of a page that is requested with per_page=101",
    handled={
        "capped": "100 are requested",
        "refused": "100 are requested",
        "accepted": "100 are requested",
    },
)

# Cursors.
CURSOR = Point(
    "cursor",
    "The second page, by scroll_id, page or after_id",
    "continues",
    handled={"overlaps": "Each record is delivered once"},
    not_handled={
        "none on": f"{_STREAM}: nothing leads to the records that Loxo counts beyond the page",
        "ends": f"{_STREAM}: nothing leads to the records that Loxo counts beyond the page",
        "repeats": f"{_STREAM}: the list cannot be read beyond its first page",
        "refused": f"{_STREAM}: a refused position starts over and is refused again",
        "other": f"{_STREAM} if the count is not reached",
    },
)
LAST_CURSOR = Point(
    "cursor on the last page",
    "The scroll_id of a page that completes a list",
    "present",
    handled={"null": "Each is an end if the count agrees", "absent": "Each is an end if the count agrees"},
)
BAD_CURSOR = Point(
    "invalid scroll_id",
    "The status of people with scroll_id=00",
    otherwise="A refused position starts the list over, with any status",
)

# Orders.
DEFAULT_ORDER = Point(
    "default order",
    "The timestamps of a first page, and the position of its cursor",
    "newest created first",
    otherwise="The top of a list without a sort is read again",
)
SORT = Point(
    "sort",
    "A page in either direction",
    "honoured",
    handled={
        "ignored": "Order is checked on every page: the whole list is read at each sync",
        "not in order": "Order is checked on every page: the whole list is read at each sync",
    },
)
SORT_CURSOR = Point(
    "cursor under a sort",
    "The scroll_id of a sorted page that is not the last",
    "present",
    handled={"absent": "The list is read in full without the sort"},
)
SORT_TIMES = Point(
    "timestamps under a sort",
    "Whether each row of a sorted page has the time by which it is sorted",
    "in each row",
    handled={"missing": "A record without a time does not end the read and does not affect the check of the order"},
)

# Dates and filters.
FILTER = Point(
    "filter",
    "A page with the filter, whose rows must agree with it",
    "honoured",
    handled={
        "ignored": "Its counts do not add up, so it is not used",
        "matches nothing": "Its counts do not add up, so it is not used",
    },
)
DATE_FILTER = Point(
    "date filters",
    "A range that begins and ends at the time of a known record",
    "honoured",
    handled={
        "honoured with margins": "Slices overlap and a start date is sent 26 hours early",
        "ignored": "Proven by counts before use: the list is read as a whole",
        "refused": "Proven before use: the list is read as a whole",
    },
)
BOUNDS = Point(
    "date bounds",
    "Whether ranges that begin or end at a record's time hold the record",
    "inclusive",
    handled={"exclusive": "Slices overlap by a second on either side"},
)
PRECISION = Point(
    "date precision",
    "Ranges that end or begin some time off a record's time, until one reading is left",
    "exact",
    handled={"": "Slices are proven by counts, and duplicates are left out by id"},
)
ZONE = Point(
    "date zone",
    "The same ranges",
    "as sent",
    handled={"": "A start date is sent 26 hours early, slices are proven by counts"},
)
LUCENE = Point(
    "query date range",
    "The counts of the two halves on either side of a moment",
    "honoured",
    handled={
        "ignored": "Proven by counts before use: the list is read as a whole",
        "refused": "Proven before use: the list is read as a whole",
        "halves": "Proven by counts before use: the list is read as a whole",
        "matches nothing": "Proven by counts before use: the list is read as a whole",
    },
)
RECORD_TIMES = Point(
    "form of timestamps",
    "The texts in created_at, against the moment in the cursor",
    "UTC with Z",
    otherwise="Any zone is understood, and no record is dropped for a time less than 26 hours off",
)
HAS_TIME = Point(
    "presence",
    "The sampled rows",
    "in each row",
    handled={"": "Records without a time are read; they neither set the mark nor end the read"},
)

# Fields.
NOT_SEEN = Point(
    "fields declared and not seen",
    "The sampled rows against the schema",
    otherwise="Every field is optional",
)
NOT_DECLARED = Point(
    "fields seen and not declared",
    "The sampled rows against the schema",
    otherwise="`discover` declares common fields, the rest is delivered in _loxo_additional_fields",
)
TYPES = Point(
    "types that disagree",
    "The sampled rows against the schema",
    not_handled={"": "A destination may store null: please report it, so that the schema is corrected"},
)
CUSTOM = Point(
    "custom fields by kind",
    "The keys custom_* of the sampled rows, without their numbers",
    otherwise="They are declared from dynamic_fields",
)
ODDITIES = Point(
    "odd values",
    "Deep nesting, integers beyond 64 bits, cut characters and NUL in the sampled rows",
    "none seen",
    otherwise="They pass through unchanged",
)

# The account as a whole.
CLOCK = Point("clock difference", "The Date header against this machine's clock", "under a minute",
              otherwise="Marks are taken from Loxo's clock and are never later than ours")  # fmt: skip
LATENCY = Point("time to the first byte", "The fastest response")
HEADERS = Point("rate headers", "The names of the headers that were seen", otherwise="They are not used")
THROTTLED = Point("throttling", "The statuses of all requests", "none seen",
                  otherwise="The rate falls below the rate that succeeded, and the request is sent again")  # fmt: skip
RETRY_AFTER = Point("Retry-After", "The header of 429 responses", "seconds",
                    otherwise="Seconds and dates are obeyed; without them the pause increases")  # fmt: skip
TROUBLE = Point("unusable answers", "The responses after which a request was repeated", "none seen",
                otherwise="The request is sent again, up to eight times in a sync")  # fmt: skip
ECHO = Point("key in error bodies", "The bodies of refused requests", "not seen",
             handled={"": "Texts that show the key are left out of messages"})  # fmt: skip
LIVING = Point("changes during the examination", "The counts of two pages of each list", "none seen",
               otherwise="A slice whose count moves is read again; other findings may be wrong")  # fmt: skip
UNKNOWN_ID = Point(
    "unknown id", "The response to the id 0", otherwise="A record counts as deleted after two such responses"
)
FOREIGN = Point("parameter that is not declared", "people with an undeclared parameter", "422",
                otherwise="Only declared parameters are sent")  # fmt: skip
LONG_PAGE = Point("page far beyond the end", "countries with page=100000", "empty page",
                  otherwise="No page beyond the counted ones is requested")  # fmt: skip
WALL = Point("result limit", "Pages on either side of result 10,000; a lower limit by halving", "10000",
             handled={"": "It is found by halving, and the list is read in parts"})  # fmt: skip
STAGES = Point("workflow_stages without workflow_id", "The list against those of each workflow", "all workflows",
               not_handled={"": "Stages of the other workflows are not read: please report it"})  # fmt: skip
STAGE_TYPES = Point("stages with an activity type", "The names and keys of stages against those of activity types",
                    "all", otherwise="Pipelines are read again in full once a week")  # fmt: skip
EVENT_TYPES = Point("activity types of activities", "The sampled activities against activity_types", "all listed",
                    otherwise="They are delivered as they are")  # fmt: skip
BUDGET = Point("completeness of the examination", "The checks that were carried out", "complete")
RATE = Point("pace without a 429", "A burst that stops at the first 429",
             otherwise="The rate adapts to the responses")  # fmt: skip
