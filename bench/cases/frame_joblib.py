"""The frame by joblib.dump and joblib.load."""

import joblib
from frames import make, touch
from large import measure

measure(make, touch, lambda frame: joblib.dump(frame, "frame.joblib"), lambda: joblib.load("frame.joblib"))
