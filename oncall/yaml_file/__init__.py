"""What people write in YAML: read, with the place of every mistake, and shown as the file that it could be."""
