"""The Lambda handlers: one module per playbook state, named after it; and triage, the sweep and the catch."""
