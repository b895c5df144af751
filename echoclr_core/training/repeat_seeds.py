"""Seeds of the study's repeats."""

from echoclr_core.common.randomness import derive_seed


def seed_of(study_seed: int, number: int) -> int:
    """Seed of pretraining ``number``, from 0; the first has the study's own."""
    return derive_seed(study_seed, "repeat", number) % 2**31 if number else study_seed


def finetuning_seed(study_seed: int, label_draw: int, pretraining: int) -> int:
    """Seed of fine-tuning on a draw of the labels from a pretraining, both from 0.

    A repeat of a model without pretraining starts from other weights, and a repeat with all labels, which
    every draw has in common, is another training. The seed does not depend on how many draws and
    pretrainings there are.
    """
    if not pretraining:
        return seed_of(study_seed, label_draw)
    return derive_seed(study_seed, "repeat", label_draw, pretraining) % 2**31
