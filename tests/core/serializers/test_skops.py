"""Fitted estimators: by skops where it knows everything in them, else as a signed pickle."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

import datanectar as dn
from datanectar.errors import SerializationError
from datanectar.serializers.state import same_state

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(80, 4))
Y = (X[:, 0] + X[:, 1] ** 2 > 0.5).astype(int)


class OwnModel(LinearRegression):
    """Of the client's, which skops has never heard of."""


ESTIMATORS = {
    "linear": (LogisticRegression(), "skops"),
    "scaled": (make_pipeline(StandardScaler(), LogisticRegression(C=0.5)), "skops"),
    "columns": (
        make_pipeline(
            ColumnTransformer([("scale", StandardScaler(), [0, 1]), ("keep", "passthrough", [2, 3])]),
            LinearRegression(),
        ),
        "skops",
    ),
    "support vectors": (SVC(random_state=1), "skops"),
    "clusters": (KMeans(2, random_state=3), "skops"),
    "seed sequence": (KMeans(2, random_state=np.random.RandomState(3)), "pickle"),
    "components": (make_pipeline(PCA(2), SVC()), "skops"),
    "trees": (RandomForestRegressor(5, random_state=0), "pickle"),
    "boosting": (HistGradientBoostingClassifier(max_iter=3), "pickle"),
    "neighbours": (KNeighborsClassifier(), "pickle"),
    "own class": (OwnModel(), "pickle"),
}


@pytest.mark.parametrize(("estimator", "expected"), ESTIMATORS.values(), ids=ESTIMATORS)
def test_fitted_estimators_come_back(trip, estimator, expected):
    fitted = estimator.fit(X, Y)
    got, serializer = trip(fitted, with_serializer=True)
    assert serializer == expected
    assert same_state(got, fitted)
    assert got.predict(X).tobytes() == fitted.predict(X).tobytes()


def test_an_encoder_of_text_comes_back(trip):
    fitted = OneHotEncoder(handle_unknown="ignore").fit(np.array([["a", "x"], ["b", "y"]], dtype=object))
    got = trip(fitted)
    assert same_state(got, fitted)
    assert got.get_feature_names_out().tolist() == ["x0_a", "x0_b", "x1_x", "x1_y"]


def test_an_estimator_that_was_not_fitted_comes_back(trip):
    got, serializer = trip(LogisticRegression(C=3.0), with_serializer=True)
    assert repr(got) == "LogisticRegression(C=3.0)"
    assert serializer == "skops"


def test_a_model_beside_its_score_and_table_is_stored_part_by_part(trip, same):
    model = LogisticRegression().fit(X, Y)
    got = trip({"model": model, "scores": (0.5, X[:3])})
    same(got["scores"], (0.5, X[:3]))
    assert same_state(got["model"], model)


def test_a_store_without_pickles_says_what_skops_lacks(tmp_path):
    (tmp_path / "datanectar.toml").write_text(
        '[storage.strict]\ntype = "local"\npath = "store"\npickle = "never"\n'
        '[profiles.local]\nstorage_layer = "strict"\n'
    )
    code = """
import datanectar as dn
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeRegressor
layer = dn.storage_layer()
print(layer.store("a/b", LogisticRegression()).value)
try:
    layer.store("a/c", DecisionTreeRegressor().fit([[1]], [1]))
except dn.errors.SerializationError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=tmp_path)
    first, second = run.stdout.splitlines()
    assert first == "{'file': 0, 'serializer': 'skops'}"
    assert "does not trust sklearn.tree._tree.Tree" in second
    assert 'ruled out by pickle = "never"' in second


def test_without_skops_an_estimator_is_pickled(tmp_path):
    code = """
import sys
sys.modules["skops"] = None
import datanectar as dn
from sklearn.linear_model import LogisticRegression
with dn.settings(storage_layer=sys.argv[1]):
    print(dn.storage_layer().store("a/b", LogisticRegression()).value["serializer"])
    print(dn.storage_layer().load("a/b"))
"""
    run = subprocess.run(
        [sys.executable, "-c", code, (tmp_path / "store").as_uri()], check=False, capture_output=True, text=True
    )
    assert (run.stdout, run.stderr) == ("pickle\nLogisticRegression()\n", "")


def test_a_function_of_the_clients_inside_of_a_pipeline_is_not_trusted(trip):
    assert trip(make_pipeline(FunctionTransformer(np.log1p)).fit(X), with_serializer=True)[1] == "skops"
    assert trip(make_pipeline(FunctionTransformer(own_function)).fit(X), with_serializer=True)[1] == "pickle"
    with pytest.raises(SerializationError, match="skops cannot hold this: it does not trust"):
        trip(make_pipeline(FunctionTransformer(own_function)).fit(X), "skops")


def own_function(x):
    return x + 1


def test_a_skops_file_needs_no_key_to_be_loaded(tmp_path, monkeypatch):
    with dn.settings(storage_layer=(tmp_path / "store").as_uri()):
        assert "signature" not in dn.storage_layer().store("a/b", LogisticRegression().fit(X, Y)).document
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "another-person"))
        assert dn.storage_layer().load("a/b").predict(X).shape == (80,)
