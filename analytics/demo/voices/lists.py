"""Order numbers as people paste them: in a row, one a line, as a table. Every cell is the spec's."""

from __future__ import annotations

import random
from collections.abc import Sequence

from analytics.demo.tickets import Language, OrderFact
from analytics.demo.voices.facts import write_date, write_money

_HEADS: dict[Language, tuple[str, ...]] = {
    "en": ("Order", "Ship by", "Shipped", "Delivered", "Amount"),
    "zh-Hans": ("订单号", "应发货", "揽收", "签收", "金额"),
}


def order_list(orders: Sequence[OrderFact], language: Language, dates: str, chance: random.Random) -> str:
    """All ids, oldest first; tables add dates and amounts."""
    ids = [order.order_id for order in orders]
    form = chance.choice(("row", "row", "lines", "bullets", "numbered", "table", "csv", "tight"))
    if form == "row":
        return ("、" if language != "en" and chance.random() < 0.6 else ", ").join(ids)
    if form == "tight":
        return chance.choice((";", ",", " ", "/")).join(ids)
    if form == "lines":
        return "\n".join(ids)
    if form == "bullets":
        mark = chance.choice(("-", "*", "•"))
        return "\n".join(f"{mark} {order_id}" for order_id in ids)
    if form == "numbered":
        return "\n".join(f"{i}. {order_id}" for i, order_id in enumerate(ids, 1))
    return _table(orders, language, dates, "," if form == "csv" else chance.choice(("\t", " | ")), chance)


def _table(orders: Sequence[OrderFact], language: Language, dates: str, gap: str, chance: random.Random) -> str:
    style = "iso" if gap == "," else dates
    columns = [0, *sorted(chance.sample((1, 2, 3, 4), chance.randint(1, 3)))]
    rows = [[_HEADS[language][column] for column in columns]]
    for order in orders:
        instants = (order.ship_by_at, order.shipped_at, order.delivered_at)
        cells = (
            order.order_id,
            *("-" if when is None else write_date(when, language, style) for when in instants),
            write_money(order.amount, order.currency, "en", 0),
        )
        rows.append([cells[column] for column in columns])
    return "\n".join(gap.join(row) for row in rows)
