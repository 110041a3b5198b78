"""A run on disk: its state, from which it goes on, and the best weights so far, which npm run import takes.
"""

import json
import os

import networks
from job import JobError
from safetensors_file import SafetensorsError
from store import read_tensors, write_tensors

PARTS = ("weights", "average", "firstMoment", "secondMoment", "best")


class Progress:
    """All that a run has to remember beside its tensors: every random stream is keyed by seed, epoch and
    step, so none has a state.
    """

    def __init__(self):
        self.step = 0
        self.epochs = 0  # of the schedule, which --minutes may have chosen
        self.seconds = 0.0
        self.epoch_nats = 0.0  # sum of the batches' mean nats in the epoch under way
        self.history = []
        self.best = None  # {"nats", "epoch"}

    def record(self, split, epoch, nats):
        self.history.append(
            {"step": self.step, "epoch": epoch, "split": split, "nats": nats, "seconds": self.seconds}
        )


def save_state(job, network, tensors, progress):
    """tensors: {part: one tensor for each parameter, in the network's order}; `best` may be empty."""
    names = [name for name, _ in network.named_parameters()]
    stored = {}
    for part in PARTS:
        for name, tensor in zip(names, tensors[part]):
            stored[f"{part}/{name}"] = networks.to_library(tensor)
    write_tensors(
        job.path("state.safetensors"), stored, {"job": job_key(job), "progress": json.dumps(vars(progress))}
    )


def load_state(job, network):
    """@returns the tensors by part, and the progress; None where nothing was saved yet"""
    path = job.path("state.safetensors")
    if not os.path.exists(path):
        return None
    try:
        stored, metadata = read_tensors(path)
    except SafetensorsError as error:
        raise JobError(f"{error}; begin again with --restart") from None
    if metadata.get("job") != job_key(job):
        raise JobError(f"{path} is of another job than the one in {job.folder}; begin again with --restart")
    progress = Progress()
    vars(progress).update(json.loads(metadata["progress"]))
    expected = {name: parameter for name, parameter in network.named_parameters()}
    tensors = {part: [] for part in PARTS}
    for part in PARTS:
        if part == "best" and progress.best is None:
            continue
        for name, parameter in expected.items():
            tensor = stored.get(f"{part}/{name}")
            if tensor is None or networks.from_library(tensor).shape != parameter.shape:
                raise JobError(
                    f"{path} has no {part}/{name} of the model's shape; begin again with --restart"
                )
            tensors[part].append(networks.from_library(tensor))
    return tensors, progress


def job_key(job):
    recipe = {name: value for name, value in job.recipe.items() if name != "epochs"}
    return json.dumps([job.model, job.preset, job.config, recipe, job.images, job.ancestors], sort_keys=True)


def save_weights(job, network, tensors, progress, versions):
    """A checkpoint of the library (data/checkpoints/README.md), in 32 bits and without a score: that is
    measured there.
    """
    names = [name for name, _ in network.named_parameters()]
    stored = {name: networks.to_library(tensor) for name, tensor in zip(names, tensors)}
    metadata = {
        "kind": "weights",
        "formatVersion": "1",
        "model": job.model,
        "binarization": job.recipe["binarization"] if job.levels == 2 else "none",
    }
    fields = {
        "config": job.config,
        **({} if job.data is None else {"data": job.data}),
        "recipe": job.recipe,
        "seed": job.recipe["seed"],
        "epoch": progress.step // job.steps_per_epoch,
        "step": progress.step,
        "trainingSeconds": progress.seconds,
        "history": progress.history,
        "ancestors": job.ancestors,
        "versions": versions,
        "score": {},
    }
    metadata.update({name: json.dumps(value, ensure_ascii=False) for name, value in fields.items()})
    write_tensors(job.path("weights.safetensors"), stored, metadata)
