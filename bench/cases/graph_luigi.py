"""The graph by Luigi, local scheduler; results in files as its documentation shows."""

import luigi
from graphs import LAST, below, measure


class Step(luigi.Task):
    number = luigi.IntParameter()

    def requires(self) -> list[luigi.Task]:
        return [Step(number=other) for other in below(self.number)]

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(f"store/{self.number}.txt")

    def run(self) -> None:
        total = self.number + sum(read(target) for target in self.input())
        with self.output().open("w") as file:
            file.write(str(total % 999_983))


def read(target: luigi.LocalTarget) -> int:
    with target.open() as file:
        return int(file.read())


def run() -> list[int]:
    targets = [Step(number=number) for number in LAST]
    if not luigi.build(targets, local_scheduler=True, log_level="ERROR"):
        raise SystemExit("luigi failed")
    return [read(target.output()) for target in targets]


measure(run)
