"""`cordon policy`: the response policy, checked as a file, shown, compared and pushed."""

from __future__ import annotations

import typer

from oncall.policy.check import check
from oncall.policy.diff import diff
from oncall.policy.push import push
from oncall.policy.show import show

app = typer.Typer(
    name="policy",
    no_args_is_help=True,
    help="The response policy: how far Cordon goes by itself, when, and whom it asks.",
    epilog="Example: cordon policy check response-policy.yaml",
)


@app.callback()
def policy() -> None:
    """Check, show, compare and push the response policy."""


app.command("check", epilog="Example: cordon policy check response-policy.yaml")(check)
app.command("show", epilog="Example: cordon policy show > response-policy.yaml")(show)
app.command("diff", epilog="Example: cordon policy diff response-policy.yaml")(diff)
app.command("push", epilog="Example: cordon policy push response-policy.yaml")(push)
