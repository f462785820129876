"""The playtest: Cordon on a laptop, against a local AWS and a demo fleet."""
