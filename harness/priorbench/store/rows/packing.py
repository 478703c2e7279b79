"""Packs the text of a record: what nearly all records say stands in a dictionary that is part of this code.

Every row stays whole by itself: what harms one harms no other. A packed row is a byte that names the
dictionary, the checksum of the text, the text as raw deflate, and two bytes at the end by which the database
tells a row that was cut.
"""

from __future__ import annotations

import zlib

#: first byte of a packed row; JSON begins with a brace
MARK = b"\x01"
#: last bytes of a packed row
END = b"\n}"
#: a text that unpacks to more is not one of priorbench
LARGEST = 2**24
_CHECK = 4

#: never changed, because rows were packed with it: another one needs another `MARK`
DICTIONARY = (
    b'"tainted":"other processes took part of the processor","status":"timeout","status":"crashed","error":"'
    b'"status":"error","status":"out-of-memory","status":"invalid-output","status":"refused","error":"'
    b'"metrics":{"lpips":,"dists":"trained_on":["imagenet"],"oracle":true,"batch":16,"device":"cuda:0",'
    b'"notes":["ICC profile ignored: colours may differ","EXIF orientation not applied"],"printed":"'
    b'"operator":"mask","operator_parameters":{"keep":0.5},"salt":"","image_set":"folder","image_set":"photos",'
    b'"noise":"poisson-gaussian","noise":"given","noise_parameters":{"peak":30.0},"noise_parameters":{},'
    b'"stopping_rule":"oracle","stopping_rule":"es-wmv","stopping_parameters":{"average":"raw","stop_now":false'
    b'"denoiser":"bm3d","denoiser":"dip","denoiser":"deep-decoder","denoiser":"tv","denoiser":"nlm"'
    b'"parameters":{"iterations":3000,"learning_rate":0.01,"channels":128,"layers":5,"seed":0,"strength":0.1,'
    b'"plugin":"priorbench-","plugin_version":"1.0","plugin_source":"","plugin_commit":"+changes","code":"",'
    b'"limits":{"timeout":3600.0,"memory":8589934592},"environment":"","started_at":"2027-01-01T00:00:00+00:00"'
    b'{"key":"0123456789abcdef","denoiser":"","parameters":{},"plugin":"priorbench","plugin_version":"0.1.0",'
    b'"plugin_source":"","plugin_commit":"","code":"","image_set":"imagenet","image":"ILSVRC2012_val_000000.JPEG'
    b'.png","image_sha256":"","height":512,"width":512,"height":256,"width":256,"channels":1,"channels":3,'
    b'"noise":"gaussian-","noise":"gaussian","noise_parameters":{"sigma":0.09803921568627451,"channels":'
    b'"independent","clip":false},"repetition":0,"stopping_rule":"fixed","stopping_parameters":{"iterations":'
    b'null},"stopping_rule":null,"stopping_parameters":{},"operator":"identity","operator_parameters":{},'
    b'"salt":"","oracle":false,"trained_on":[],"schema":2,"protocol":1,"sigma":0.09803921568627451,'
    b'"noisy_sha256":"","noisy_psnr":20.1,"iterations":3000,"stopped_at":3000,"fired":true,"iterations":null,'
    b'"stopped_at":null,"fired":null,"mse":0.00,"psnr":null,"psnr":2,"psnr":3,"ssim":0.,"noise_correlation":0.,'
    b'"metrics":{},"noise_energy":0.00,"training_loss":0.0,"fit_failed":false,"noise_energy":null,'
    b'"training_loss":null,"fit_failed":null,"oracle_psnr":3,"oracle_iteration":,"oracle_psnr":null,'
    b'"oracle_iteration":null,"output_sha256":"","output_sha256":null,"wall_seconds":0.0,"device_seconds":0.0,'
    b'"device_seconds":null,"cpu_seconds":0.0,"setup_seconds":0.0,"first_call_seconds":0.0,'
    b'"first_call_seconds":null,"peak_memory_bytes":1,"peak_memory_bytes":null,"device":"cuda","threads":1,'
    b'"device":"cpu","threads":2,"device":"cpu","threads":1,"batch":1,"tainted":null,"status":"ok","error":null,'
    b'"remark":null,"notes":[],"printed":null,"limits":{},"environment":"","started_at":"2026-01-01T00:00:00.'
    b'000000+00:00"}'
)


class BrokenError(ValueError):
    """A packed row that cannot be unpacked; the message says why."""


def pack(text: str) -> bytes | str:
    """Return a text as a packed row; one that is too large as it is."""
    plain = text.encode("utf-8", "surrogatepass")
    if len(plain) >= LARGEST:
        return text
    packing = zlib.compressobj(6, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
    packed = packing.compress(plain) + packing.flush()
    return MARK + zlib.crc32(plain).to_bytes(_CHECK, "big") + packed + END


def is_packed(data: str | bytes) -> bool:
    """Say whether a row is packed, or meant to be."""
    return isinstance(data, bytes) and data.startswith(MARK)


def unpack(data: bytes) -> bytes:
    """Return the text of a packed row.

    Raises
    ------
    BrokenError
        If it was cut or changed, or unpacks to more than any text of priorbench has.
    """
    start = len(MARK) + _CHECK
    unpacking = zlib.decompressobj(-15, DICTIONARY)
    try:
        text = unpacking.decompress(data[start : -len(END)], LARGEST)
    except zlib.error as error:
        raise BrokenError(f"it cannot be unpacked: {error}") from None
    if len(text) == LARGEST:
        raise BrokenError(f"it unpacks to more than {LARGEST // 2**20} MiB")
    whole = unpacking.eof and not unpacking.unused_data and data.endswith(END)
    if not whole or zlib.crc32(text).to_bytes(_CHECK, "big") != data[len(MARK) : start]:
        raise BrokenError("it is cut off or changed")
    return text
