"""What a process that deidentifies takes: all of it, libraries and models of the OCR included."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cine_files import write_cine

LIMIT = 300  # MB, for a loop of 1024 x 768
RUN = """
import sys
from pathlib import Path
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.video_file import deidentify_video
outcome = deidentify_video(sys.argv[1], sys.argv[2], DeidentifySettings())["outcome"]
status = Path("/proc/self/status").read_text().splitlines()
peak = next(int(line.split()[1]) >> 10 for line in status if line.startswith("VmHWM"))
print(outcome, peak, "pandas" in sys.modules)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here")
def test_the_largest_window_of_a_usual_screen_fits_in_the_limit(tmp_path):
    rng = np.random.default_rng(0)
    frames = np.zeros((40, 768, 1024), np.uint8)
    frames[:, 30:740, 40:990] = rng.integers(20, 160, (40, 710, 950), dtype=np.uint8)
    write_cine(tmp_path / "loop.dcm", frames, uid="1.2.3")
    command = [sys.executable, "-c", RUN, str(tmp_path / "loop.dcm"), str(tmp_path / "loop.avi")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    outcome, peak, pandas = done.stdout.split()
    assert outcome == "ok"
    assert int(peak) < LIMIT, f"{peak} MB"
    assert pandas == "False"  # 70 MB of every worker, for tables that it does not touch
