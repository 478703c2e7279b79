"""Fig. 2: one photograph, independent noise, four methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from priorbench import Claim, Quantity
from priorbench.experiments import Conclusion, Figure, Picture, Pictures, Results, Size, Trials

#: label -> (name, settings, iterations, PSNR printed in the figure, PSNR in the stored notebook)
METHODS: Mapping[str, tuple[str, dict[str, Any], int, float, float]] = {
    "bm3d": ("bm3d", {}, 0, 28.6, 28.62),
    "dip": ("dip", {}, 1900, 29.2, 29.07),
    "deep-decoder-under": ("deep-decoder-under", {}, 1900, 29.6, 29.54),
    "deep-decoder-over": ("deep-decoder-over", {"normalise": "after-activation"}, 1500, 29.9, 29.84),
}
#: twice the largest difference between the figure and the stored notebook
TOLERANCE = 0.3
_PICTURE = "photos"
#: draws of the noise for BM3D, so that its numbers have intervals
_DRAWS = 3


class Fig2:
    """Fig. 2 of Heckel & Soltanolkotabi 2020.

    Parameters
    ----------
    images : str or None, optional
        the paper's picture: ``test_data/astronaut.png`` of its code, or the folder it is in. None = the
        astronaut inside scikit-image, which is another crop of the same photograph.
    """

    sizes = (
        Size(name="quick", seconds=100, reduced="networks on a crop of 64 x 64, a tenth of the iterations"),
        Size(name="small", seconds=1500, reduced="networks on a crop of 128 x 128"),
        Size(name="full", seconds=2.2 * 3600),
    )

    def __init__(self, *, images: str | None = None) -> None:
        self._images = images

    def work(self, size: Size) -> Iterator[Trials]:
        """Return BM3D on the whole picture, and the networks on as much of it as the size allows."""
        crop = {"quick": 64, "small": 128}.get(size.name)
        share = 10 if size.name == "quick" else 1
        noise = {"gaussian": {"label": "noise", "sigma": "30/255", "clip": True}}
        yield Trials(
            name="bm3d",
            suite={
                "images": [self._picture(None)],
                "noises": [noise],
                "denoisers": ["bm3d"],
                "repetitions": _DRAWS,
            },
            limit=1,
        )
        networks = [
            {name: {"label": label, **settings, "iterations": iterations // share}}
            for label, (name, settings, iterations, _, _) in METHODS.items()
            if iterations
        ]
        yield Trials(
            name="networks",
            suite={
                "images": [self._picture(crop)],
                "noises": [noise],
                "denoisers": networks,
                "stopping": ["best-loss"],
            },
            limit=1,
        )

    def conclude(self, size: Size, results: Results) -> Conclusion:
        """Return the printed numbers beside ours, and the orders that the paper draws from them."""
        psnr = {
            label: [
                one.record.psnr
                for one in results.good("bm3d" if label == "bm3d" else "networks", denoiser=label)
                if one.record.psnr is not None
            ]
            for label in METHODS
        }
        return Conclusion(
            claims=[self._noisy(results), *self._printed(psnr, size), *self._orders(psnr, size)],
            figure=_figure(results, psnr),
            conditions=self._conditions(size),
        )

    def _picture(self, crop: int | None) -> Any:
        if self._images is None:
            return {_PICTURE: {"crop": crop or 512}}
        path = Path(self._images).expanduser()
        if ":" not in self._images and path.exists():
            return {"folder": {"path": str(path), "crop": crop}}
        return self._images

    def _noisy(self, results: Results) -> Claim:
        noisy = [one.record.noisy_psnr for one in results.good("bm3d")]
        return Claim(
            statement="The noisy picture has a PSNR of 19.1 dB",
            place="Fig. 2",
            quantities=(Quantity.near("PSNR", [v for v in noisy if v is not None], 19.07, 0.03, "dB"),),
            basis="two runs of the notebook: 19.07 and 19.08 dB",
            too_small=self._other(),
            row="3",
        )

    def _printed(self, psnr: Mapping[str, list[float]], size: Size) -> Iterator[Claim]:
        for label, (_, _, _, printed, stored) in METHODS.items():
            reduced = "" if label == "bm3d" else size.reduced
            yield Claim(
                statement=f"{label}: {printed} dB",
                place="Fig. 2",
                quantities=(Quantity.near("PSNR", psnr[label], printed, TOLERANCE, "dB"),),
                basis=f"twice the largest difference between figure and notebook (here {stored} dB)",
                too_small=reduced or self._other(),
                row="15" if label == "bm3d" else "18",
                note="the paper ran pybm3d; this is the reference implementation" if label == "bm3d" else "",
            )

    def _orders(self, psnr: Mapping[str, list[float]], size: Size) -> Iterator[Claim]:
        yield Claim(
            statement="BM3D lies below the 29.9 dB that the paper prints for the deep decoder",
            place="Fig. 2",
            quantities=(Quantity.below("BM3D, PSNR", psnr["bm3d"], 29.9, 28.6, "dB"),),
            basis="an order, against the printed number",
            too_small=self._other(),
            row="15",
            note="BM3D is told the noise as it is, independent in the channels",
        )
        for better in ("deep-decoder-over", "deep-decoder-under", "dip"):
            pairs = [a - b for a, b in zip(psnr[better], psnr["bm3d"], strict=False)]
            yield Claim(
                statement=f"{better} outperforms BM3D",
                place="Fig. 2",
                quantities=(Quantity.above(f"{better} - bm3d", pairs, 0, unit="dB"),),
                basis="an order",
                too_small=size.reduced,
                row="18",
            )

    def _other(self) -> str:
        return "" if self._images is not None else "another crop of the photograph than the paper's"

    def _conditions(self, size: Size) -> list[str]:
        told = []
        if self._images is None:
            told.append(
                "Picture: the astronaut inside scikit-image, another crop than the paper's file "
                "(test_data/astronaut.png of its code; give it with --images)."
            )
        if size.reduced:
            told.append(f"BM3D has the whole picture at every size, and {_DRAWS} draws of the noise.")
        return told


def _figure(results: Results, psnr: Mapping[str, list[float]]) -> Figure | None:
    """Return the middles of the pictures side by side."""
    shown: list[Picture] = []
    for label in METHODS:
        for one in results.good("bm3d" if label == "bm3d" else "networks", denoiser=label):
            record = one.record
            noisy, output = (
                results.crop(digest or "") for digest in (record.noisy_sha256, record.output_sha256)
            )
            clean = results.crop(record.image_sha256)
            if not shown and clean and noisy and record.noisy_psnr is not None:
                shown.append(Picture(caption="clean", pixels=clean))
                shown.append(Picture(caption=f"noisy, {record.noisy_psnr:.1f} dB", pixels=noisy))
            if output and psnr[label]:
                shown.append(Picture(caption=f"{label}, {psnr[label][0]:.1f} dB", pixels=output))
    return Figure(panels=[Pictures(title="Middles of the pictures", pictures=shown)]) if shown else None
