"""Which view a video shows: frames drawn, a classifier, one decision a video, and the PLAX videos kept.

Names that need torch are imported when they are first used, so that reading a table of decisions stays cheap.
"""

from echoclr_core.common.lazy import lazy_names
from echoclr_core.views.classifier import Classifier
from echoclr_core.views.decision import VIEW_DECISIONS, classify_shard, decide
from echoclr_core.views.sampling import ViewSettings, sample_frames, sample_indices

_LATER = {
    "CompactViewNet": "networks",
    "OnnxClassifier": "onnx_model",
    "OnnxSettings": "onnx_model",
    "TorchClassifier": "networks",
    "ViewAugmentSettings": "augmentation",
    "ViewTrainingSettings": "training",
    "ZHANG_PLAX": "networks",
    "ZHANG_VIEWS": "networks",
    "ZhangVGG16": "networks",
    "import_zhang": "checkpoint",
    "load_classifier": "files",
    "save_classifier": "files",
    "train_view_classifier": "training",
}

__all__ = [
    "VIEW_DECISIONS",
    "Classifier",
    "ViewSettings",
    "classify_shard",
    "decide",
    "sample_frames",
    "sample_indices",
    *_LATER,
]

__getattr__ = lazy_names(__name__, _LATER)
