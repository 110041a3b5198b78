"""Tensors of PyTorch to and from safetensors files."""

import torch

from safetensors_file import SafetensorsError, Tensor, read, write

DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I32": torch.int32,
    "U8": torch.uint8,
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def read_tensors(path):
    """@returns {name: tensor}, floats of all widths as 32-bit ones, and the
    metadata. @raises SafetensorsError
    """
    stored, metadata = read(path)
    tensors = {}
    for name, (dtype, shape, data) in stored.items():
        kind = DTYPES[dtype]
        tensor = torch.frombuffer(data, dtype=kind) if len(data) > 0 else torch.empty(0, dtype=kind)
        tensor = tensor.reshape(shape)
        tensors[name] = tensor.float() if kind.is_floating_point else tensor
    return tensors, metadata


def write_tensors(path, tensors, metadata):
    """Writes {name: tensor} atomically. @raises SafetensorsError; a value that is not finite is not written
    """
    stored = {}
    for name, tensor in tensors.items():
        tensor = tensor.detach().cpu().contiguous()
        if not bool(torch.isfinite(tensor).all()):
            raise SafetensorsError(
                f"{path}: tensor {name} has values that are not finite; nothing was written"
            )
        stored[name] = Tensor(
            NAMES[tensor.dtype], list(tensor.shape), tensor.reshape(-1).view(torch.uint8).numpy()
        )
    write(path, stored, metadata)
