"""Decorated classes in the shapes in which Luigi code comes."""

from __future__ import annotations

from typing import Any

import luigi
from luigi.task import DynamicRequirements
from luigi.util import inherits, requires

import datanectar as dn
from datanectar_luigi import ArtifactTarget, NectarTask


class Note:
    """A mixin that knows nothing of tasks."""

    noted = "mixed in"

    def store(self, value: Any) -> None:
        self.storage_layer.store(dn.get_artifact_name(self), value)  # type: ignore[attr-defined]


@dn.task
class Base(Note, luigi.Task):
    x = luigi.IntParameter(default=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.built = f"base {self.x}"

    def run(self) -> None:
        self.store(self.x)


class RunsTheBaseFirst(Base):
    """A base that stores first; what is derived adds nothing to the artifact of its own name but itself."""

    def run(self) -> None:
        super().run()


@dn.task(task_type="old_style")
class OldStyle(Base):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super(OldStyle, self).__init__(*args, **kwargs)  # noqa: UP008
        self.built = f"old {self.built}"

    def run(self) -> None:
        self.store((self.built, self.noted))


@dn.task
class OwnOutput(luigi.Task):
    path = luigi.Parameter(significant=False)

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(self.path)

    def run(self) -> None:
        with self.output().open("w") as file:
            file.write("mine")


@dn.task
class OwnSuccess(luigi.Task):
    """Says what it wants to say in the end, without ``super()``; and may forget to store."""

    stores = luigi.BoolParameter()
    said: list[str] = []

    def run(self) -> None:
        if self.stores:
            self.storage_layer.store(dn.get_artifact_name(self), 1)

    def on_success(self) -> str:
        self.said.append("success")
        return "well done"


class DerivedSuccess(OwnSuccess):
    def on_success(self) -> str:
        return "derived"


@dn.task
@requires(Base)
class RequiresBelow(luigi.Task):
    def run(self) -> None:
        self.storage_layer.store(dn.get_artifact_name(self), self.input().load() + self.x)


@requires(Base)
@dn.task
class RequiresAbove(luigi.Task):
    def run(self) -> None:
        self.storage_layer.store(dn.get_artifact_name(self), self.input().load() + self.x)


@dn.task
@inherits(Base)
class InheritsBelow(luigi.Task):
    def requires(self) -> luigi.Task:
        return self.clone(Base)

    def run(self) -> None:
        self.storage_layer.store(dn.get_artifact_name(self), self.input().load() + self.x)


@inherits(Base)
@dn.task
class InheritsAbove(luigi.Task):
    def requires(self) -> luigi.Task:
        return self.clone(Base)

    def run(self) -> None:
        self.storage_layer.store(dn.get_artifact_name(self), self.input().load() + self.x)


@dn.task
class Dynamic(luigi.Task):
    """Finds out what it needs while it runs."""

    n = luigi.IntParameter()

    def run(self) -> Any:
        first = yield Base(x=self.n)
        more = yield [Base(x=first.load() + 1), Base(x=first.load() + 2)]
        self.storage_layer.store(dn.get_artifact_name(self), [first.load(), *(target.load() for target in more)])


@dn.task
class DynamicAtOnce(luigi.Task):
    """Says with Luigi's own class what it needs while it runs."""

    n = luigi.IntParameter()

    def run(self) -> Any:
        found = yield DynamicRequirements({"a": Base(x=self.n), "b": [Base(x=self.n + 1)]})
        self.storage_layer.store(dn.get_artifact_name(self), found["a"].load() + found["b"][0].load())


@dn.task
class NamesItsLayer(luigi.Task):
    storage_layer = "lake"

    def run(self) -> None:
        self.storage_layer.store(dn.get_artifact_name(self), 1)


class NamesAnother(NamesItsLayer):
    """Is stored where its base is."""


class NectarWithLayer(NectarTask):
    storage_layer = "lake"

    def run(self) -> None:
        self.store_results(self.get_artifact_path(), 1)


class Silent:
    """A mixin that does not call ``super()``."""

    def on_success(self) -> None:
        pass


@dn.task
class Forgets(luigi.Task):
    def run(self) -> None:
        pass


class ForgetsSilently(Silent, Forgets):
    pass


class NectarForgets(Silent, NectarTask):
    def run(self) -> None:
        pass


@dn.task
class OwnComplete(luigi.Task):
    """Knows itself when it is complete, and says nothing of its output."""

    stores = luigi.BoolParameter(default=True)

    def complete(self) -> bool:
        return self.storage_layer.exists(dn.get_artifact_name(self))

    def run(self) -> None:
        if self.stores:
            self.storage_layer.store(dn.get_artifact_name(self), 5)


@dn.task
class OwnOutputToo(luigi.Task):
    """Writes a file, and stores an artifact beside it."""

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget("beside.txt")

    def run(self) -> None:
        self.storage_layer.store(dn.get_artifact_name(self), "artifact")
        with self.output().open("w") as file:
            file.write("file")


@dn.task
class Daily(luigi.Task):
    date = luigi.DateParameter()

    def run(self) -> None:
        self.storage_layer.store(dn.get_artifact_name(self), self.date)


class AlwaysDone(Base):
    def complete(self) -> bool:
        return True


class Hears(luigi.Task):
    """Notes what is called, in which order."""

    fails = luigi.BoolParameter()
    accepts_messages = True
    heard: list[str] = []

    def complete(self) -> bool:
        return "run" in self.heard and not self.fails

    def run(self) -> None:
        self.heard.append("run")
        assert self.scheduler_messages.empty()
        self.set_tracking_url("http://127.0.0.1/")
        if self.fails:
            raise ValueError("no luck")

    def on_success(self) -> None:
        self.heard.append("on_success")

    def on_failure(self, exception: BaseException) -> None:
        self.heard.append("on_failure")


class Everything(luigi.WrapperTask):
    def requires(self) -> list[luigi.Task]:
        return [Base(x=1), OldStyle(x=2)]


class Missing(luigi.ExternalTask):
    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget("not-there")


@dn.task
class NeedsMissing(luigi.Task):
    def requires(self) -> luigi.Task:
        return Missing()

    def run(self) -> None:
        self.storage_layer.store(dn.get_artifact_name(self), 1)


class Text(luigi.Task):
    """Writes its artifact as a file."""

    def output(self) -> ArtifactTarget:
        return ArtifactTarget(self)

    def run(self) -> None:
        with self.output().open("w") as file:
            file.write("ü\n")


class Chatty(NectarTask):
    """Uses what a worker of Luigi gives a task."""

    def run(self) -> None:
        self.set_status_message("half way")
        self.set_progress_percentage(50)
        self.store_results(self.get_artifact_path(), "done")


class Fails(luigi.Task):
    seen: list[str] = []

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget("never")

    def run(self) -> None:
        raise ValueError("no luck")

    def on_failure(self, exception: BaseException) -> str:
        self.seen.append(f"on_failure {exception}")
        return super().on_failure(exception)
