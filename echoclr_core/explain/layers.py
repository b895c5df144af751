"""Which layer of a network Grad-CAM looks at."""

from torch import nn

PATHS = ("encoder.last_block", "last_block", "layer4", "encoder.layer4")


def last_conv_block(model: nn.Module) -> nn.Module:
    """The last convolution block: the first there is of ``encoder.last_block``, ``last_block``, ``layer4``,
    ``encoder.layer4``; else the last Conv3d in the order of registration.

    Raises
    ------
    ValueError
        If the network has none of these.
    """
    for path in PATHS:
        found = model
        for name in path.split("."):
            found = getattr(found, name, None)
        if isinstance(found, nn.Module):
            return found
    convolutions = [module for module in model.modules() if isinstance(module, nn.Conv3d)]
    if not convolutions:
        raise ValueError(
            f"{type(model).__name__}: Grad-CAM needs a convolution block; there is no {', '.join(PATHS)} "
            "and no Conv3d: name one by 'layer'"
        )
    return convolutions[-1]
