"""Luigi tasks that write, keep and pass on artifact targets, and what processes do with those."""

from __future__ import annotations

import luigi

from datanectar_luigi import ArtifactTarget


def write(target: ArtifactTarget) -> None:
    with target.open("w") as file:
        file.write("from a child")


class Report(luigi.Task):
    day = luigi.Parameter()

    def output(self) -> ArtifactTarget:
        return ArtifactTarget(f"reports/{self.day}")

    def run(self) -> None:
        with self.output().open("w") as file:
            file.write(f"sold on {self.day}\n")


class Summary(luigi.Task):
    def requires(self) -> list[Report]:
        return [Report("monday"), Report("tuesday")]

    def output(self) -> ArtifactTarget:
        return ArtifactTarget("reports/summary")

    def run(self) -> None:
        with self.output().temporary_path() as path, open(path, "w") as summary:
            for report in self.input():
                with report.open() as file:
                    summary.write(file.read())
