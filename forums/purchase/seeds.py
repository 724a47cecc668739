"""What it looks like in real life: salt for the winter, two days before the end, and nine communes out of seventeen."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from sqlmodel.ext.asyncio.session import AsyncSession

from entente import journal
from entente.clock import now
from entente.journal import Record
from entente.people.seeds import Settled, plant
from forums.kinds.seeds import CLUB, converse, evening
from forums.models import Kind
from forums.purchase.models import Answer, Lot, Purchase, Quantity, Stance, in_thousandths
from forums.purchase.service import Verb
from forums.queries import stream_of

JOINED, INTERESTED, NOT_CONCERNED = Stance.JOINED, Stance.INTERESTED, Stance.NOT_CONCERNED

_LOTS = (
    ("Sel en vrac", "tonnes", "180"),
    ("Sel en sacs de 25 kg", "sacs", "600"),
    ("Bac à sel de 200 litres", "bacs", ""),
)
_ANSWERS: Sequence[tuple[str, str, Stance, tuple[str, ...]]] = (
    ("16015", "karim-belhocine", JOINED, ("64", "120", "10")),
    ("epci", "patrice-lonjon", JOINED, ("30", "", "")),
    ("16166", "samir-ouadah", JOINED, ("12.5", "80", "4")),
    ("16291", "guillaume-tran", JOINED, ("14", "60", "")),
    ("16271", "benoit-hamelin", JOINED, ("", "48", "2")),
    ("16385", "martine-fevre", JOINED, ("", "36", "1")),
    ("16341", "regis-fougerat", INTERESTED, ("8", "40", "")),
    ("16187", "catherine-bruneteau", INTERESTED, ("", "24", "1")),
    ("16244", "laurence-teixeira", NOT_CONCERNED, ()),
)
"""The organisation, who answers for it, and how much of each lot."""


async def buy(db: AsyncSession, settled: Settled) -> None:
    """Propose to buy salt together, and let half of the communes answer."""
    thread, _ = await converse(
        db,
        settled,
        CLUB,
        "Groupement de sel\u00a0: vos tonnages avant la consultation",
        Kind.PURCHASE,
        [
            (
                "claire-sauzeau",
                11,
                9,
                "Comme convenu, une seule commande pour l’hiver\u00a0: trois lots, livraison en dépôt, un prix franco "
                "par commune. Donnez vos quantités ci-dessus, même approximatives si l’affaire vous intéresse.",
            ),
            (
                "samir-ouadah",
                10,
                11,
                "L’Isle-d’Espagnac a répondu. Pensez aux bacs\u00a0: ceux des écoles sont fendus.",
            ),
            (
                "martine-fevre",
                2,
                16,
                "Touvre aussi. Trente-six sacs, pas un de plus, je n’ai qu’un garage.",
            ),
        ],
    )
    need = "Du sel de déneigement pour l’hiver, livré avant la mi-décembre dans chaque dépôt communal."
    await plant(db, [Purchase(thread_id=thread.id, need=need, deadline=evening(2), version=1 + len(_ANSWERS))])
    lots = [
        Lot(
            purchase_id=thread.id,
            place=place,
            name=name,
            unit=unit,
            thousandths=in_thousandths(Decimal(expected)) if expected else None,
        )
        for place, (name, unit, expected) in enumerate(_LOTS)
    ]
    await plant(db, lots)
    at = now()
    await plant(
        db,
        [
            Answer(
                purchase_id=thread.id,
                organisation_id=settled.organisations[town],
                stance=stance,
                person_id=settled.people[who],
                at=at - timedelta(days=10) + timedelta(hours=20 * number),
            )
            for number, (town, who, stance, _) in enumerate(_ANSWERS)
        ],
    )
    await plant(
        db,
        [
            Quantity(
                lot_id=lot.id,
                organisation_id=settled.organisations[town],
                purchase_id=thread.id,
                thousandths=in_thousandths(Decimal(much)),
            )
            for town, _, _, quantities in _ANSWERS
            for lot, much in zip(lots, quantities, strict=False)
            if much
        ],
    )
    for _, who, _, _ in _ANSWERS:
        answered = [Record(stream_of(thread.id), Verb.PURCHASE_ANSWERED, thread.id)]
        await journal.append(db, answered, settled.people[who])
