"""Seeds of the study's repeats."""

from echoclr_core.common import derive_seed


def seed_of(study_seed: int, number: int) -> int:
    """Seed of pretraining ``number`` and of what is fine-tuned from it; the first has the study's own.

    Random initial weights and the order of fine-tuning follow it too: a repeat of a model without
    pretraining is another model, not the same one again.
    """
    return derive_seed(study_seed, "pretraining", number) % 2**31 if number else study_seed
