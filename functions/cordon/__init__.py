"""Cordon: incident response for AWS IoT fleets. See DESIGN in docs/ for the rooms and who may import whom."""
