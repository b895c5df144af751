"""Methods are found by the name of their file, and say pairs, views and losses; VICReg by its formula."""

import dataclasses
import importlib
import math
import re
import shutil
from pathlib import Path

import pytest
import torch
from small_pretraining import TINY, first_batch, trainer_for, videos_of

from echoclr_core.options import method_files
from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.options.method_files import method_names, method_options, method_problems, method_title
from echoclr_core.pretrain.contrastive import nt_xent
from echoclr_core.pretrain.method import pretrain_method
from echoclr_core.pretrain.methods.vicreg import vicreg
from echoclr_core.pretrain.objective import objective, order_loss
from echoclr_core.pretrain.run import pretrain
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.pretrain.views import passes

ROOT = Path(__file__).resolve().parents[2]
BASE = PretrainSettings(
    method="vicreg",
    batch_size=6,
    epochs=2,
    learning_rate=1e-3,
    precision="fp32",
    augmentation=AugmentationOptions(pad=2),
    projector=(8, 8),
)


def run(store, settings, **more):
    return pretrain(store, videos_of(store), TINY, settings, device="cpu", terminal=False, **more)


def test_the_papers_methods_are_pairs_views_and_losses():
    found = {name: pretrain_method(name) for name in method_names()}
    assert {name: (method.pairs, method.frame_order) for name, method in found.items()} == {
        "vicreg": ("study", False),
        "simclr": ("video", False),
        "mi_simclr": ("study", False),
        "echoclr": ("study", True),
    }
    assert list(found)[-3:] == ["simclr", "mi_simclr", "echoclr"]


def test_titles_and_options_that_are_read_are_those_of_the_object():
    for name in method_names():
        method = pretrain_method(name)
        assert (method_title(name), method_options(name)) == (method.title, dict(method.options))


@pytest.mark.parametrize("method", ["simclr", "mi_simclr", "echoclr"])
def test_the_objective_of_the_papers_methods_is_the_plain_formula_to_the_bit(make_store, method):
    settings = dataclasses.replace(BASE, method=method, mask_same_study=True, order_weight=0.7)
    trainer, batch = trainer_for(settings, dtype=torch.float64), first_batch(make_store(), settings)
    features = [trainer.encode(part) for part in passes(batch, settings, trainer.permutations)]
    result = objective(trainer.model, features, batch, settings)
    z_i, z_j = (trainer.model.projector(part) for part in features)
    expected = nt_xent(z_i, z_j, settings.temperature, studies=batch["studies"])
    assert torch.equal(result.parts()["contrastive_loss"], expected)
    if method == "echoclr":
        order, _ = order_loss(trainer.model.order_head(torch.cat(features)), batch)
        expected = expected + 0.7 * order
    assert torch.equal(result.total(0.7), expected)


def slow_vicreg(views):
    """The three terms coordinate by coordinate, from the publication's formulas with its code's factors."""
    n, d = views[0].shape
    invariance = sum((views[0][r, c] - views[1][r, c]) ** 2 for r in range(n) for c in range(d)) / (n * d)
    variance = covariance = 0.0
    for z in views:
        means = [sum(z[:, c]) / n for c in range(d)]
        cov = [
            [sum((z[r, a] - means[a]) * (z[r, b] - means[b]) for r in range(n)) / (n - 1) for b in range(d)]
            for a in range(d)
        ]
        variance += sum(max(0.0, 1 - math.sqrt(cov[c][c] + 1e-4)) for c in range(d)) / d / 2
        covariance += sum(cov[a][b] ** 2 for a in range(d) for b in range(d) if a != b) / d
    return invariance, variance, covariance


