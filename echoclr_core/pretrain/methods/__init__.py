"""One file a pretraining method; each is found by the name of its file (see ``pretrain.method``)."""
