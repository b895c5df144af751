"""NT-Xent against the double loop of Eq. 1, closed forms, several processes against one."""

import math
import multiprocessing

import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from echoclr_core.pretrain.contrastive import contrastive_meters, nt_xent, spread
from echoclr_core.training import distributed


def double_loop(z_i, z_j, temperature, studies=None):
    """Eq. 1 of the paper, term by term."""
    rows = torch.cat([z_i, z_j])
    n, total = len(z_i), 0.0
    for a in range(2 * n):
        partner = (a + n) % (2 * n)
        below = 0.0
        for b in range(2 * n):
            if b == a or (studies is not None and b != partner and studies[a % n] == studies[b % n]):
                continue
            below = below + torch.exp(F.cosine_similarity(rows[a], rows[b], dim=0) / temperature)
        above = torch.exp(F.cosine_similarity(rows[a], rows[partner], dim=0) / temperature)
        total = total - torch.log(above / below)
    return total / (2 * n)


def embeddings(n, d, seed=0, dtype=torch.float64):
    draws = torch.Generator().manual_seed(seed)
    return [torch.randn(n, d, generator=draws, dtype=dtype).requires_grad_() for _ in range(2)]


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 6), st.integers(1, 5), st.sampled_from([0.05, 0.5, 1.0]), st.integers(0, 99))
def test_equals_the_double_loop_with_its_gradient(n, d, temperature, seed):
    z_i, z_j = embeddings(n, d, seed)
    ours, slow = nt_xent(z_i, z_j, temperature), double_loop(z_i, z_j, temperature)
    torch.testing.assert_close(ours, slow, rtol=1e-10, atol=1e-10)
    ours_gradient, slow_gradient = (torch.autograd.grad(loss, (z_i, z_j)) for loss in (ours, slow))
    for mine, theirs in zip(ours_gradient, slow_gradient, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-7, atol=1e-9)


def test_same_study_negatives_leave_the_sum():
    z_i, z_j = embeddings(6, 4)
    studies = torch.tensor([0, 1, 0, 2, 1, 0])
    masked = nt_xent(z_i, z_j, studies=studies)
    torch.testing.assert_close(masked, double_loop(z_i, z_j, 0.5, studies), rtol=1e-10, atol=1e-10)
    assert masked < nt_xent(z_i, z_j)
    torch.testing.assert_close(nt_xent(z_i, z_j, studies=torch.arange(6)), nt_xent(z_i, z_j))


@pytest.mark.parametrize("n", [2, 8, 392])
def test_identical_embeddings_give_log_2n_minus_1(n):
    same = torch.ones(n, 8)
    assert float(nt_xent(same, same)) == pytest.approx(math.log(2 * n - 1), abs=1e-5)


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_orthogonal_pairs_have_a_closed_form(temperature):
    n = 5
    z = torch.eye(n, dtype=torch.float64)
    expected = -1 / temperature + math.log(math.exp(1 / temperature) + 2 * n - 2)
    assert float(nt_xent(z, z, temperature)) == pytest.approx(expected, abs=1e-12)


def test_scale_of_embeddings_and_order_of_pairs_and_views_do_not_count():
    z_i, z_j = embeddings(7, 5)
    reference = nt_xent(z_i, z_j)
    order = torch.randperm(7, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(nt_xent(3 * z_i, 0.01 * z_j), reference)
    torch.testing.assert_close(nt_xent(z_i[order], z_j[order]), reference)
    torch.testing.assert_close(nt_xent(z_j, z_i), reference)


def test_works_in_float32_within_autocast():
    z_i, z_j = (z.detach().to(torch.bfloat16) for z in embeddings(16, 32))
    with torch.autocast("cpu", torch.bfloat16):
        inside = nt_xent(z_i, z_j, 0.05)
    assert inside.dtype == torch.float32
    torch.testing.assert_close(
        inside.double(), double_loop(z_i.double(), z_j.double(), 0.05), rtol=1e-5, atol=1e-5
    )
    assert nt_xent(*embeddings(4, 4)).dtype == torch.float64


def test_saves_about_one_matrix_for_the_backward_pass():
    saved = []
    z_i, z_j = embeddings(392, 128, dtype=torch.float32)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t):
        nt_xent(z_i, z_j)
    storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in saved}
    assert sum(storages.values()) < 6 * 2**20  # the broadcast form keeps 613 MiB


@pytest.mark.parametrize(
    ("shapes", "arguments", "told"),
    [
        (((4, 3), (5, 3)), {}, "alike"),
        (((4,), (4,)), {}, "alike"),
        (((0, 3), (0, 3)), {}, "alike"),
        (((4, 3), (4, 3)), {"temperature": 0.0}, "temperature must be positive"),
        (((4, 3), (4, 3)), {"studies": torch.zeros(3)}, "studies must be"),
    ],
)
def test_what_does_not_fit_is_refused(shapes, arguments, told):
    with pytest.raises(ValueError, match=told):
        nt_xent(torch.ones(shapes[0]), torch.ones(shapes[1]), **arguments)


