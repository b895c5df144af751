# %% [markdown]
# # From a DICOM file to a saliency film
#
# Each stage of the study as a function, on one echocardiogram that comes with `pydicom`. The page is written from
# `docs/notebook.py` by `python -m tools.render_notebook`, which runs every line; a test runs it too. The network below has **random
# weights**, so its probability and its saliency mean nothing: `echoclr_core.models.load` of a finished study, or the models of a bundle,
# take its place.

# %% [markdown]
# ## Read
#
# The header alone is read; frames are decoded when they are asked for. Without a study key nothing is read that identifies a person.

# %%
from pathlib import Path

import numpy as np
from pydicom.data import get_testdata_file

from echoclr_core.dicom import read_cine

cine = read_cine(get_testdata_file("examples_ybr_color.dcm", download=False), study_key=None)
print(cine.frame_count, "frames of", cine.height, "x", cine.width, "at", round(cine.fps, 2), "frames/s")

# %% [markdown]
# ## Keep the sector alone
#
# `boundary_mask` finds the ultrasound sector from the loop itself; everything else becomes 0, text at its edges with it. The study also
# searches for text inside the sector, and audits what was written (`echoclr deidentify`).

# %%
from echoclr_core.common.avi_writing import write_avi
from echoclr_core.deidentify import boundary_mask

mask = boundary_mask(cine)
frames = np.stack([np.where(mask, frame, 0) for frame in cine.frames()])
Path("deidentified").mkdir()
write_avi("deidentified/v_1.avi", frames, cine.fps, "ffv1", 95)
print(f"{mask.mean():.0%} of the frame is kept")

# %% [markdown]
# ## Mask, shrink, store
#
# The hull mask and 112 x 112 pixels of the paper, then the clip store that training and prediction read. This file states no
# calibration that fits its frames, so `MaskOptions(mm_per_pixel=...)` would leave it out.

# %%
import pandas as pd

from echoclr_core.options.mask import MaskOptions
from echoclr_core.video.mask import mask_shard
from echoclr_core.video.store import ClipStore
from echoclr_core.video.store_building import build_store

videos = pd.DataFrame({"video_id": ["v_1"], "study_id": ["s_1"]})
masked = mask_shard(videos, "deidentified", "masked", settings=MaskOptions())
build_store(masked, "masked", "clips.npy", "clips.parquet")
store = ClipStore.open(["clips.parquet"], ["clips.npy"])
print(masked[["outcome", "n_frames", "height", "width", "hull_fraction"]].round(2).to_string(index=False))

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 4, figsize=(7, 1.9), layout="constrained")
for axis, number in zip(axes, (0, 9, 19, 29), strict=True):
    axis.imshow(store.video("v_1")[number], cmap="gray", vmin=0, vmax=255)
    axis.set_title(f"frame {number + 1}", fontsize=8)
    axis.set_axis_off()
save_figure(figure, "notebook_masked.png", "Four frames of the masked video, 112 x 112 pixels.")

# %% [markdown]
# ## Score
#
# A classifier file holds the weights and, in its header, all that is needed to prepare clips. A finished study's models lie in
# `results/<study>/selected/`.

# %%
from echoclr_core.models import load
from echoclr_core.models.classifier_file import ClassifierHeader, save_classifier
from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.heads import Classifier

settings = EncoderSettings(name="r3d", width=16, blocks=(1, 1, 1, 1))
header = ClassifierHeader(encoder=settings, frame_size=(112, 112), input_size=112, clip_length=16)
save_classifier("model.safetensors", Classifier(build_encoder(settings, seed=0)), header)

model = load("model.safetensors")
probability = model.score_video(store.video("v_1"))
print("a probability, of a network that was never trained:", 0 < probability < 1)

# %% [markdown]
# ## Explain
#
# Grad-CAM of the last convolution block, as large as the clip.

# %%
from echoclr_core.explain.gradcam import raw_grad_cam
from echoclr_core.reporting.movie import movie_frames, write_movie

clip = store.clip("v_1", start=0, length=30)
volume = raw_grad_cam(model, clip)
film = {
    "clips": clip[None],
    "volumes": volume[None, None],
    "models": np.array(["random"]),
    "study_ids": np.array(["s_1"]),
    "scale": volume.max(),
}
pictures = list(movie_frames(film))
write_movie(pictures, "saliency.mp4", fps=cine.fps)
print(clip.shape, volume.shape, Path("saliency.mp4").stat().st_size > 0)

# %%
figure, axes = plt.subplots(1, 4, figsize=(7, 3.4), layout="constrained")
for axis, number in zip(axes, (0, 9, 19, 29), strict=True):
    axis.imshow(pictures[number])
    axis.set_axis_off()
save_figure(
    figure,
    "notebook_saliency.png",
    "Four frames of the film: the frame, and below it the same with saliency.",
)
