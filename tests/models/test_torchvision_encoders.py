"""torchvision's further video networks: shapes, gradients, Grad-CAM's map, activations computed again."""

import pytest
import torch

from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.heads import Classifier, Projector
from echoclr_core.pretrain.contrastive import nt_xent

torch.set_num_threads(1)
FEATURES = {"s3d": 1024, "swin3d_t": 768, "mvit_v2_s": 768}


@pytest.fixture(scope="module", params=FEATURES)
def encoder(request):
    return build_encoder(EncoderSettings(name=request.param), seed=0)


def clips(frames, size=32):
    return torch.rand(2, 3, frames, size, size, generator=torch.Generator().manual_seed(frames))


@pytest.mark.parametrize("frames", [4, 5, 16])
def test_the_representation_is_the_mean_of_the_last_feature_map(encoder, frames):
    seen = []
    hook = encoder.last_block.register_forward_hook(lambda module, given, out: seen.append(out))
    with torch.no_grad():
        out = encoder.eval()(clips(frames))
    hook.remove()
    assert out.shape == (2, encoder.features)
    assert seen[0].ndim == 5
    torch.testing.assert_close(seen[0].mean((2, 3, 4)), out)


def test_one_step_of_pretraining_and_of_fine_tuning_changes_every_weight(encoder):
    encoder.train()
    before = {name: weight.detach().clone() for name, weight in encoder.named_parameters()}
    projector, model = Projector(encoder.features), Classifier(encoder)
    weights = [*encoder.parameters(), *projector.parameters(), *model.head.parameters()]
    optimizer = torch.optim.Adam(weights, 1e-3)
    nt_xent(projector(encoder(clips(4))), projector(encoder(clips(5)[:, :, :4]))).backward()
    optimizer.step()
    optimizer.zero_grad()
    torch.nn.functional.binary_cross_entropy_with_logits(
        model(clips(16)), torch.tensor([0.0, 1.0])
    ).backward()
    optimizer.step()
    same = [name for name, weight in encoder.named_parameters() if torch.equal(before[name], weight)]
    assert same == []


def test_two_passes_in_training_mode_agree(encoder):
    encoder.train()
    with torch.no_grad():
        assert torch.equal(encoder(clips(4)), encoder(clips(4)))


def test_activations_computed_again_are_the_same(encoder):
    if not encoder.can_recompute:
        pytest.skip("keeps its activations")
    gradients = []
    for recompute in (False, True):
        encoder.recompute = recompute
        encoder.zero_grad()
        encoder.train()(clips(4)).square().sum().backward()
        gradients.append({name: weight.grad.clone() for name, weight in encoder.named_parameters()})
    encoder.recompute = False
    assert all(torch.equal(gradients[0][name], gradients[1][name]) for name in gradients[0])


def test_other_sizes_are_refused():
    with pytest.raises(ValueError, match="only 'r3d' can be scaled"):
        build_encoder(EncoderSettings(name="s3d", width=8))
