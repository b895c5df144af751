"""A checkpoint made elsewhere becomes weights that load strictly, or nothing is written."""

import pickle

import pytest
import torch

from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.weights import load_encoder
from tools.convert_weights import main

SMALL = EncoderSettings(name="r3d", width=4, blocks=(1, 1, 1, 1))
SIZE = ["--encoder", "r3d", "--width", "4", "--blocks", "1", "1", "1", "1"]


@pytest.fixture
def state():
    return build_encoder(SMALL, seed=1).state_dict()


def convert(tmp_path, held, *arguments):
    source, target = tmp_path / "in.pt", tmp_path / "out.safetensors"
    torch.save(held, source)
    return main([str(source), str(target), *SIZE, *arguments]), target


def test_prefixes_and_heads_are_taken_off(tmp_path, state, capsys):
    held = {f"encoder.{name}": tensor for name, tensor in state.items()}
    held |= {"encoder.fc.weight": torch.zeros(2, 2), "projector.0.weight": torch.zeros(3)}
    code, target = convert(
        tmp_path,
        {"epoch": 3, "state_dict": held},
        "--key",
        "state_dict",
        "--strip",
        "encoder.",
        "--drop",
        "fc.",
    )
    assert code == 0
    said = capsys.readouterr().out
    assert f"read {len(state) + 2} tensors" in said
    assert f"kept {len(state) + 1} whose names begin with 'encoder.'; left out 1" in said
    assert "dropped 1: fc.weight" in said
    assert f"{len(state)} tensors, all of a r3d" in said
    encoder = build_encoder(SMALL, seed=2)
    load_encoder(target, encoder)
    assert all(torch.equal(state[name], held) for name, held in encoder.state_dict().items())


def test_what_does_not_fit_is_not_written(tmp_path, state, capsys):
    code, target = convert(tmp_path, {**state, "fc.bias": torch.zeros(1)})
    assert code == 1
    assert "1 unexpected (fc.bias)" in capsys.readouterr().err
    assert not target.exists()


def test_the_entries_of_a_nested_checkpoint_are_named(tmp_path, state, capsys):
    assert convert(tmp_path, {"model": state, "epoch": 1})[0] == 1
    assert "choose one of ['epoch', 'model'] with --key" in capsys.readouterr().err
    assert convert(tmp_path, {"model": state}, "--key", "modle")[0] == 1
    assert "there is ['model']" in capsys.readouterr().err


class Harmful:
    def __reduce__(self):
        return print, ("code ran",)


def test_code_in_a_pickle_is_not_run(tmp_path, capsys):
    source = tmp_path / "in.pt"
    source.write_bytes(pickle.dumps({"weight": Harmful()}))
    assert main([str(source), str(tmp_path / "out.safetensors"), *SIZE]) == 1
    said = capsys.readouterr()
    assert "code ran" not in said.out
    assert "cannot be read as tensors alone" in said.err
