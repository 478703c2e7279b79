"""Image sets: photographs, a phantom, signals, noise, folders, ImageNet, classics, real noise."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import ImageSetSpec, hookimpl

#: Parameters that choose among a folder's pictures and leave each as it is: not part of a set's label.
_CHOOSING = ("limit", "select", "seed", "min_side", "channels", "max_pixels")
#: The classic sets are checked: wherever they lie, they are the same.
_CHECKED = ("limit", "path")
_FFDNET = "https://github.com/cszn/FFDNet, folder testsets"


@hookimpl
def priorbench_image_sets() -> Iterator[ImageSetSpec]:
    """Yield the image sets of this plugin."""
    yield from _shipped()
    yield from _signals()
    yield from _computed()
    yield from _folders()
    yield from _classic()
    yield from _pairs()


def _shipped() -> Iterator[ImageSetSpec]:
    yield ImageSetSpec(
        name="photos",
        factory="priorbench_images.embedded:photos",
        summary="5 colour photographs inside the scikit-image package; nothing to download",
        licence="public domain, CC0, and one without a stated licence (motorcycle)",
    )
    yield ImageSetSpec(
        name="colour-pictures",
        factory="priorbench_images.embedded:colour_pictures",
        summary="8 colour pictures inside the scikit-image package: photos, a telescope's, two of medicine",
        licence="public domain, CC0, no known copyright restrictions, and one without a stated licence",
    )
    yield ImageSetSpec(
        name="grey-photos",
        factory="priorbench_images.embedded:grey_photos",
        summary="6 grey photographs inside the scikit-image package; nothing to download",
        licence="CC0 or no known copyright restrictions",
    )
    yield ImageSetSpec(
        name="phantom",
        factory="priorbench_images.phantom:Phantom",
        summary="the modified Shepp-Logan head phantom, 256x256 grey, computed",
        citation="Toft, The Radon Transform: Theory and Implementation, PhD thesis, DTU, 1996, Table B.3",
        licence="MIT",
    )


def _signals() -> Iterator[ImageSetSpec]:
    yield ImageSetSpec(
        name="signals",
        factory="priorbench_images.signals:Signals",
        summary="1-D signals as images of one row: step, piecewise constant, low frequencies, noise",
        citation=(
            "R. Heckel, M. Soltanolkotabi, Denoising and regularization via exploiting the structural bias "
            "of convolutional generators, ICLR 2020"
        ),
        licence="MIT",
        selection=("limit", "kinds", "count"),
    )


def _computed() -> Iterator[ImageSetSpec]:
    paper = (
        "R. Heckel, M. Soltanolkotabi, Denoising and regularization via exploiting the structural bias of "
        "convolutional generators, ICLR 2020"
    )
    yield ImageSetSpec(
        name="noise-targets",
        factory="priorbench_images.computed.noise_targets:NoiseTargets",
        summary="pictures of uniform noise, of a scale or a norm: what a generator should fit slowly",
        citation=paper,
        licence="MIT",
        selection=("limit", "count"),
    )
    yield ImageSetSpec(
        name="checkerboard",
        factory="priorbench_images.computed.checkerboard:Checkerboard",
        summary="alternating pixels of 0 and 1: regular, and fitted as slowly as noise",
        citation=paper,
        licence="MIT",
    )


def _folders() -> Iterator[ImageSetSpec]:
    yield ImageSetSpec(
        name="folder",
        factory="priorbench_images.folder:folder",
        summary="your own pictures: any folder, or a single file",
        licence="whatever your pictures have",
        label_from="path",
        takes_folder=True,
        selection=(*_CHOOSING, "recursive"),
    )
    yield ImageSetSpec(
        name="imagenet",
        factory="priorbench_images.imagenet:imagenet",
        summary="your copy of the ImageNet validation set, flat or in class folders; centre crops of 512",
        citation="Russakovsky et al., ImageNet Large Scale Visual Recognition Challenge, IJCV 2015",
        licence="non-commercial research and education (image-net.org)",
        label_from="path",
        files=("list",),
        selection=(*_CHOOSING, "list", "numbers", "follow_links"),
    )


def _classic() -> Iterator[ImageSetSpec]:
    yield ImageSetSpec(
        name="set12",
        factory="priorbench_images.classic:set12",
        summary=f"12 grey classics, from your folder ({_FFDNET}/Set12)",
        licence="none stated; research use. Picture 08 is 'Lena', which several journals refuse",
        selection=_CHECKED,
    )
    yield ImageSetSpec(
        name="cbsd68",
        factory="priorbench_images.classic:cbsd68",
        summary=f"68 colour photographs of Berkeley, from your folder ({_FFDNET}/CBSD68)",
        citation="Martin et al., A database of human segmented natural images, ICCV 2001",
        licence="non-commercial research and education",
        selection=_CHECKED,
    )
    yield ImageSetSpec(
        name="bsd68",
        factory="priorbench_images.classic:bsd68",
        summary="the grey BSD68, computed from your folder of CBSD68, pixel for pixel as published",
        citation="Martin et al., A database of human segmented natural images, ICCV 2001",
        licence="non-commercial research and education",
        selection=_CHECKED,
    )
    yield ImageSetSpec(
        name="kodak24",
        factory="priorbench_images.classic:kodak24",
        summary="24 Kodak photographs, full size or the 500x500 of the literature, from your folder",
        licence="understood to be released by Kodak for unrestricted use",
        selection=_CHECKED,
    )
    for protocol, words in {
        "full": "full size, 768x512, as published",
        "500": "centres of 500x500, as in papers on trained networks",
        "256": "centres of 256x256, as in papers on zero-shot methods",
    }.items():
        yield ImageSetSpec(
            name=f"kodak24-{protocol}",
            factory=f"priorbench_images.classic:kodak24_{protocol}",
            summary=f"24 Kodak photographs, {words}, from your folder",
            licence="understood to be released by Kodak for unrestricted use",
            selection=_CHECKED,
        )
    yield ImageSetSpec(
        name="mcmaster",
        factory="priorbench_images.classic:mcmaster",
        summary=f"18 colour photographs of 500x500, from your folder ({_FFDNET}/McMaster)",
        citation="Zhang et al., Color demosaicking by local directional interpolation, JEI, 2011",
        licence="none stated; research use",
        selection=_CHECKED,
    )


def _pairs() -> Iterator[ImageSetSpec]:
    yield ImageSetSpec(
        name="pairs",
        factory="priorbench_images.real_noise.sets:pairs",
        summary="your own noisy pictures and their clean ones, two folders, for noise 'given'",
        licence="whatever your pictures have",
        label_from="noisy",
        places=("noisy", "clean"),
        paired=True,
        selection=("limit", "min_side", "channels", "max_pixels"),
    )
    yield ImageSetSpec(
        name="polyu",
        factory="priorbench_images.real_noise.sets:polyu",
        summary="PolyU, real noise of five cameras, from your folder, for noise 'given'",
        citation="Xu et al., Real-world Noisy Image Denoising: A New Benchmark, arXiv:1804.02603",
        licence="none stated; research use",
        paired=True,
        selection=("limit", "max_pixels", "path"),
    )
    yield ImageSetSpec(
        name="fmd",
        factory="priorbench_images.real_noise.sets:fmd",
        summary="FMD, fluorescence microscopy, 50 noisy frames a scene, from your folder, for noise 'given'",
        citation="Zhang et al., A Poisson-Gaussian Denoising Dataset with Real Fluorescence Microscopy "
        "Images, CVPR 2019",
        licence="MIT",
        paired=True,
        selection=("limit", "max_pixels", "path"),
    )
