"""Encoders: the protocol, the paper's network, the scaled one, the gradient that oneDNN gets wrong."""

import pytest
import torch
from torch import nn

from echoclr_core.models.convolution import SafeConv3d, safe_convolutions
from echoclr_core.models.encoder import EncoderSettings, as_rgb, build_encoder, encoder_names
from echoclr_core.models.recompute import still_statistics

torch.set_num_threads(1)
SMALL = EncoderSettings(name="r3d", width=4, blocks=(1, 1, 1))


@pytest.mark.parametrize("name", ["r3d_18", "mc3_18", "r2plus1d_18"])
def test_torchvision_encoders_have_512_features_and_name_their_last_block(name):
    encoder = build_encoder(EncoderSettings(name=name), seed=0).eval()
    seen = []
    encoder.last_block.register_forward_hook(lambda module, given, out: seen.append(out.shape))
    with torch.no_grad():
        out = encoder(torch.zeros(1, 3, 4, 32, 32))
    assert out.shape == (1, 512)
    assert encoder.features == 512
    assert seen[0][:2] == (1, 512)


def test_the_papers_network_gives_a_4_7_7_map_for_32_frames():
    encoder = build_encoder(EncoderSettings(name="r3d", width=2), seed=0).eval()
    seen = []
    encoder.last_block.register_forward_hook(lambda module, given, out: seen.append(out.shape))
    with torch.no_grad():
        encoder(torch.zeros(1, 3, 32, 112, 112))
    assert seen[0][2:] == (4, 7, 7)


def test_r3d_at_full_size_has_the_shapes_of_r3d_18():
    ours, theirs = (build_encoder(EncoderSettings(name=name), seed=0) for name in ("r3d", "r3d_18"))
    shapes = [{name: tensor.shape for name, tensor in net.state_dict().items()} for net in (ours, theirs)]
    assert shapes[0] == shapes[1]
    assert sum(parameter.numel() for parameter in ours.parameters()) == 33_166_272


def test_same_weights_give_torchvisions_own_features():
    from torchvision.models.video import r3d_18

    reference = r3d_18(weights=None).eval()
    reference.fc = nn.Identity()
    encoder = build_encoder(EncoderSettings(), seed=1).eval()
    encoder.load_state_dict(reference.state_dict())
    clips = torch.rand(1, 3, 4, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(encoder(clips), reference(clips))


def test_width_and_blocks_scale_the_network():
    encoder = build_encoder(EncoderSettings(name="r3d", width=6, blocks=(1, 3)), seed=0)
    assert encoder.features == 12
    assert len(encoder.layer2) == 3


def test_seed_decides_the_weights_and_leaves_the_global_state():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, two, other = (build_encoder(SMALL, seed=seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not torch.equal(one["stem.0.weight"], other["stem.0.weight"])


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"name": "resnet9000"}, "allowed are .*r3d_18"),
        ({"name": "r3d_18", "width": 16}, "only 'r3d' can be scaled"),
        ({"name": "mc3_18", "blocks": (1, 1, 1, 1)}, "only 'r3d' can be scaled"),
        ({"name": "r3d", "width": 0}, "must be positive"),
        ({"name": "r3d", "blocks": ()}, "must be positive"),
    ],
)
def test_impossible_settings_are_refused(settings, told):
    with pytest.raises(ValueError, match=told):
        build_encoder(EncoderSettings(**settings))


def test_every_registered_encoder_is_listed():
    assert encoder_names() == ("mc3_18", "mvit_v2_s", "r2plus1d_18", "r3d", "r3d_18", "s3d", "swin3d_t")


def test_as_rgb_repeats_the_grey_channel():
    grey = torch.rand(2, 4, 5, 5)
    assert as_rgb(grey).shape == (2, 3, 4, 5, 5)
    assert torch.equal(as_rgb(grey)[:, 0], as_rgb(grey[:, None])[:, 2])
    colour = torch.rand(1, 3, 2, 4, 4)
    assert torch.equal(as_rgb(colour), colour)
    with pytest.raises(ValueError, match="clips must be"):
        as_rgb(torch.rand(2, 2, 4, 5, 5))


