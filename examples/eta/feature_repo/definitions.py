"""What Feast knows of: entities, the view of trip statistics, and what the models are served with."""

from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.types import Float64, Int64, String

carrier = Entity(name="carrier", join_keys=["carrier"], value_type=ValueType.STRING)
route = Entity(name="route", join_keys=["route"], value_type=ValueType.STRING)

trip_stats = FeatureView(
    name="trip_stats",
    entities=[carrier, route],
    ttl=timedelta(days=28),
    schema=[
        Field(name="carrier", dtype=String),
        Field(name="route", dtype=String),
        Field(name="recent_flights", dtype=Int64),
        Field(name="recent_delay", dtype=Float64),
        Field(name="recent_late_share", dtype=Float64),
    ],
    source=FileSource(path="data/trip_stats", timestamp_field="known_at"),
)

eta = FeatureService(name="eta", features=[trip_stats])
