"""Which activity type moves a candidate to which stage.

Loxo has no foreign key between the two, and a PUT of `workflow_stage_id` answers 200 and does nothing (laughjaja,
live). An activity of a certain type moves a candidate; its name is the stage's or "Moved to <stage>", its key
`moved_to_<stage>`.
"""

from __future__ import annotations

from collections.abc import Mapping

from loxo_api.client import LoxoClient
from loxo_api.endpoints import ENDPOINTS
from loxo_api.pages import Record
from loxo_api.writing.outcomes import Rejection


class Stages:
    """The stages and activity types of one account, read once.

    :param types: by stage id, the activity type that moves to it; for what the names do not tell.
    """

    def __init__(self, client: LoxoClient, types: Mapping[int, int] | None = None) -> None:
        self._client = client
        self._map = dict(types or {})
        self._stages: list[Record] = []
        self._types: list[Record] = []

    def activity_type(self, stage_id: int) -> int:
        """The type of the activity that moves a candidate to a stage.

        :raises Rejection: no type, or more than one, has the stage's name.
        """
        if stage_id in self._map:
            return self._map[stage_id]
        stage = self._stage(stage_id)
        name = _plain(stage.get("name"))
        found = {
            row["id"]
            for row in self._all_types()
            if name
            in (_plain(row.get("name")).removeprefix("moved to "), _plain(row.get("key")).removeprefix("moved to "))
        }
        if len(found) != 1:
            count = "no activity type has" if not found else f"{len(found)} activity types have"
            raise Rejection(
                f"{count} the name of stage {stage_id}: give the type of its activity in stage_activity_types"
            )
        return int(next(iter(found)))

    def is_backward(self, here: object, target: int) -> bool:
        """Whether a stage stands before another in the same workflow. Loxo moves forward only (Loxo's help)."""
        stages = self._all_stages()
        now = next((row for row in stages if row["id"] == here), None)
        goal = self._stage(target)
        if now is None or now.get("workflow_id") != goal.get("workflow_id"):
            return False
        ids = [row["id"] for row in sorted(stages, key=_place) if row.get("workflow_id") == goal.get("workflow_id")]
        return ids.index(target) < ids.index(here)

    def note_type(self) -> int:
        """The type of a note: the one with the key `general_note` (Whippy's recording).

        :raises Rejection: the agency has none.
        """
        found = [row["id"] for row in self._all_types() if row.get("key") == "general_note"]
        if len(found) != 1:
            raise Rejection("the agency has no activity type with the key general_note: give activity_type_id")
        return int(found[0])

    def _stage(self, stage_id: int) -> Record:
        for row in self._all_stages():
            if row["id"] == stage_id:
                return row
        raise Rejection(f"Loxo has no stage {stage_id}")

    def _all_stages(self) -> list[Record]:
        self._stages = self._stages or list(self._client.page(ENDPOINTS["workflow_stages"]).records)
        return self._stages

    def _all_types(self) -> list[Record]:
        self._types = self._types or list(self._client.page(ENDPOINTS["activity_types"]).records)
        return self._types


def _plain(value: object) -> str:
    return " ".join(str(value or "").replace("_", " ").casefold().split())


def _place(stage: Record) -> float:
    position = stage.get("position")
    return float(position) if isinstance(position, (int, float)) else 0.0
