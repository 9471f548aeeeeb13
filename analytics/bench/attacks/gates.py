"""The suite's sizes and targets as data: what each attack is run with, and what a score must hold. Measures nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Target:
    """`measure` of our score must be at most, or at least, `value`. `at`: the sizes at which it counts, all when empty.

    Scores are on 0–1. unit says in what the measure is. against: the methods that our value is compared with (value is
    then what may be lacking).
    """

    measure: str
    is_at_most: bool
    value: float
    unit: str
    at: tuple[float, ...] = ()
    against: tuple[str, ...] = ()

    def holds(self, value: float) -> bool:
        """Whether a measured value meets the target."""
        return value <= self.value if self.is_at_most else value >= self.value


@dataclass(frozen=True)
class Gate:
    """One attack of the suite: its number, the function's name, the argument that takes the sizes, the targets."""

    number: int
    attack: str
    argument: str | None = None
    sizes: tuple[float, ...] = ()
    arguments: Mapping[str, object] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    market: Literal["default", "large"] = "default"  # large: 2,000 merchants, for groups that are rare


PEERS = ("mean", "wilson", "beta", "eb")
GATES = (
    Gate(
        1,
        "ballot_stuffing",
        "share",
        (0.10, 0.25, 0.50, 1.00),
        targets=(
            Target("score_mae", True, 0.05, "score", at=(0.25,)),
            Target("top_decile_entries", True, 0.0, "merchants", at=(0.25,)),
        ),
    ),
    Gate(
        2,
        "bad_mouthing",
        "share",
        (0.05, 0.10, 0.20),
        targets=(Target("percentile_drop", True, 5.0, "percentiles", at=(0.10,)),),
    ),
    Gate(
        3,
        "sybil",
        "accounts",
        (10, 50, 200),
        targets=(Target("accounts_to_gain_a_level_ratio", False, 3.0, "times the mean's", against=("mean",)),),
    ),
    Gate(
        4,
        "whitewashing",
        targets=(
            Target("days_to_pass", False, 30.0, "days, or 50 orders whichever is met"),
            Target("orders_to_pass", False, 50.0, "orders, or 30 days whichever is met"),
            Target("score_above_prior", True, 0.0, "score"),
        ),
    ),
    Gate(
        5,
        "oscillation",
        arguments={"good_days": 30, "bad_days": 10},
        targets=(Target("days_to_detect", True, 7.0, "days"),),
    ),
    Gate(6, "camouflage", "lying", (0.30,)),
    Gate(7, "value_imbalance", arguments={"cheap": (50, 1), "dear": (5, 500)}),
    Gate(
        8,
        "collusion_ring",
        "members",
        (5, 10, 20),
        targets=(
            Target("recall", False, 0.9, "share of ring members"),
            Target("precision", False, 0.9, "share of named members"),
        ),
    ),
    Gate(
        9,
        "unfair_buyers",
        "share",
        (0.10, 0.20, 0.30, 0.40, 0.50, 0.60),
        targets=(
            Target(
                "kendall_tau_lead", False, 0.0, "tau over the best peer", at=(0.10, 0.20, 0.30, 0.40), against=PEERS
            ),
        ),
    ),
    Gate(
        10,
        "newcomers",
        arguments={"limit": 0.10},
        targets=(
            Target("false_flag_ratio", True, 1.25, "rate under 50 orders over rate above 500"),
            Target("expected_calibration_error", True, 0.03, "share"),
        ),
        market="large",
    ),
    Gate(11, "injection", "budget", (10, 50, 200)),
)
