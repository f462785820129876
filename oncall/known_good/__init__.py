"""`cordon known-good`: what things of a type are when they are well: captured, checked against, and signed."""

from __future__ import annotations

import typer

from oncall.known_good.capture import capture
from oncall.known_good.check import check
from oncall.known_good.sign import sign

app = typer.Typer(
    name="known-good",
    no_args_is_help=True,
    help="The known-good of a thing type: what its things are when they are well.",
    epilog="Example: cordon known-good check pump-01",
)


@app.callback()
def known_good() -> None:
    """Capture a known-good from a healthy thing, check things against it, and sign it."""


app.command("capture", epilog="Example: cordon known-good capture pump-01 --out known-good/pump.yaml")(capture)
app.command("check", epilog="Example: cordon known-good check pump-01")(check)
app.command("sign", epilog="Example: cordon known-good sign known-good/pump.yaml")(sign)
