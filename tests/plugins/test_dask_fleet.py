"""Who may run what: agreement with the plan, resources, later joiners, and what a lost worker had."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="the package distributed is not installed")

from sample_records import record

from priorbench.contract.choice import Choice
from priorbench.contract.executor import Needs
from priorbench.contract.trial import Trial
from priorbench.errors import PriorbenchError
from priorbench.loading.registry import Registry
from priorbench.remote import Limits, Question, inspected, question_of
from priorbench_dask.clusters import open_cluster, read_cluster
from priorbench_dask.desks import Desks
from priorbench_dask.dispatch import Dispatch
from priorbench_dask.executor import DaskExecutor
from priorbench_dask.fleet import Fleet, Member
from priorbench_dask.mustering import muster

NEEDS = Needs(
    device="cpu",
    threads=2,
    devices=("cpu",),
    versions={"python": "3.11", "torch": "2.6"},
    code=(("core", "aaaa"), ("some.method:Method", "bbbb")),
    samples=(),
)
QUESTION = Question(run="r", needs=NEEDS, limits=Limits(), ships=False, plugins={})


def answer(**changes) -> str:
    plain = {
        "versions": dict(NEEDS.versions),
        "code": dict(NEEDS.code),
        "host": "node7",
        "machine": "m7",
        "environments": {"cpu": {"processor": "p"}},
        "images": {},
        "threads": 1,
        "resources": {},
    }
    return json.dumps(plain | changes)


class StandInConnection:
    """Answers as it was told to, and keeps what is sent."""

    address = "tcp://scheduler"

    def __init__(self, answers: dict) -> None:
        self.answers, self.sent, self.cancelled = answers, [], 0

    def workers(self):
        return dict.fromkeys(self.answers, 1)

    def ask(self, question, workers):
        return {worker: self.answers[worker] for worker in workers}

    def submit(self, order, worker, resources, done):
        self.sent.append((worker, order, resources, done))

    def cancel(self, futures):
        self.cancelled += len(futures)


def fleet_of(**answers) -> tuple[Fleet, StandInConnection]:
    connection = StandInConnection(answers)
    fleet = Fleet(connection, QUESTION, {})
    settle(fleet)
    return fleet, connection


def settle(fleet: Fleet) -> list[str]:
    refused = []
    for _ in range(200):
        refused += fleet.look()[1]
        if not fleet.asking:
            return refused
        time.sleep(0.005)
    raise AssertionError("nobody answers")


def member(**changes) -> Member:
    plain = {
        "address": "w", "host": "h", "machine": "m", "threads": 1, "resources": {},
        "environments": {"cpu": "c", "cuda": "g"}, "absent": {},
    }  # fmt: skip
    return Member(**(plain | changes))


@pytest.mark.parametrize(
    ("resources", "device", "threads", "asked"),
    [
        ({}, "cpu", 4, {}),
        ({}, "cuda", 4, {}),
        ({"GPU": 1}, "cuda", 4, {"GPU": 1}),
        ({"GPU": 1}, "cpu", 1, None),
        ({"CPU": 4}, "cpu", 4, {"CPU": 4}),
        ({"CPU": 4}, "cpu", 5, None),
        ({"CPU": 4}, "cuda", 1, None),
        ({"memory": 9}, "cpu", 1, {}),
    ],
)
def test_a_trial_asks_for_a_gpu_or_for_processors_of_workers_that_declare_them(
    resources, device, threads, asked
):
    assert member(resources=resources).request(device, threads) == asked


def test_a_device_that_is_not_there_is_never_asked_for():
    assert member(resources={"GPU": 1}, environments={"cpu": "c"}).request("cuda", 1) is None


def test_a_worker_that_differs_is_refused_naming_both():
    fleet, _ = fleet_of(
        good=answer(),
        old=answer(versions={"python": "3.12", "torch": None}),
        edited=answer(code={"core": "cccc", "some.method:Method": "nothing"}),
        bare=ModuleNotFoundError("No module named 'priorbench_dask'"),
        odd="[]",
        liar=answer(threads="many"),
        poor=answer(images={"photos": "no such folder"}),
        broken=json.dumps({"fault": "it did not say in 300 s what it has"}),
    )
    assert [*fleet.members] == ["good"]
    told = fleet.refused
    assert "python 3.11 in the plan, 3.12 there; torch 2.6 in the plan, missing there" in told["old"]
    assert "the code of priorbench is aaaa in the plan, cccc there" in told["edited"]
    assert "the code of some.method is bbbb in the plan, nothing there" in told["edited"]
    assert "lacks a package: No module named 'priorbench_dask'" in told["bare"]
    assert "gives no answer that can be used" in told["odd"] and "gives no answer" in told["liar"]
    assert "on node7 lacks image sets: 'photos': no such folder" in told["poor"]
    assert "cannot be used: it did not say" in told["broken"]
    with pytest.raises(PriorbenchError, match="worker old differs from what the run was planned with"):
        muster(fleet, "tcp://s", NEEDS, workers=1, wait=1)


def test_a_worker_that_joins_later_is_asked_too():
    fleet, connection = fleet_of(one=answer())
    connection.answers["two"] = answer()
    connection.answers["three"] = answer(versions={})
    assert settle(fleet)[0].startswith("worker three differs")
    assert {*fleet.members} == {"one", "two"}
    assert fleet.beside(fleet.members["one"]) == (2, 2)
    del connection.answers["two"]
    gone, _ = fleet.look()
    assert [one.address for one in gone] == ["two"]
    assert fleet.beside(fleet.members["one"]) == (1, 1)


def test_what_nobody_can_run_is_told_with_what_workers_offer():
    fleet, _ = fleet_of(one=answer(resources={"CPU": 1.0}))
    with pytest.raises(PriorbenchError, match=r"ask for CPU=2 .* one on node7 \(CPU=1\)"):
        muster(fleet, "tcp://s", NEEDS, workers=1, wait=1)


def test_environments_are_those_of_the_workers():
    fleet, _ = fleet_of(one=answer(), two=answer(environments={"cpu": {"processor": "q"}}))
    marks = {one.environments["cpu"] for one in fleet.members.values()}
    assert len(marks) == 2
    assert {fleet.environments[mark]["processor"] for mark in marks} == {"p", "q"}


def trial(number: int) -> Trial:
    noise = Choice(name="gaussian", label="gaussian")
    return Trial(
        image_set=Choice(name="set", label="set"), image=str(number), image_sha256="0", height=8, width=8,
        channels=1, noise=noise, denoiser=Choice(name="mean", label="mean"), stopping=(), repetition=0,
        metrics=(), device="cpu", threads=2, keys=(f"key-{number}",), salt="5ec4e7",
    )  # fmt: skip


def dispatch_of(fleet, connection, **options) -> Dispatch:
    plain = {
        "limits": Limits(),
        "failed": lambda group, reason, printed: [(reason,) for _ in group],
        "wait": 0.2,
        "say": lambda line: None,
    }
    return Dispatch(connection, fleet, Desks("r", fleet, None), **(plain | options))


def test_two_trials_for_each_thread_are_on_their_way_and_no_more_are_planned():
    fleet, connection = fleet_of(one=answer(), two=answer())
    planned = []

    def groups():
        for number in range(100):
            planned.append(number)
            yield (trial(number),)

    dispatch, begun = dispatch_of(fleet, connection), []
    dispatch._fill(groups(), more=True)
    assert len(connection.sent) == 4
    assert len(planned) <= 9
    begun = [flight.group[0].image for flight in dispatch._desks.beginning()]
    assert len(begun) == 2
    assert all("5ec4e7" not in repr(order) for _, order, _, _ in connection.sent)


def test_a_trial_that_loses_its_worker_is_alone_from_then_on_and_given_up_after_three():
    fleet, connection = fleet_of(one=answer())
    dispatch = dispatch_of(fleet, connection)
    groups = iter([(trial(0),), (trial(1),)])
    dispatch._fill(groups, more=True)
    assert len(connection.sent) == 2
    for lost in range(3):
        del connection.answers[next(iter(connection.answers))]
        records = [*dispatch._look()]
        if lost == 2:
            break
        assert records == []
        connection.answers[f"new-{lost}"] = answer()
        settle(fleet)
        dispatch._fill(groups, more=True)
        # what was only queued behind it has nothing to answer for
        assert [flight.group[0].image for flight in dispatch._desks.flying] == ["0"]
    (reason,) = records[0]
    assert "tried 3 times on the cluster" in reason and "worker new-1 was lost while it ran" in reason
    assert [flight.group[0].image for flight in dispatch._waiting] == ["1"]
    assert not dispatch._waiting[0].failures


def test_what_a_worker_answers_is_checked_and_nonsense_is_tried_again_elsewhere():
    fleet, connection = fleet_of(one=answer())
    dispatch = dispatch_of(fleet, connection)
    groups = iter([(trial(0),)])
    answers = ["{", json.dumps({"records": [[{"key": "another"}]]}), b"pickle"]
    found = []
    for said in answers:
        dispatch._fill(groups, more=True)
        connection.sent.pop()[3](said)
        for flight, outcome in dispatch._arrivals():
            found += dispatch._ended(flight, outcome)
    (reason,) = found[0]
    assert reason.startswith("tried 3 times on the cluster: on one ")


def test_an_answer_to_an_earlier_order_does_not_count():
    fleet, connection = fleet_of(one=answer())
    dispatch = dispatch_of(fleet, connection)
    dispatch._fill(iter([(trial(0),)]), more=True)
    done = connection.sent[0][3]
    del connection.answers["one"]
    assert [*dispatch._look()] == []
    done(json.dumps({"records": []}))
    assert [*dispatch._arrivals()] == []


def test_a_worker_that_was_started_anew_under_its_old_address_is_asked_again():
    fleet, connection = fleet_of(one=answer())
    dispatch = dispatch_of(fleet, connection)
    dispatch._fill(iter([(trial(0),)]), more=True)
    connection.sent[0][3](json.dumps({"unchecked": True}))
    for flight, outcome in dispatch._arrivals():
        assert [*dispatch._ended(flight, outcome)] == []
    assert not fleet.members
    assert dispatch._waiting[0].suspect
    settle(fleet)
    assert [*fleet.members] == ["one"]


def test_a_worker_that_changed_meanwhile_gets_no_more():
    told = []
    fleet, connection = fleet_of(one=answer())
    dispatch = dispatch_of(fleet, connection, say=told.append)
    dispatch._fill(iter([(trial(0),)]), more=True)
    connection.sent[0][3](json.dumps({"disagrees": "torch 2.6 in the plan, 2.7 there"}))
    for flight, outcome in dispatch._arrivals():
        assert [*dispatch._ended(flight, outcome)] == []
    assert "torch 2.6 in the plan, 2.7 there" in told[0]
    assert not fleet.members and not dispatch._waiting[0].failures
    dispatch._check_progress()
    time.sleep(0.3)
    with pytest.raises(PriorbenchError, match=r"no worker for cpu has been there for 0.2 s .*torch 2.6"):
        dispatch._check_progress()


def test_a_worker_that_cannot_run_what_it_gets_is_asked_again_and_the_trials_go_elsewhere():
    fleet, connection = fleet_of(one=answer())
    dispatch = dispatch_of(fleet, connection)
    groups = iter([(trial(number),) for number in range(3)])
    reason = "the code of some.method changed since the run began: planned with bbbb, now dddd"
    connection.answers["one"] = answer(code={"core": "aaaa", "some.method:Method": "dddd"})
    while fleet.members:
        dispatch._fill(groups, more=True)
        flight = dispatch._desks.flying[0]
        assert [*dispatch._recorded(flight, [(record("key-0", status="not-run", error=reason),)])] == []
    assert settle(fleet)[0].endswith("the code of some.method is bbbb in the plan, dddd there")
    # nothing is lost, and nothing is given up
    assert {flight.group[0].image for flight in dispatch._waiting} == {"0", "1"}
    assert [group[0].image for group in groups] == ["2"]


def test_what_failed_on_a_worker_waits_for_another_one():
    fleet, connection = fleet_of(one=answer(), two=answer())
    dispatch = dispatch_of(fleet, connection)
    groups = iter([(trial(0),)])
    for _ in range(2):
        dispatch._fill(groups, more=True)
        connection.sent[-1][3](json.dumps({"failed": "the judge ended", "printed": None}))
        for flight, outcome in dispatch._arrivals():
            assert [*dispatch._ended(flight, outcome)] == []
    assert {worker for worker, *_ in connection.sent} == {"one", "two"}


def test_a_question_travels_as_it_is():
    assert question_of(QUESTION.to_text()) == QUESTION
    newer = json.loads(QUESTION.to_text()) | {"wire": 99}
    with pytest.raises(ValueError, match="different versions"):
        question_of(json.dumps(newer))


def test_a_machine_says_what_it_has_in_a_process_of_its_own():
    found = inspected(replace(QUESTION, plugins={"PRIORBENCH_PLUGINS": "standard"}), everything=True)
    assert found["code"]["some.method:Method"] == "nothing"
    assert found["code"]["core"] != "aaaa"
    assert found["environments"]["cpu"]["threads"] == 2
    assert found["host"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("LocalCluster: {}\nSLURMCluster: {}", "names LocalCluster, SLURMCluster"),
        ("- 1", "write the name of a class"),
        ("scale: 2", "names no class"),
        ("LocalCluster: {}\nscale: 0", "scale is 0"),
        ("LocalCluster: {}\nadapt: {minimum: 0}", "at least one worker"),
        ("LocalCluster: {}\nadapt: {}\nscale: 1", "not both"),
        ("LocalCluster: [", "cannot be read"),
    ],
)
def test_a_cluster_file_is_checked_before_anything_is_started(tmp_path, text, words):
    file = tmp_path / "cluster.yaml"
    file.write_text(text)
    with pytest.raises(PriorbenchError, match=words):
        read_cluster(file)


def test_an_unknown_class_of_clusters_has_the_nearest_name(tmp_path):
    file = tmp_path / "cluster.yaml"
    file.write_text("LocalClutser: {n_workers: 1}")
    with pytest.raises(PriorbenchError, match="did you mean 'LocalCluster'"):
        open_cluster(file)
    file.write_text("LocalCluster: {n_workerss: 1}")
    with pytest.raises(PriorbenchError, match="LocalCluster cannot be started"):
        open_cluster(file)


def test_a_cluster_is_named_once(tmp_path: Path):
    registry = Registry(specs={})
    with pytest.raises(PriorbenchError, match="either --scheduler ADDRESS"):
        DaskExecutor(registry=registry)
    with pytest.raises(PriorbenchError, match="either --scheduler ADDRESS"):
        DaskExecutor(registry=registry, scheduler="tcp://a:1", cluster="b.yaml")
    with pytest.raises(PriorbenchError, match="leave it out"):
        DaskExecutor(registry=registry, scheduler="tcp://a:1", jobs=2)
    with pytest.raises(PriorbenchError, match="wait is"):
        DaskExecutor(registry=registry, scheduler="tcp://a:1", wait=0.0)
    with pytest.raises(PriorbenchError, match=r"none\.yaml"):
        DaskExecutor(registry=registry, cluster=str(tmp_path / "none.yaml"))
