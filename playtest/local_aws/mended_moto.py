"""Everything that is mended of moto and added to it, put in at once."""

from __future__ import annotations

import functools

from playtest.local_aws import (
    bucket_policies,
    calls,
    done_once,
    event_bridge,
    event_patterns,
    iam_policies,
    iot,
    iot_data,
    kms_keys,
    lambda_bridge,
    locks,
    ops_center,
    queue_lists,
    queues,
    resource_types,
    step_functions,
    subscriptions,
    table_reads,
    transactions,
)


@functools.cache
def install() -> None:
    """Put all of it in, once per process."""
    for part in (
        calls,
        lambda_bridge,
        step_functions,
        event_patterns,
        event_bridge,
        subscriptions,
        queue_lists,
        queues,
        locks,
        transactions,
        table_reads,
        resource_types,
        bucket_policies,
        iam_policies,
        kms_keys,
        iot,
        iot_data,
        ops_center,
    ):
        part.install()
    done_once.install()
