"""Actions that a test schedules for a moment between two responses: writes, settings, wrong responses."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from ..agency import mutations
from ..agency.agency import Agency
from ..settings import RESPONSE_KINDS, SettingError

Action = dict[str, Any]


class ScheduledActions:
    """Carries out actions after the n-th response for a path, and keeps the wrong responses that they ask for."""

    def __init__(self, agency: Agency, change_settings: Callable[[dict[str, Any]], None]) -> None:
        self.agency, self.change_settings = agency, change_settings
        self.pending: list[dict[str, Any]] = []
        self.wrong_responses: defaultdict[str, deque[str]] = defaultdict(deque)  # kinds by path, each used once

    def add(self, path: str, count: int, actions: list[Action]) -> None:
        """Schedule actions for the moment after the `count`-th next response for `path`; 0 is immediately."""
        if count <= 0:
            self._carry_out(path, actions)
        else:
            self.pending.append({"path": path, "count": count, "actions": actions})

    def clear(self) -> None:
        self.pending.clear()
        self.wrong_responses.clear()

    def next_wrong_response(self, names: set[str]) -> str:
        """Return the kind of the next scheduled wrong response for a path, "" if none is scheduled.

        :param names: the path of the request and the path of its endpoint.
        """
        kinds = next((self.wrong_responses[name] for name in names if self.wrong_responses.get(name)), None)
        return kinds.popleft() if kinds else ""

    def after_response(self, names: set[str]) -> None:
        """Carry out the actions that are due: the client sees their effect from its next request on."""
        for plan in [plan for plan in self.pending if plan["path"] in names]:
            plan["count"] -= 1
            if plan["count"] <= 0:
                self.pending.remove(plan)
                self._carry_out(plan["path"], plan["actions"])

    def _carry_out(self, path: str, actions: list[Action]) -> None:
        for action in actions:
            if action.get("op") == "answer":
                kind = action.get("kind")
                if kind not in RESPONSE_KINDS:
                    raise SettingError(f"unknown kind of answer {kind!r}; known: {', '.join(RESPONSE_KINDS)}")
                self.wrong_responses[action.get("path", path)].extend([kind] * int(action.get("times", 1)))
            elif action.get("op") == "set":
                self.change_settings(action["settings"])
            else:
                mutations.apply_action(self.agency, action)