@pytest.mark.parametrize("frames", [1, 2, 3, 4])
@pytest.mark.parametrize(("kernel", "padding"), [((3, 3, 3), (1, 1, 1)), ((3, 1, 1), (1, 0, 0))])
def test_bfloat16_gradients_agree_with_float32_for_any_depth(frames, kernel, padding):
    draws = torch.Generator().manual_seed(frames)
    conv = safe_convolutions(nn.Sequential(nn.Conv3d(16, 16, kernel, padding=padding, bias=False)))
    assert isinstance(conv[0], SafeConv3d)
    maps = torch.rand(4, 16, frames, 7, 7, generator=draws) - 0.5
    back = torch.rand(4, 16, frames, 7, 7, generator=draws)
    gradients = []
    for enabled in (False, True):
        conv.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            out = conv(maps)
        assert out.shape == maps.shape
        out.float().backward(back)
        gradients.append(conv[0].weight.grad.clone())
    error = (gradients[0] - gradients[1]).norm() / gradients[0].norm()
    assert error < 0.02


def test_padding_by_one_frame_changes_nothing():
    conv = nn.Conv3d(3, 5, 3, padding=1).double()
    maps = torch.rand(2, 3, 2, 6, 6, dtype=torch.float64)
    padded = conv(nn.functional.pad(maps, (0, 0, 0, 0, 0, 1)))[:, :, :2]
    torch.testing.assert_close(padded, conv(maps), rtol=0, atol=1e-14)


def test_strided_and_flat_convolutions_are_left_alone():
    net = safe_convolutions(
        nn.Sequential(nn.Conv3d(2, 2, 3, stride=2, padding=1), nn.Conv3d(2, 2, (1, 3, 3)))
    )
    assert not any(isinstance(part, SafeConv3d) for part in net)


def test_scaled_r3d_is_torchvisions_network_at_full_size():
    """Same weights, same output: only the import of torchvision is saved."""
    ours = build_encoder(EncoderSettings(name="r3d")).eval()
    theirs = build_encoder(EncoderSettings(name="r3d_18")).eval()
    theirs.load_state_dict(ours.state_dict())
    clips = torch.rand(1, 3, 4, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(ours(clips), theirs(clips), rtol=0, atol=0)


def test_one_file_adds_an_encoder(tiny_transformer):
    assert tiny_transformer in encoder_names()
    encoder = build_encoder(EncoderSettings(name=tiny_transformer, width=8, blocks=(1, 1)), seed=0).eval()
    seen = []
    encoder.last_block.register_forward_hook(lambda module, given, out: seen.append(out.shape))
    assert encoder(torch.rand(2, 3, 4, 16, 16)).shape == (2, encoder.features)
    assert seen == [(2, 8, 4, 2, 2)]


def _step(encoder, clips, recompute):
    encoder.recompute = recompute
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        out = encoder(clips)
    out.square().sum().backward()
    storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in kept}
    gradients = {name: parameter.grad for name, parameter in encoder.named_parameters()}
    return out.detach(), gradients, encoder.state_dict(), sum(storages.values())


@pytest.mark.parametrize(
    "settings",
    [
        SMALL,
        EncoderSettings(name="r2plus1d_18"),
        EncoderSettings(name="tiny_transformer", width=8, blocks=(1, 1, 1)),
    ],
    ids=lambda settings: settings.name,
)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_activations_computed_again_are_the_same_bit_by_bit(tiny_transformer, settings, precision):
    """Statistics of batch norm over all clips, the running ones updated once, with less kept."""
    clips = torch.rand(6, 3, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        plain, again = (
            _step(build_encoder(settings, seed=1).train(), clips, recompute) for recompute in (False, True)
        )
    assert torch.equal(plain[0], again[0])
    for one, two in zip(plain[1:3], again[1:3], strict=True):
        assert one.keys() == two.keys()
        assert all(torch.equal(one[name], two[name]) for name in one)
    assert again[3] < 0.6 * plain[3]


def test_still_statistics_are_put_back():
    encoder = build_encoder(SMALL, seed=0).train()
    before = {name: buffer.clone() for name, buffer in encoder.named_buffers()}
    with still_statistics(encoder):
        encoder(torch.rand(2, 3, 4, 16, 16))
    assert all(torch.equal(before[name], buffer) for name, buffer in encoder.named_buffers())
    encoder(torch.rand(2, 3, 4, 16, 16))
    assert int(encoder.stem[1].num_batches_tracked) == 1
