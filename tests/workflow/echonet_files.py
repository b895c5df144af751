"""Small sets of videos in the layouts of EchoNet-Dynamic and EchoNet-LVH, names and folders as published."""

import cv2
import numpy as np

from echoclr_core.common.avi_writing import write_avi

CALCS = ("LVPWd", "LVIDs", "LVIDd", "IVSd")


def fan(seed, frames=8, height=60, width=80):
    """Speckle in a triangle, black outside."""
    inside = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(inside, np.array([[width // 2, 2], [4, height - 4], [width - 5, height - 4]]), 1)
    noise = np.random.default_rng(seed).integers(20, 200, (frames, height, width), dtype=np.uint8)
    return noise * inside


def name_of(number):
    return f"0X{number:016X}"


def echonet_dynamic(folder, count=12):
    """FileList.csv and Videos/; one file is missing, one is not in the list. Each set has ejection fractions
    below and above 50 %.
    """
    lines = ["FileName,EF,ESV,EDV,FrameHeight,FrameWidth,FPS,NumberOfFrames,Split"]
    for number in range(count):
        split = ("TRAIN", "TRAIN", "VAL", "TEST")[number % 4]
        ejection_fraction = (30 if number % 8 < 4 else 50) + number % 20 + 0.5
        lines.append(f"{name_of(number)},{ejection_fraction},40.1,90.2,60,80,50,8,{split}")
        if number:
            write_avi(folder / "Videos" / f"{name_of(number)}.avi", fan(number), 50, "mjpeg")
    write_avi(folder / "Videos" / f"{name_of(999)}.avi", fan(999), 50, "mjpeg")
    (folder / "FileList.csv").write_text("\n".join(lines) + "\n")
    return folder / "Videos", folder / "FileList.csv"


def echonet_lvh(folder, count=24):
    """MeasurementsList.csv, a row a measurement, and Batch1 to Batch4; two of five have thick walls."""
    lines = [",HashedFileName,Calc,CalcValue,Frame,X1,X2,Y1,Y2,Frames,FPS,Width,Height,split"]
    for number in range(count):
        thick = number % 5 < 2
        values = dict(zip(CALCS, (1.4 if thick else 0.9, 3.0, 4.8, 1.3 if thick else 0.8), strict=True))
        split = ("train", "train", "train", "val", "test", "test")[number % 6]
        for calc, value in values.items():
            if number == 1 and calc == "LVPWd":
                continue  # not every video has every measurement
            row = f"{name_of(number)},{calc},{value},3,10,20,10,30,8,30,80,60,{split}"
            lines.append(f"{len(lines) - 1},{row}")
        place = folder / f"Batch{number % 4 + 1}" / f"{name_of(number)}.avi"
        write_avi(place, fan(number), 30, "mjpeg")
    (folder / "MeasurementsList.csv").write_text("\n".join(lines) + "\n")
    return folder, folder / "MeasurementsList.csv"