def test_hits_and_spread():
    z = torch.eye(6)
    assert int(contrastive_meters(z, z).hits) == 12
    assert int(contrastive_meters(z, z.roll(1, 0)).hits) < 12
    assert float(spread(torch.ones(9, 4))) == pytest.approx(0, abs=1e-6)
    even = torch.randn(4000, 16, generator=torch.Generator().manual_seed(0))
    assert float(spread(even)) == pytest.approx(1, abs=0.02)


def test_alignment_and_uniformity_by_their_definitions():
    z_i, z_j = (z.detach() for z in embeddings(5, 3))
    rows = F.normalize(torch.cat([z_i, z_j]), dim=1)
    partners = [float((rows[a] - rows[(a + 5) % 10]).square().sum()) for a in range(10)]
    others = [
        sum(math.exp(-2 * float((rows[a] - rows[b]).square().sum())) for b in range(10) if b != a) / 9
        for a in range(10)
    ]
    meters = contrastive_meters(z_i, z_j)
    assert float(meters.alignment) == pytest.approx(sum(partners), rel=1e-9)
    assert float(meters.potential) == pytest.approx(sum(others), rel=1e-9)
    collapsed = contrastive_meters(torch.ones(5, 3), torch.ones(5, 3))
    assert float(collapsed.potential) == pytest.approx(10, rel=1e-5)  # uniformity 0
    assert float(collapsed.alignment) == pytest.approx(0, abs=1e-5)


def test_equals_lightlys_loss():
    """An implementation of others, where it is installed (pip install lightly; it is no dependency)."""
    theirs = pytest.importorskip("lightly.loss").NTXentLoss
    for temperature in (0.05, 0.5):
        z_i, z_j = embeddings(33, 16, dtype=torch.float32)
        ours, other = nt_xent(z_i, z_j, temperature), theirs(temperature)(z_i, z_j)
        torch.testing.assert_close(ours, other, rtol=1e-5, atol=1e-6)
        for mine, their in zip(
            torch.autograd.grad(ours, (z_i, z_j)), torch.autograd.grad(other, (z_i, z_j)), strict=True
        ):
            torch.testing.assert_close(mine, their, rtol=1e-4, atol=1e-6)


def _network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(10, 8), nn.Tanh(), nn.Linear(8, 4)).double()


def _inputs():
    draws = torch.Generator().manual_seed(5)
    clips = [torch.randn(6, 10, generator=draws, dtype=torch.float64) for _ in range(2)]
    return *clips, torch.tensor([0, 0, 1, 2, 1, 3])


def _rank(rank, folder, masked, queue):
    dist.init_process_group("gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=2)
    network = _network()
    x_i, x_j, studies = (part[3 * rank : 3 * rank + 3] for part in _inputs())
    loss = nt_xent(network(x_i), network(x_j), studies=studies if masked else None)
    loss.backward()
    distributed.average_gradients(network.parameters())
    total = distributed.sum_over_ranks([float(loss)], torch.device("cpu"))[0] / 2
    hits = distributed.sum_over_ranks(
        [float(contrastive_meters(network(x_i), network(x_j)).hits)], torch.device("cpu")
    )
    if rank == 0:
        queue.put((total, hits[0], [parameter.grad.numpy() for parameter in network.parameters()]))
    dist.barrier()
    dist.destroy_process_group()


@pytest.mark.parametrize("masked", [False, True])
def test_two_processes_have_the_loss_and_gradient_of_one(tmp_path, masked):
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    ranks = [context.Process(target=_rank, args=(rank, tmp_path, masked, queue)) for rank in (0, 1)]
    for process in ranks:
        process.start()
    loss, hits, gradients = queue.get(timeout=60)
    for process in ranks:
        process.join(60)
    network = _network()
    x_i, x_j, studies = _inputs()
    whole = nt_xent(network(x_i), network(x_j), studies=studies if masked else None)
    whole.backward()
    assert loss == pytest.approx(float(whole.detach()), abs=1e-12)
    assert hits == float(contrastive_meters(network(x_i), network(x_j)).hits)
    for mine, parameter in zip(gradients, network.parameters(), strict=True):
        torch.testing.assert_close(torch.from_numpy(mine), parameter.grad, rtol=0, atol=1e-10)


@pytest.mark.parametrize("n", [2, 7, 64])
def test_the_meters_of_a_collapsed_run_stay_in_their_range(n):
    """Rounding makes 2 - 2 cos of equal vectors -2.6e-08, which is no squared distance."""
    for seed in range(50):
        point = torch.randn(1, 128, generator=torch.Generator().manual_seed(seed)).expand(n, -1)
        meters = contrastive_meters(point, point.clone())
        assert 0 <= float(meters.alignment) / (2 * n) < 1e-6
        assert 1 - 1e-5 < float(meters.potential) / (2 * n) <= 1
    opposite = torch.randn(1, 128, generator=torch.Generator().manual_seed(0))
    meters = contrastive_meters(opposite, -opposite)
    assert float(meters.alignment) / 2 <= 4
    assert float(meters.potential) / 2 == pytest.approx(math.exp(-8), rel=1e-5)
