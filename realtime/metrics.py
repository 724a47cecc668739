"""Figures about what travels live."""

from prometheus_client import Counter, Gauge, Histogram

CONNECTIONS = Gauge("entente_live_connections", "Open live connections.", multiprocess_mode="livesum")
LATENCY = Histogram(
    "entente_live_latency_seconds",
    "From the entry in the journal to the socket.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10),
)
REPLAYED = Histogram(
    "entente_live_replay_entries", "Entries replayed to a page that comes back.", buckets=(1, 4, 16, 64, 256)
)
RESETS = Counter("entente_live_resets_total", "Readers told to start afresh.", ["cause"])
BEHIND = Histogram(
    "entente_live_behind_frames",
    "Frames waiting for a page when it is served.",
    buckets=(1, 2, 8, 32, 128, 256),
)
RECONNECTIONS = Counter("entente_live_reconnections_total", "Connections that bring a Last-Event-ID or a try.")
STALLED = Counter("entente_live_stalled_total", "Connections cut because they did not drain.")
BELL_MISSES = Counter("entente_bell_misses_total", "Bells that this process rang and did not hear.")
