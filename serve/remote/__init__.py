"""The ports over Ray Serve handles: a meeting's stages here, its models in replicas."""

from serve.remote.choice import ModelsChoice
from serve.remote.places import InBlobs, OnSharedDisk, Place
from serve.remote.stages import RemoteModels, RemoteStages

__all__ = ["InBlobs", "ModelsChoice", "OnSharedDisk", "Place", "RemoteModels", "RemoteStages"]