@pytest.mark.parametrize(("n", "d", "scale"), [(2, 3, 1.0), (7, 5, 0.3), (20, 4, 3.0)])
def test_vicreg_equals_the_slow_formula_with_its_gradient(n, d, scale):
    z = [torch.randn(n, d, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    terms = vicreg(*(scale * part for part in z))
    expected = slow_vicreg([scale * part.detach().numpy() for part in z])
    assert [float(term.detach()) for term in terms] == pytest.approx(expected, rel=1e-10)
    assert torch.autograd.gradcheck(lambda a, b: sum(vicreg(scale * a, scale * b)), z)


def test_vicreg_of_known_embeddings():
    """Collapsed: no invariance, the whole variance term. Even and uncorrelated: nothing but equal views."""
    same = torch.ones(4, 3)
    invariance, variance, covariance = vicreg(same, same)
    assert (float(invariance), float(covariance)) == (0, 0)
    assert float(variance) == pytest.approx(1 - 0.01)
    even = 2 * torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    assert [float(term) for term in vicreg(even, even)] == [0, 0, 0]
    assert float(vicreg(even, even + 3)[0]) == 9


def test_vicreg_within_autocast_is_float32():
    z = torch.randn(2, 6, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = vicreg(z[0], z[1])
    assert all(torch.equal(one, other) for one, other in zip(inside, vicreg(z[0], z[1]), strict=True))


@pytest.mark.parametrize("shapes", [((1, 4), (1, 4)), ((3, 4), (3, 5))])
def test_vicreg_refuses_what_has_no_value(shapes):
    with pytest.raises(ValueError, match=r"at least two pairs|alike"):
        vicreg(*(torch.zeros(shape) for shape in shapes))


def test_a_vicreg_run_minimises_the_weighted_terms(make_store):
    store = make_store()
    result = run(store, dataclasses.replace(BASE, epochs=20), validation=videos_of(store))
    history = result.history
    terms = history[["invariance_loss", "variance_loss", "covariance_loss"]]
    assert history["loss"].tolist() == pytest.approx((terms @ [25, 25, 1]).tolist(), rel=1e-5)
    assert history["loss"].iloc[-3:].mean() < history["loss"].iloc[:3].mean()
    assert history[["contrastive_loss", "order_loss", "order_accuracy"]].isna().all(axis=None)
    assert history["contrastive_accuracy"].between(0, 1).all()
    assert result.run["chance"] == {"contrastive_accuracy": 1 / 11}
    assert 0 <= result.run["validation_contrastive_accuracy"] <= 1


def test_options_of_its_own_change_the_loss_and_the_fingerprint(make_store):
    store = make_store()
    plain = run(store, dataclasses.replace(BASE, max_steps=1))
    other = run(store, dataclasses.replace(BASE, max_steps=1, own_options={"covariance_weight": 5}))
    first = plain.history.iloc[0]
    assert other.history["loss"][0] == pytest.approx(first["loss"] + 4 * first["covariance_loss"], rel=1e-6)
    assert other.run["fingerprint"] != plain.run["fingerprint"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"own_options": {"covariance": 1}}, "vicreg has no such option; allowed are invariance_weight"),
        ({"own_options": {"covariance_weight": -1}}, "covariance_weight: -1.0; allowed is a number of at"),
        ({"method": "echoclr", "own_options": {"x": 1}}, "echoclr has no such option; allowed are none"),
        ({"method": "vicrge"}, "'vicrge' is no pretraining method; .* did you mean vicreg?"),
    ],
)
def test_wrong_options_are_refused(options, told):
    with pytest.raises(ValueError, match=told):
        dataclasses.replace(BASE, **options)


def test_problems_of_the_configuration_name_their_key():
    assert method_problems({"vicreg": {"variance_weight": 25}}) == []
    [line] = method_problems({"moco": {"queue": 1}})
    assert line.startswith("pretrain.method_options.moco: there is no such method; allowed are vicreg")


@pytest.fixture
def page(monkeypatch, tmp_path):
    """The method of docs/methods.md, put beside the others as the page says."""
    text = (ROOT / "docs" / "methods.md").read_text()
    for path in method_files.FOLDER.glob("*.py"):
        shutil.copy(path, tmp_path)
    [code] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "barlow_twins.py").write_text(code)
    package = importlib.import_module("echoclr_core.pretrain.methods")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    monkeypatch.setattr(method_files, "FOLDER", tmp_path)
    return text


def test_the_method_of_the_page_trains(make_store, page):
    settings = dataclasses.replace(
        BASE, method="barlow_twins", own_options={"redundancy_weight": 0.01}, max_steps=2
    )
    history = run(make_store(), settings, code="of the test").history
    expected = history["invariance_loss"] + 0.01 * history["redundancy_loss"]
    assert history["loss"].tolist() == pytest.approx(expected.tolist(), rel=1e-5)
    assert method_title("barlow_twins") == "Barlow Twins"
    assert method_names()[:2] == ("barlow_twins", "vicreg")


def test_a_file_without_a_title_is_told(page):
    (method_files.FOLDER / "nameless.py").write_text("METHOD = PretrainMethod(pairs='study')\n")
    with pytest.raises(ValueError, match=r"nameless\.py: METHOD has no title"):
        method_title("nameless")
    (method_files.FOLDER / "nameless.py").write_text("method = 1\n")
    with pytest.raises(ValueError, match=r"nameless\.py: METHOD is not assigned there"):
        method_title("nameless")
