"""The configuration: its sections, in the order of the study."""

from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.options.base import options, section
from echoclr_core.options.clip import ClipOptions
from echoclr_core.options.cohort import CohortOptions
from echoclr_core.options.compute import ComputeOptions
from echoclr_core.options.deidentify import DeidentifyOptions
from echoclr_core.options.evaluate import EvaluateOptions
from echoclr_core.options.explain import ExplainOptions
from echoclr_core.options.export import ExportOptions
from echoclr_core.options.finetune import FinetuneOptions
from echoclr_core.options.initialisations import INITIALISATIONS, Initialisations
from echoclr_core.options.input import InputOptions
from echoclr_core.options.mask import MaskOptions
from echoclr_core.options.model import ModelOptions
from echoclr_core.options.predict import PredictOptions
from echoclr_core.options.pretrain import PretrainOptions
from echoclr_core.options.report import ReportOptions
from echoclr_core.options.robustness import RobustnessOptions
from echoclr_core.options.study import StudyOptions
from echoclr_core.options.synthetic import SyntheticOptions
from echoclr_core.options.tasks import TASKS, Tasks
from echoclr_core.options.views import ViewsOptions


@options()
class Configuration:
    """Every option of a study."""

    study: StudyOptions = section(StudyOptions)
    input: InputOptions = section(InputOptions)
    deidentify: DeidentifyOptions = section(DeidentifyOptions)
    views: ViewsOptions = section(ViewsOptions)
    mask: MaskOptions = section(MaskOptions)
    clip: ClipOptions = section(ClipOptions)
    tasks: Tasks = TASKS
    cohort: CohortOptions = section(CohortOptions)
    model: ModelOptions = section(ModelOptions)
    augmentation: AugmentationOptions = section(AugmentationOptions)
    pretrain: PretrainOptions = section(PretrainOptions)
    initialisations: Initialisations = INITIALISATIONS
    finetune: FinetuneOptions = section(FinetuneOptions)
    evaluate: EvaluateOptions = section(EvaluateOptions)
    robustness: RobustnessOptions = section(RobustnessOptions)
    explain: ExplainOptions = section(ExplainOptions)
    export: ExportOptions = section(ExportOptions)
    predict: PredictOptions = section(PredictOptions)
    report: ReportOptions = section(ReportOptions)
    compute: ComputeOptions = section(ComputeOptions)
    synthetic: SyntheticOptions = section(SyntheticOptions)
