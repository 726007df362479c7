"""Volumes, followed along one axis or several, whose masks are fused."""
