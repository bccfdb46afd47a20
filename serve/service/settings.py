"""Settings of the service: where things are kept, and the limits that keep it honest."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import Field, field_validator

from pipeline.config import Settings

GB = 1 << 30


class LimitSettings(Settings):
    """What one request, one owner and all together may ask for."""

    upload_bytes: int = Field(16 * GB, gt=0, description="Bytes of a recording")
    duration: float = Field(12 * 3600.0, gt=0, description="Seconds of a recording")
    waiting: int = Field(500, gt=0, description="Jobs waiting in all")
    waiting_each: int = Field(200, gt=0, description="Jobs waiting for one owner")
    immediate: int = Field(8, gt=0, description="Transcriptions waiting on open connections")
    body_bytes: int = Field(1 << 20, gt=0, description="Bytes of a JSON body")
    readers: int = Field(200, gt=0, description="Event streams open at a time")
    checkpoint_bytes: int = Field(20 * GB, ge=0, description="Bytes of checkpoints kept in all")
    requests: int = Field(600, gt=0, description="Requests a minute of one owner")


class JobSettings(Settings):
    """How jobs are worked off."""

    at_once: int = Field(1, gt=0, description="Jobs run at a time by one runner")
    lease: float = Field(30.0, gt=0, description="Seconds without a heartbeat until a job is lost")
    heartbeat: float = Field(1.0, gt=0, description="Seconds between two heartbeats")
    poll: float = Field(0.5, gt=0, description="Seconds between two looks for work")
    attempts: int = Field(3, gt=0, description="Attempts until a job is given up")


class Provider(Settings):
    """An OpenID Connect provider whose people may use the service."""

    issuer: str = Field(description="Issuer, as its tokens name it; https, or http on loopback")
    audience: str = Field(description="Audience its tokens must be for")
    keys: str | None = Field(None, description="URL of its keys; else found by discovery")
    scopes: tuple[Literal["read", "write", "admin"], ...] = Field(
        ("read", "write"), description="What its people may do"
    )

    @field_validator("issuer")
    @classmethod
    def _safe(cls, issuer: str) -> str:
        url = urlsplit(issuer)
        local = url.hostname in ("localhost", "127.0.0.1", "::1")
        if url.scheme != "https" and not (url.scheme == "http" and local):
            raise ValueError(f"expected an https URL, got {issuer!r}")
        return issuer


class ServiceSettings(Settings):
    """A service. Raises pydantic's ValidationError on an unknown key or a value out of range."""

    profile: str = Field("cpu", description="Profile of the models")
    overrides: dict[str, Any] = Field({}, description="Settings over the profile's, nested")
    data: Path = Field(
        default_factory=lambda: user_data_path("parley"), description="Folder of what is kept"
    )
    database: str | None = Field(None, description="URL; by default SQLite in `data`")
    blobs: str | None = Field(None, description="URL of the sound's store; by default in `data`")
    host: str = Field("127.0.0.1", description="Address to listen at")
    port: int = Field(8000, ge=0, lt=65536, description="Port to listen at")
    hosts: tuple[str, ...] = Field((), description="Further names the service is reached by")
    origins: tuple[str, ...] = Field((), description="Web origins that pages may call from")
    keys: bool | None = Field(
        None, description="Whether an API key is needed; by default off loopback"
    )
    oidc: tuple[Provider, ...] = Field((), description="Identity providers that are trusted")
    limits: LimitSettings = LimitSettings()
    jobs: JobSettings = JobSettings()

    @property
    def database_url(self) -> str:
        """Where rows are kept."""
        return self.database or f"sqlite:///{self.data / 'parley.db'}"

    @property
    def blobs_url(self) -> str:
        """Where sound is kept."""
        return self.blobs or str(self.data / "blobs")

    @property
    def loopback(self) -> bool:
        """Whether nobody but this machine can reach it."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    @property
    def demands_keys(self) -> bool:
        """Whether callers must show an API key."""
        return not self.loopback if self.keys is None else self.keys
