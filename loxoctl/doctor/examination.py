"""All checks in their order: first those that the others depend on, last those that can be left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from loxo_api.errors import LoxoError
from loxoctl.doctor import (
    account_checks,
    cursor_checks,
    date_checks,
    field_checks,
    filter_checks,
    list_checks,
    order_checks,
    points,
)
from loxoctl.doctor.context import ACCOUNT, Context
from loxoctl.doctor.findings import Findings
from loxoctl.doctor.rate_check import check_rate
from loxoctl.doctor.survey import BudgetError, Survey

Check = Callable[[Context], None]

# These send requests.
ASKING: tuple[Check, ...] = (
    list_checks.check_lists,
    list_checks.check_children,
    cursor_checks.check_cursors,
    list_checks.check_undeclared_size,
    list_checks.check_largest_page,
    account_checks.check_small_requests,
    order_checks.check_sorts,
    filter_checks.check_result_limit,
    date_checks.check_record_times,
    date_checks.check_date_filters,
    account_checks.check_workflows,
    account_checks.check_fresh_counts,
    cursor_checks.check_bad_cursor,
    filter_checks.check_filters,
    date_checks.check_query_dates,
    account_checks.check_life,
)
# These examine the responses at hand.
LOOKING: tuple[Check, ...] = (
    list_checks.check_counts,
    cursor_checks.check_ends,
    order_checks.check_default_orders,
    date_checks.check_presence,
    field_checks.check_fields,
    account_checks.check_clock,
    account_checks.check_traffic,
)


def examine(survey: Survey, measure_rate: bool = False) -> Findings:
    """Everything that an examination of an account can find.

    :raises LoxoError: no list can be read.
    """
    context = Context(survey)
    _carry_out(ASKING, context)
    if measure_rate:
        check_rate(context)
    _carry_out(LOOKING, context)
    return context.findings


def _carry_out(checks: Iterable[Check], context: Context) -> None:
    for check in checks:
        try:
            check(context)
        except BudgetError:
            why = f"All requests or all time was used: {check.__name__} and all later checks were cut short"
            context.findings.add_failed(ACCOUNT, points.BUDGET, why)
            return
        except LoxoError:
            raise
        except Exception as error:
            # A value that no check foresees must not cost the findings of all others. Its text may contain that value.
            why = f"{check.__name__} ended with {type(error).__name__}: please report it"
            context.findings.add_failed(ACCOUNT, points.BUDGET, why)
