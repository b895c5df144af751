"""Weights in and out: strict, counted, atomic, equal bytes; Kinetics files."""

import json
import socket
import urllib.error

import pytest
import torch
from torchvision.models.video import r3d_18

from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.kinetics import fetch_kinetics, kinetics_file, load_kinetics, published_at
from echoclr_core.models.weights import load_encoder, read_weights, save_encoder
from echoclr_core.views.files import read_header

torch.set_num_threads(1)
SMALL = EncoderSettings(name="r3d", width=4, blocks=(1, 1))


def test_round_trip_keeps_weights_and_header(tmp_path):
    encoder, other = build_encoder(SMALL, seed=0), build_encoder(SMALL, seed=1)
    save_encoder(tmp_path / "e.safetensors", encoder, {"method": "echoclr", "version": "0.1.0"})
    assert load_encoder(tmp_path / "e.safetensors", other) == {"method": "echoclr", "version": "0.1.0"}
    for name, tensor in encoder.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name


def test_equal_weights_give_equal_bytes(tmp_path):
    header = {key: key * 3 for key in "qwertyuiop"}
    for number in range(4):
        save_encoder(tmp_path / f"{number}.safetensors", build_encoder(SMALL, seed=0), header)
    assert len({(tmp_path / f"{number}.safetensors").read_bytes() for number in range(4)}) == 1
    assert read_weights(tmp_path / "0.safetensors")[1] == header


def test_another_network_is_refused_with_names_counts_and_shapes(tmp_path):
    save_encoder(tmp_path / "e.safetensors", build_encoder(SMALL, seed=0), {})
    wider = build_encoder(EncoderSettings(name="r3d", width=8, blocks=(1, 1, 1)), seed=0)
    before = {name: tensor.clone() for name, tensor in wider.state_dict().items()}
    with pytest.raises(
        ValueError, match=r"missing \(layer3.*other shapes \(stem.0.weight: \(4, 3, 3, 7, 7\)"
    ):
        load_encoder(tmp_path / "e.safetensors", wider)
    assert all(torch.equal(before[name], tensor) for name, tensor in wider.state_dict().items())
    shallower = build_encoder(EncoderSettings(name="r3d", width=4, blocks=(1,)), seed=0)
    with pytest.raises(ValueError, match=r"18 unexpected \(layer2"):
        load_encoder(tmp_path / "e.safetensors", shallower)


def test_no_file_and_a_damaged_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing"):
        read_weights(tmp_path / "nothing.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"\x10" * 40)
    with pytest.raises(ValueError, match=r"bad\.safetensors is not a readable safetensors file"):
        read_weights(tmp_path / "bad.safetensors")


def test_a_header_of_a_million_tensors_is_refused_before_it_is_parsed(tmp_path):
    empty = {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}
    header = json.dumps({f"t{number}": empty for number in range(100_000)}).encode()
    path = tmp_path / "many.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(ValueError, match=r"many\.safetensors: its header has \d+ bytes; allowed are"):
        read_weights(path)
    with pytest.raises(ValueError, match="its header has"):
        read_header(path)
    path.write_bytes((2**63).to_bytes(8, "little") + b"{}")
    with pytest.raises(ValueError, match="not a readable safetensors file"):
        read_weights(path)


def test_kinetics_file_says_what_belongs_where(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"r3d_18-b3b3357e\.pth.*download\.pytorch\.org"):
        kinetics_file()
    cached = tmp_path / "hub" / "checkpoints" / "r3d_18-b3b3357e.pth"
    cached.parent.mkdir(parents=True)
    cached.touch()
    assert kinetics_file() == cached
    assert kinetics_file(cached) == cached
    with pytest.raises(FileNotFoundError, match="mine"):
        kinetics_file(tmp_path / "mine.pth")


def test_torchvision_fetches_the_weights_or_it_is_said_why(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    asked = []

    def offline(url, **options):
        asked.append((url, options["check_hash"]))
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", offline)
    with pytest.raises(FileNotFoundError, match=r"r3d_18-b3b3357e\.pth.*could not fetch it.*no route"):
        fetch_kinetics()
    assert asked == [(published_at(), True)]
    assert socket.getdefaulttimeout() is None

    def online(url, **options):
        path = tmp_path / "hub" / "checkpoints" / url.split("/")[-1]
        path.parent.mkdir(parents=True)
        path.touch()
        return {}

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", online)
    assert fetch_kinetics() == kinetics_file()


def test_kinetics_weights_load_without_the_classification_layer(tmp_path):
    published = r3d_18(weights=None).state_dict()
    torch.save(published, tmp_path / "k.pth")
    encoder = build_encoder(EncoderSettings(), seed=3)
    assert load_kinetics(encoder, tmp_path / "k.pth") == len(published) - 2
    assert torch.equal(encoder.state_dict()["layer4.1.conv2.0.weight"], published["layer4.1.conv2.0.weight"])
    with pytest.raises(ValueError, match="does not fit"):
        load_kinetics(build_encoder(SMALL, seed=0), tmp_path / "k.pth")
    (tmp_path / "bad.pth").write_bytes(b"not a checkpoint")
    with pytest.raises(ValueError, match="not a readable PyTorch weights file"):
        load_kinetics(encoder, tmp_path / "bad.pth")
