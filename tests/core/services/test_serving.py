"""Services of a project, started, watched and stopped."""

import os
import signal
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

import datanectar as dn
from datanectar.errors import ArgumentError, ConfigurationError, PortTaken, ServiceFailed
from datanectar.services import waiting
from datanectar.services.ports import MARK, free_port
from datanectar.services.serving import Serving

PLUGIN = """
def service():
    ask = lambda: {request}
    return dn.Service(name="model", command={command}, ready="http://127.0.0.1:{port}/", ports=[{port}], request=ask)

@dn.hookimpl
def datanectar_services():
    yield dn.ServiceType(name="model", factory=service, summary="A test")
"""
FOREVER = 600.0


def get(port: int, path: str = "/") -> None:
    urllib.request.urlopen(f"http://127.0.0.1:{port}{path}").close()


def ended(heard) -> list[str]:
    """What was said of services that ended by themselves."""
    return [line for line in heard.of() if "ended by itself" in line]


@pytest.fixture
def hours_pass(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Returns a function that lets the time to start be over once a condition holds, and not before."""

    def when(condition: Callable[[], object]) -> None:
        clock = SimpleNamespace(monotonic=lambda: time.monotonic() + (FOREVER if condition() else 0))
        monkeypatch.setattr(waiting, "time", clock)

    return when


# Starting


def test_what_is_up_is_told_by_name(servers, heard) -> None:
    port = servers.row("web")
    with dn.serve(output=heard) as services:
        assert dict(services) == {
            "web": Serving("web", f"http://127.0.0.1:{port}", (port,), servers.pids()[0], started=True)
        }


def test_what_it_says_is_heard_and_when_it_is_up(servers, heard) -> None:
    servers.row("web", "says=good morning")
    with dn.serve(output=heard):
        pass
    assert heard.of("web") == ["good morning"]
    assert heard.of()[0].startswith("web is up after ")
    assert [line.split(",")[0] for line in heard.of()[1:]] == ["stopping web", "web stopped"]


def test_services_are_started_side_by_side(servers, heard) -> None:
    first, second = free_port(), free_port()
    servers.row("a", f"after=http://127.0.0.1:{second}/", port=first)
    servers.row("b", port=second)
    with dn.serve("a", "b", output=heard) as services:
        assert list(services) == ["a", "b"]


def test_a_url_that_does_not_answer_200_is_waited_for(servers, heard, eventually, tmp_path: Path) -> None:
    servers.row("web", f"healthy={tmp_path}/healthy")
    with ThreadPoolExecutor() as pool:
        start = pool.submit(dn.serve, output=heard)
        eventually(lambda: len(servers.events("asked")) > 2)
        assert not start.done()
        (tmp_path / "healthy").touch()
        start.result().stop()


def test_without_a_url_it_is_up_once_its_ports_take_connections(servers, heard) -> None:
    port = servers.row("web", ready="")
    with dn.serve(output=heard) as services:
        assert services["web"].url == f"127.0.0.1:{port}"
        get(port)
    assert servers.events() == ["web asked", "web stopped"]


def test_what_a_service_is_to_answer_is_posted_once_it_is_ready(install, servers, heard, tmp_path: Path) -> None:
    port = free_port()
    request = f'dn.ServiceRequest(url="http://127.0.0.1:{port}/predict", json={{"rows": [1]}})'
    install("acme", PLUGIN.format(command=servers.command("model", port), port=port, request=request))
    with dn.serve(output=heard):
        assert servers.events() == ["model asked", 'model was posted {"rows": [1]}']


def test_a_request_that_is_refused_is_told_with_its_answer_and_the_last_lines(
    install, servers, heard, hours_pass
) -> None:
    port = free_port()
    request = f'dn.ServiceRequest(url="http://127.0.0.1:{port}/predict", json=[])'
    command = servers.command("model", port, "posted=500", "says=no registry")
    install("acme", PLUGIN.format(command=command, port=port, request=request))
    hours_pass(lambda: servers.events("was"))
    with pytest.raises(ServiceFailed) as failure:
        dn.serve(timeout=FOREVER, output=heard)
    assert str(failure.value) == (
        f"model is not up after 600 s: POST http://127.0.0.1:{port}/predict answers 500: not yet. "
        "Its last lines:\n  no registry"
    )


def test_a_service_that_has_nothing_to_answer_is_up_when_it_is_ready(install, servers, heard) -> None:
    port = free_port()
    install("acme", PLUGIN.format(command=servers.command("model", port), port=port, request="None"))
    with dn.serve(output=heard):
        assert servers.events() == ["model asked"]


def test_one_that_is_not_up_in_time_is_told_with_the_answer_and_its_last_lines(servers, heard, hours_pass) -> None:
    port = servers.row("web", "answer=418", "says=I try")
    hours_pass(lambda: servers.events("asked"))
    with pytest.raises(ServiceFailed) as failure:
        dn.serve(timeout=FOREVER, output=heard)
    assert str(failure.value) == (
        f"web is not up after 600 s: GET http://127.0.0.1:{port}/ answers 418: not yet. Its last lines:\n  I try"
    )
    assert (failure.value.service, failure.value.log) == ("web", ["I try"])


def test_when_one_is_not_up_in_time_the_others_are_stopped(servers, heard, hours_pass) -> None:
    servers.row("a")
    servers.row("b", "answer=503")
    hours_pass(lambda: "b asked" in servers.events() and any(line.startswith("a is up") for line in heard.of()))
    with pytest.raises(ServiceFailed, match=r"^b is not up"):
        dn.serve(timeout=FOREVER, output=heard)
    assert sorted(servers.events("stopped")) == ["a stopped", "b stopped"]


def test_one_that_ends_while_it_starts_is_told_at_once_with_its_code_and_last_lines(servers, heard) -> None:
    servers.row("a", "answer=503")
    servers.row("b", "ends=3", "says=no such file")
    with pytest.raises(ServiceFailed) as failure:
        dn.serve(timeout=FOREVER, output=heard)
    assert str(failure.value) == "b ended with code 3 before it was up. Its last lines:\n  no such file"
    assert servers.events("stopped") == ["a stopped"]


def test_one_that_ends_while_another_starts_is_told_at_once(servers, heard, eventually) -> None:
    """Who waits for it would wait until the time is over."""
    port = servers.row("a", "says=I am a")
    servers.row("b", "answer=503")
    with ThreadPoolExecutor() as pool:
        start = pool.submit(dn.serve, timeout=FOREVER, output=heard)
        eventually(lambda: any(line.startswith("a is up") for line in heard.of()))
        get(port, "/end/4")
        with pytest.raises(ServiceFailed, match=r"^a ended with code 4 before the others were up\. .*\n  I am a$"):
            start.result()


def test_one_that_says_nothing_is_told_to_have_said_nothing(heard) -> None:
    Path("datanectar.toml").write_text(
        f'[services.web]\ncommand = ["{sys.executable}", "-c", "raise SystemExit(2)"]\nports = [{free_port()}]'
    )
    with pytest.raises(ServiceFailed, match=r"^web ended with code 2 before it was up\. Its last lines: nothing$"):
        dn.serve(output=heard)


def test_last_lines_are_all_there_however_late_they_are_read(servers) -> None:
    seen = threading.Event()

    def slow(name: str, line: str) -> None:
        seen.wait(0.02)

    code = "for n in range(10): print(n)\nraise SystemExit(1)"
    Path("say.py").write_text(code)
    Path("datanectar.toml").write_text(
        f'[services.web]\ncommand = ["{sys.executable}", "say.py"]\nports = [{free_port()}]'
    )
    with pytest.raises(ServiceFailed) as failure:
        dn.serve(output=slow)
    assert failure.value.log == [str(n) for n in range(10)]


def test_a_missing_program_is_told_before_anything_is_started(servers, heard) -> None:
    servers.row("a")
    servers.row("b", command=["no-such-program"])
    with pytest.raises(ConfigurationError, match="b: the program 'no-such-program' is not there"):
        dn.serve(output=heard)
    assert servers.pids() == []


def test_a_missing_secret_is_told_before_anything_is_started(servers, heard) -> None:
    servers.row("a")
    servers.row("b", secrets=["NO_SUCH_SECRET"])
    with pytest.raises(ConfigurationError, match="b needs variables that are not set: export NO_SUCH_SECRET"):
        dn.serve(output=heard)
    assert heard == []


def test_what_is_left_out_is_told_with_its_reason(install, servers, heard) -> None:
    failing = 'def service():\n    raise dn.errors.ConfigurationError("no model.yaml")\n'
    install("acme", failing + PLUGIN[PLUGIN.index("@dn") :])
    servers.row("web")
    with dn.serve(output=heard) as services:
        assert list(services) == ["web"]
    assert heard.of()[0] == "model is left out: no model.yaml"


def test_another_policy_than_the_two_is_refused() -> None:
    with pytest.raises(ArgumentError, match="when_one_ends = 'restart' must be 'stop' or 'go on'"):
        dn.serve(when_one_ends="restart")  # type: ignore[arg-type]


# Ports that are taken


def test_a_taken_port_is_told_with_process_and_program(servers, heard) -> None:
    port = servers.row("web")
    pid = servers.begin("stranger", port)
    with pytest.raises(PortTaken) as taken:
        dn.serve(output=heard)
    assert (taken.value.port, taken.value.pid) == (port, pid)
    assert str(taken.value) == (
        f"web: port {port} is taken by pid {pid} ({psutil.Process(pid).name()}); stop it, or give web another port in "
        "[services.web]"
    )


def test_when_a_port_is_taken_nothing_is_started(servers, heard) -> None:
    servers.row("a")
    servers.begin("stranger", servers.row("b"))
    with pytest.raises(PortTaken):
        dn.serve(output=heard)
    assert len(servers.pids()) == 1


def test_without_psutil_a_taken_port_is_refused_as_well(servers, heard, monkeypatch: pytest.MonkeyPatch) -> None:
    port = servers.row("web")
    servers.begin("stranger", port)
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "psutil", None)
        with pytest.raises(PortTaken, match=r"pip install 'datanectar-core\[services\]'") as taken:
            dn.serve(output=heard)
    assert (taken.value.port, taken.value.pid) == (port, None)


def test_what_runs_already_is_used_and_left_running(servers, heard) -> None:
    port = servers.row("web")
    with dn.serve() as first:
        with dn.serve(output=heard) as second:
            assert second["web"] == Serving("web", f"http://127.0.0.1:{port}", (port,), first["web"].pid, started=False)
        assert servers.living() == [first["web"].pid]
    assert heard.of() == [f"web is running already, pid {first['web'].pid} at http://127.0.0.1:{port}"]


def test_beside_what_runs_already_the_others_are_started_and_stopped(servers, heard) -> None:
    servers.row("a")
    servers.row("b")
    with dn.serve("a"):
        with dn.serve(output=heard) as services:
            assert [services[name].started for name in ("a", "b")] == [False, True]
        assert servers.events("stopped") == ["b stopped"]


def test_one_of_the_same_name_of_another_project_is_a_stranger(
    servers, heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = servers.row("web")
    with dn.serve() as services:
        monkeypatch.chdir(tmp_path)
        servers.row("web", port=port)
        with pytest.raises(PortTaken) as taken:
            dn.serve(output=heard)
        assert taken.value.pid == services["web"].pid


def test_one_of_another_name_of_this_project_is_a_stranger(servers, heard) -> None:
    port = servers.row("web")
    servers.row("other", port=port)
    with dn.serve("web"), pytest.raises(PortTaken, match=f"^other: port {port} is taken by pid"):
        dn.serve("other", output=heard)


def test_what_runs_already_but_is_not_up_yet_is_waited_for(servers, heard, eventually, tmp_path: Path) -> None:
    port = servers.row("web")
    pid = servers.begin("web", port, f"healthy={tmp_path}/healthy", **{MARK: f"web@{Path.cwd()}"})
    with ThreadPoolExecutor() as pool:
        start = pool.submit(dn.serve, output=heard)
        eventually(lambda: len(servers.events("asked")) > 1)
        assert not start.done()
        (tmp_path / "healthy").touch()
        with start.result() as services:
            assert (services["web"].pid, services["web"].started) == (pid, False)


def test_what_runs_already_and_never_comes_up_is_told(servers, heard) -> None:
    port = servers.row("web")
    pid = servers.begin("web", port, "answer=503", **{MARK: f"web@{Path.cwd()}"})
    with pytest.raises(ServiceFailed, match=rf"^web, pid {pid} \(.*\), is not up after 0.5 s: GET .* answers 503"):
        dn.serve(timeout=0.5, output=heard)
    assert servers.living() == [pid]


def test_what_runs_already_needs_no_secrets(servers, heard) -> None:
    port = servers.row("web", secrets=["NO_SUCH_SECRET"])
    servers.begin("web", port, **{MARK: f"web@{Path.cwd()}"})
    with dn.serve(output=heard) as services:
        assert not services["web"].started


# Stopping


def test_services_are_stopped_in_reverse_order(servers, heard) -> None:
    for name in ("c", "a", "b"):
        servers.row(name)
    with dn.serve("c", "a", "b", output=heard):
        pass
    assert servers.events("stopped") == ["b stopped", "a stopped", "c stopped"]


def test_one_that_does_not_end_is_killed_with_all_it_started(servers, heard, eventually) -> None:
    servers.row("web", "stubborn", "child", stop_seconds=0.2)
    with dn.serve(output=heard):
        assert len(servers.living()) == 2
    eventually(lambda: servers.living() == [])
    assert heard.of()[-1] == "web killed: it had not ended after 0.2 s"


def test_stopped_twice_is_as_once(servers, heard) -> None:
    servers.row("web")
    services = dn.serve(output=heard)
    services.stop()
    services.stop()
    assert heard.of().count("stopping web") == 1


def test_no_process_of_ours_is_left_after_the_end(servers, heard) -> None:
    servers.row("web")
    before = psutil.Process().children(recursive=True)
    with dn.serve(output=heard):
        assert len(psutil.Process().children(recursive=True)) == len(before) + 2  # it and its guard
    assert psutil.Process().children(recursive=True) == before


def test_an_output_that_fails_at_the_end_does_not_keep_them_from_ending_in_order(servers) -> None:
    """A terminal that is gone, a pipe that nobody reads."""
    over: list[bool] = []

    def output(name: str, line: str) -> None:
        if over:
            raise OSError("the terminal is gone")

    servers.row("a")
    servers.row("b")
    with dn.serve("a", "b", output=output):
        over.append(True)
    assert servers.events("stopped") == ["b stopped", "a stopped"]


def test_an_exception_of_the_body_stops_them_and_is_not_hidden_by_a_failure(servers, heard, eventually) -> None:
    port = servers.row("web")

    def block() -> None:
        with dn.serve(output=heard):
            get(port, "/end/3")
            eventually(lambda: ended(heard))
            1 / 0

    with pytest.raises(ZeroDivisionError):
        block()


def test_ctrl_c_in_the_body_stops_them(servers, heard) -> None:
    servers.row("web")
    with pytest.raises(KeyboardInterrupt), dn.serve(output=heard):
        raise KeyboardInterrupt
    assert servers.events("stopped") == ["web stopped"]


def test_ctrl_c_kills_what_a_thread_is_stopping(servers, heard, eventually) -> None:
    """One ended, so the other is being stopped; whoever waits for that has enough."""
    port = servers.row("a")
    servers.row("b", "stubborn", stop_seconds=FOREVER)
    services = dn.serve(output=heard)
    get(port, "/end/3")
    eventually(lambda: "stopping b" in heard.of())
    main, seen = threading.main_thread(), [""]

    def waits() -> bool:  # for the thread that stops b
        seen.append(sys._current_frames()[main.ident].f_code.co_name)
        return seen[-2:] == ["stop", "stop"]

    def interrupt() -> None:
        eventually(waits)
        signal.pthread_kill(main.ident, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        services.stop()
    thread.join()
    assert servers.living() == []


# One that ends by itself


def test_one_that_ends_is_told_with_its_code_its_last_lines_and_what_becomes_of_the_others(servers, heard) -> None:
    port = servers.row("a", "says=so long")
    servers.row("b")
    services = dn.serve(output=heard)
    get(port, "/end/3")
    with pytest.raises(ServiceFailed) as failure:
        services.wait()
    said = "a ended by itself with code 3; the others are stopped. Its last lines:\n  so long"
    assert (str(failure.value), failure.value.service, failure.value.log) == (said, "a", ["so long"])
    assert ended(heard) == [said]


def test_one_that_is_killed_is_told_as_one_that_ended(servers, heard) -> None:
    servers.row("web")
    services = dn.serve(output=heard)
    os.kill(servers.pids()[0], signal.SIGKILL)
    with pytest.raises(ServiceFailed, match=r"^web ended by itself with code -9"):
        services.wait()


def test_when_one_ends_the_others_are_stopped_at_once(servers, heard, eventually) -> None:
    port = servers.row("a")
    servers.row("b")
    services = dn.serve(output=heard)
    get(port, "/end/3")
    eventually(lambda: servers.events("stopped") == ["b stopped"])
    services.stop()


def test_the_end_of_the_block_tells_of_one_that_ended(servers, heard, eventually) -> None:
    port, bodies = servers.row("web"), []

    def block() -> None:
        with dn.serve(output=heard):
            get(port, "/end/3")
            eventually(lambda: ended(heard))
            bodies.append("went on")

    with pytest.raises(ServiceFailed, match=r"^web ended by itself with code 3"):
        block()
    assert bodies == ["went on"]


def test_check_tells_of_one_that_ended(servers, heard, eventually) -> None:
    port = servers.row("web")
    services = dn.serve(output=heard)
    services.check()
    get(port, "/end/3")
    eventually(lambda: ended(heard))
    with pytest.raises(ServiceFailed, match=r"^web ended by itself"):
        services.check()
    services.stop()


def test_what_one_that_ended_left_behind_is_killed(servers, heard, eventually) -> None:
    port = servers.row("web", "child")
    services = dn.serve(output=heard)
    get(port, "/end/3")
    eventually(lambda: servers.living() == [])
    services.stop()


def test_when_they_may_go_on_they_do(servers, heard, eventually) -> None:
    first, second = servers.row("a", "child"), servers.row("b")
    services = dn.serve(when_one_ends="go on", output=heard)
    get(first, "/end/3")
    eventually(lambda: servers.living() == [services["b"].pid])
    get(second)
    assert ended(heard)[0].startswith("a ended by itself with code 3; the others go on.")
    services.stop()
    assert servers.events("stopped") == ["b stopped"]


def test_an_output_that_fails_does_not_keep_the_others_from_being_stopped(servers, eventually) -> None:
    def output(name: str, line: str) -> None:
        if "ended by itself" in line:
            raise OSError("the terminal is gone")

    port = servers.row("a")
    servers.row("b")
    services = dn.serve(output=output)
    get(port, "/end/3")
    eventually(lambda: servers.events("stopped") == ["b stopped"])
    services.stop()


def test_when_they_may_go_on_the_last_ones_end_is_the_end(servers, heard) -> None:
    first, second = servers.row("a"), servers.row("b")
    services = dn.serve(when_one_ends="go on", output=heard)
    get(first, "/end/3")
    get(second, "/end/4")
    with pytest.raises(ServiceFailed, match=r"^[ab] ended by itself with code [34]"):
        services.wait()
    assert len(ended(heard)) == 2


def test_wait_returns_when_they_were_stopped(servers, heard) -> None:
    servers.row("web")
    services = dn.serve(output=heard)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(services.wait)
        services.stop()
        assert waiting.result() is None


def test_wait_returns_when_nothing_was_started_here(servers, heard) -> None:
    servers.row("web")
    with dn.serve(), dn.serve(output=heard) as second:
        second.wait()
