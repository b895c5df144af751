"""Why gradients are not accumulated over small batches. Without torch, for the configuration's check."""

REFUSED = (
    "1: accumulating gradients over small batches leaves the other batches' embeddings out of the negatives, "
    "so NT-Xent of 2 x 196 pairs is not NT-Xent of 392. For a batch larger than memory use "
    "pretrain.micro_batch_size (exact; batch norm sees one micro-batch at a time) or "
    "pretrain.activation_checkpointing (exact; batch norm sees the whole batch)"
)
