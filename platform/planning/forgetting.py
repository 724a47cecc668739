"""How the room forgets someone: seats answered, and seats are those of communes."""

from entente.forgetting.fates import CODE, THING, Fate, Forgets, why

SEAT = "a seat answered, and a quorum was counted on it: the seat is that of a commune"
DONE = "a meeting is that of its body; who wrote it down stays a number, which leads to nobody any more"
FATES = {
    "meeting": Fate(
        stays=why(DONE, "person_id"),
        words="title place note urgency cancelled_for",
        kept=why(CODE, "link key"),
    ),
    "meeting_answer": Fate(stays=why(SEAT, "person_id")),
    "meeting_answer_link": Fate(gone="person_id", kept=why(CODE, "hash")),
    "meeting_answer_said": Fate(stays=why(SEAT, "person_id")),
    "meeting_document": Fate(stays=why(DONE, "person_id"), words="name", kept=why(CODE, "label media_type kept")),
    "meeting_invitation": Fate(gone="person_id", kept=why(CODE, "told")),
    "meeting_item": Fate(words="title note rapporteur"),
    "planning_absence": Fate(gone="person_id", words="note"),
    "planning_hall": Fate(kept=why(THING, "name address")),
    "planning_series": Fate(kept=why(CODE, "rule")),
}
forgets = Forgets(FATES, found={"meeting": "id", "meeting_item": "meeting_id"})
