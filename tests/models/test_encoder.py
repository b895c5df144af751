

def test_scaled_r3d_is_torchvisions_network_at_full_size():
    """Same weights, same output: only the import of torchvision is saved."""
    ours = build_encoder(EncoderSettings(name="r3d")).eval()
    theirs = build_encoder(EncoderSettings(name="r3d_18")).eval()
    theirs.load_state_dict(ours.state_dict())
    clips = torch.rand(1, 3, 4, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(ours(clips), theirs(clips), rtol=0, atol=0)
