"""Policy: what screening keeps, replaces and drops, as data.

Closed lists: a name that is not here is not treated so. docs/privacy.md prints them.
"""

from typing import Final

import msgspec

from onrecord.privacy.detect.contact import DEFAULT_REGIONS

FINAL: Final = frozenset(("SECRET", "CARD"))
"""Labels replaced before the vault: what they were is kept nowhere."""

RESOURCE_DROPPED: Final = frozenset(
    (
        "process.args_count", "process.command", "process.command_args", "process.command_line",
        "process.environment_variable", "process.executable.name", "process.executable.path", "process.interactive",
        "process.linux.cgroup", "process.owner", "process.parent_pid", "process.pid", "process.real_user.id",
        "process.real_user.name", "process.saved_user.id", "process.saved_user.name", "process.session_leader.pid",
        "process.title", "process.user.id", "process.user.name", "process.vpid", "process.working_directory",
        "host.id", "host.image.id", "host.ip", "host.mac", "host.name",
        "os.build_id", "os.description", "os.name", "os.type", "os.version",
        "device.id", "device.manufacturer", "device.model.identifier", "device.model.name",
        "container.command", "container.command_args", "container.command_line",
    )
)  # fmt: skip
"""Resource attributes that say on whose machine and under whose name a program runs."""

METADATA_ATTRIBUTES: Final = frozenset(
    (
        "gateway.upstream", "gateway.request.bytes", "gateway.request.kept", "gateway.response.bytes",
        "gateway.response.kept", "gateway.failure", "gateway.retry_count", "gateway.cancelled", "gateway.stream.events",
        "gateway.stream.complete", "http.request.method", "http.response.status_code",
        "network.protocol.name", "network.protocol.version",
        "rpc.system", "db.system.name", "gen_ai.operation.name", "gen_ai.output.type", "error.type",
    )
)  # fmt: skip
"""Attributes that content mode ``metadata`` keeps: values of closed vocabularies, never text."""

METADATA_RESOURCE: Final = frozenset(
    (
        "service.name", "service.namespace", "service.version", "deployment.environment",
        "deployment.environment.name", "telemetry.sdk.language", "telemetry.sdk.name", "telemetry.sdk.version",
        "process.runtime.name", "process.runtime.version",
    )
)  # fmt: skip
"""Resource attributes that content mode ``metadata`` keeps."""


class Policy(msgspec.Struct, frozen=True):
    """What a project wants of screening."""

    regions: tuple[str, ...] = DEFAULT_REGIONS
    """Countries (ISO 3166) whose national notation of telephone numbers is read."""
    resource_dropped: frozenset[str] = RESOURCE_DROPPED


DEFAULT: Final = Policy()
