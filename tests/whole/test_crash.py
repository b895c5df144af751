"""Snakemake and everything under it, killed at ten random moments of the small study: the same results."""

import random
import re
import time

from small_study import SmallStudy, differences, wait_until

KILLS = 10


def test_killed_ten_times_the_study_has_the_same_tables_weights_and_videos(reference, tmp_path):
    """Evaluation, explanation and report included: each tenth of the steps sees one kill."""
    draws, rules = random.Random(), []
    study = SmallStudy(tmp_path)
    study.start(*study.local())
    wait_until(lambda: " steps (" in study.said.read_text(), 1800, "the first step")
    total = int(re.findall(r" of (\d+) steps", study.said.read_text())[0])
    for number in range(KILLS):
        study.wait_for_steps(draws.uniform(number / KILLS, (number + 1) / KILLS) * total)
        time.sleep(draws.uniform(0, 5))
        if study.ended():
            break
        study.kill()
        rules.append(re.findall(r"^(?:local)?rule (\w+):", study.said.read_text(), re.MULTILINE)[-1])
        study.unlock()
        study.start(*study.local())
    assert study.process.wait(7200) == 0, study.said.read_text()[-4000:]
    print(f"killed {len(rules)} times; the last rules started before: {', '.join(rules)}")
    assert len(rules) >= KILLS - 1
    assert differences(reference.digests(), study.digests()) == []
    assert len(reference.digests()) > 100
    assert not [path for path in study.results.rglob("*") if ".tmp" in path.name], "left over of a kill"
