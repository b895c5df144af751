"""The settings of one pretraining run."""

from pydantic import Field

from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.options.base import options, section
from echoclr_core.options.compute import NumericsOptions
from echoclr_core.options.method_files import method_problems, unknown_method
from echoclr_core.options.pretrain import PretrainRunOptions
from echoclr_core.options.study import SeedOption
from echoclr_core.options.training import TrainingOptions
from echoclr_core.pretrain.method import PretrainMethod, pretrain_method


@options()
class PretrainSettings(TrainingOptions, PretrainRunOptions, NumericsOptions, SeedOption):
    """How a pretraining run goes: the options of a run, and what the study adds.

    Parameters
    ----------
    method
        Name of a file in ``pretrain/methods/``.
    own_options
        Options of the method's own, of ``pretrain.method_options``; defaults are the method's.
    input_size
        Height and width of the network's input, px; None keeps the clip store's.
    augmentation
        Section ``augmentation``.
    """

    method: str = "echoclr"
    own_options: dict[str, float] = Field({})
    input_size: int | None = Field(None, ge=1)
    augmentation: AugmentationOptions = section(AugmentationOptions)

    def __post_init__(self):
        wrong = unknown_method(self.method, "method")
        problems = [wrong] if wrong else method_problems({self.method: self.own_options})
        if problems:
            raise ValueError("; ".join(problems))
        if self.micro_batch_size and self.joint_forward:
            raise ValueError(
                f"pretrain.micro_batch_size: {self.micro_batch_size}; allowed is null with joint_forward: a "
                "micro-batch holds clips of one view"
            )

    @property
    def definition(self) -> PretrainMethod:
        """The method itself."""
        return pretrain_method(self.method)

    @property
    def multi_instance(self) -> bool:
        """Whether pairs are different videos of a study."""
        return self.definition.pairs == "study"

    @property
    def frame_order(self) -> bool:
        """Whether the frame-order task is on."""
        return self.definition.frame_order

    @property
    def movement(self) -> bool:
        """Whether the frame order is read from movement, in a pass of its own."""
        return self.frame_order and self.order_input == "movement"

    @property
    def shuffled_copies(self) -> int:
        """Copies of a clip made for the frame order; 0 where both losses share one shuffled clip."""
        return max(self.order_copies, int(self.movement)) if self.frame_order else 0

    @property
    def order_views(self) -> int:
        """Of how many of the two views the order is read."""
        return 1 if self.movement else 2
