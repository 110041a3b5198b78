"""The folder that `npm run export` writes: checked before anything is computed.
Python's standard library alone.

DIR/manifest.json      the sha256 of the other files
DIR/job.json           model, config, recipe, first batch
DIR/start.safetensors  the weights to begin with
DIR/data.safetensors   images as bytes: `train`, `validation`
train.py adds weights.safetensors (the best so far), state.safetensors and log.jsonl.
"""

import hashlib
import json
import math
import os

FORMAT = 1
FILES = ("job.json", "start.safetensors", "data.safetensors")


class JobError(Exception):
    """One sentence: what was wrong, the value, the rule, what to do."""


class Job:
    """What job.json says. The names are those of lib/reproduction/exportJob.ts."""

    def __init__(self, folder):
        self.folder = folder
        check_manifest(folder)
        text = read_json(self.path("job.json"))
        self.model, self.preset, self.config = text["model"], text["preset"], text["config"]
        self.ancestors = text["ancestors"]
        self.levels, self.classes = text["levels"], text["classes"]
        # Of images of one's own: name and sha256 of the data set, for whoever takes the weights.
        self.data = text.get("data")
        self.images, self.first_batch = text["images"], text["firstBatch"]
        for split in ("train", "validation"):
            if not self.images.get(split):
                raise JobError(
                    f"{self.path('job.json')} has no {split} images; export the job again with both splits"
                )
        self.set_recipe(text["recipe"])

    def set_recipe(self, recipe):
        """@raises JobError for a number out of range"""
        check_recipe(recipe, self.images["train"])
        self.recipe = recipe
        self.steps_per_epoch = self.images["train"] // recipe["batchSize"]
        self.steps = self.steps_per_epoch * recipe["epochs"]

    def path(self, name):
        return os.path.join(self.folder, name)


def read_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except OSError as error:
        raise JobError(
            f"{path} cannot be read ({error.strerror}); name a folder that npm run export wrote"
        ) from None
    except ValueError as error:
        raise JobError(
            f"{path} is no valid JSON ({error}); copy the folder again from where it was exported"
        ) from None


def check_manifest(folder):
    manifest = read_json(os.path.join(folder, "manifest.json"))
    if manifest.get("format") != FORMAT:
        raise JobError(
            f"{folder} has format {manifest.get('format')}, but this train.py knows {FORMAT}; export and"
            " train with the same version"
        )
    for name in FILES:
        expected = manifest["files"].get(name)
        path = os.path.join(folder, name)
        if expected is None or not os.path.exists(path):
            raise JobError(f"{path} is missing; copy the whole folder from where it was exported")
        size = os.path.getsize(path)
        if size != expected["bytes"]:
            raise JobError(f"{path} has {size} bytes, but {expected['bytes']} were exported: copy it again")
        with open(path, "rb") as file:
            found = (
                hashlib.file_digest(file, "sha256").hexdigest()
                if hasattr(hashlib, "file_digest")
                else digest(file)
            )
        if found != expected["sha256"]:
            raise JobError(
                f"{path} was changed: its sha256 is {found}, but {expected['sha256']} was exported; copy it"
                " again"
            )


def digest(file):
    """As hashlib.file_digest, which Python 3.10 lacks."""
    sha = hashlib.sha256()
    while piece := file.read(1 << 20):
        sha.update(piece)
    return sha.hexdigest()


def check_recipe(recipe, images):
    for field in ("epochs", "batchSize"):
        if type(recipe[field]) is not int or recipe[field] < 1:
            raise JobError(
                f"the recipe's {field} must be a positive integer, got {recipe[field]}; export the job again"
            )
    if recipe["batchSize"] > images:
        raise JobError(
            f"the recipe's batchSize is {recipe['batchSize']}, but there are only {images} training images;"
            " export with --batch"
        )
    if recipe["schedule"] not in ("cosine", "linear"):
        raise JobError(
            f"the recipe's schedule must be cosine or linear, got {recipe['schedule']}; export the job again"
        )


def learning_rate_at(step, steps, recipe):
    """Rises in a straight line from 0 over the warm-up, then falls to 0 as the schedule says (lib/train.ts).
    step counts from 0.
    """
    rising = recipe["warmup"] * steps
    if step < rising:
        return recipe["learningRate"] * (step + 1) / (rising + 1)
    done = (step - rising) / max(1, steps - rising)
    return recipe["learningRate"] * (
        1 - done if recipe["schedule"] == "linear" else (1 + math.cos(math.pi * done)) / 2
    )


def average_decay_at(step, recipe):
    """Early on the average of few steps is short, so that the first random weights are soon forgotten."""
    return min(recipe["averageDecay"], (1 + step) / (10 + step))
