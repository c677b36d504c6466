#!/usr/bin/env python3
"""The page of `report` and of `rehearse --html`, opened in headless Chromium: no error, no request, and what is drawn is what
the JSON says.

usage: page.py [PROGRAM FOLDER]      (target/debug)
"""

import base64
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).parent / "deployed"))

from account import CLUSTER, MACHINE, STACK, client, until  # noqa: E402
from tool import Scene, expect  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PICTURES = ROOT / "target" / "page"
PACKAGES = {"chromium": "chromium", "chromedriver": "chromium-driver"}
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-device-scale-factor=1"]
HOSTILE = "<script>document.title='caught'</script><img src=x onerror=alert(1)>"
# The schedule of the reconciler in template/workflow.yaml, and the states that one execution of it enters.
RECONCILER_SECONDS, RECONCILER_STATES = 300, 2
DESK, PHONE = (1280, 900), (390, 844)
PHASES = """return [...document.querySelectorAll('.row[data-instance]')].map(row => ({
    instance: row.dataset.instance, said: row.querySelector('.who').innerText, width: row.getBoundingClientRect().width,
    phases: [...row.querySelectorAll('rect')].map(one => { const box = one.getBoundingClientRect(); return {
        kind: one.getAttribute('class'), state: one.dataset.state, seconds: Number(one.dataset.seconds),
        left: box.left, right: box.right, height: box.height, colour: getComputedStyle(one).fill,
        title: one.querySelector('title').textContent } }),
    bar: (box => [box.left, box.right])(row.querySelector('svg').getBoundingClientRect()) }))"""
STATES = """return [...document.querySelectorAll('#graph .state')].map(one => { const box = one.getBoundingClientRect();
    const whole = document.querySelector('#graph').getBoundingClientRect(); return {
    state: one.dataset.state, shown: one.querySelector('.count').textContent, name: one.querySelector('.name').textContent,
    inside: box.left >= whole.left - 1 && box.right <= whole.right + 1 && box.top >= whole.top - 1 &&
        box.bottom <= whole.bottom + 1, box: [box.left, box.top, box.right, box.bottom],
    text: Math.max(...[...one.querySelectorAll('text')].map(it => it.getBoundingClientRect().width)) } })"""
WAYS = """return [...document.querySelectorAll('#graph .way')].filter(one => one.dataset.times !== '0').map(one =>
    [one.dataset.from, one.dataset.to, Number(one.dataset.times)])"""


def fail(sentence):
    sys.exit(f"page.py: {sentence}")


def programs():
    """Where Chromium and its driver are; they are installed if they can be."""
    missing = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    if missing:
        root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        if not shutil.which("apt-get") or (root and not shutil.which("sudo")):
            fail(f"needs the packages {' and '.join(missing)}, and there is no apt-get, or no right to use it: install them")
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", *missing]):
            done = subprocess.run([*root, *command], capture_output=True, text=True, check=False,
                                  env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
            if done.returncode != 0:
                fail(f"{' '.join(command)} failed: {done.stderr.strip()[-500:]}; install {' and '.join(missing)}")
    return shutil.which("chromium"), shutil.which("chromedriver")


class Browser:
    """Chromium, driven by WebDriver."""

    def __init__(self, chromium, driver, ending):
        self.process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        ending.callback(self.end)
        port = None
        while port is None:
            line = self.process.stdout.readline()
            if not line:
                fail("chromedriver does not start")
            if "successfully on port" in line:
                port = line.split("on port")[1].strip(" .\n")
        self.address = f"http://127.0.0.1:{port}"
        profile = ending.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        options = {"binary": chromium, "args": [*FLAGS, f"--user-data-dir={profile}"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options,
                  "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        self.session = None
        self.session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def call(self, method, path, body=None):
        where = self.address + (f"/session/{self.session}" if self.session else "") + path
        sent = urllib.request.Request(where, None if body is None else json.dumps(body).encode(), method=method)
        try:
            with urllib.request.urlopen(sent, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            fail(f"{method} {path}: {error.read().decode()[:500]}")

    def command(self, name, **parameters):
        """A command of the DevTools protocol."""
        return self.call("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def script(self, text):
        return self.call("POST", "/execute/sync", {"script": text, "args": []})

    def look(self, size, scheme):
        """How the page is looked at."""
        width, height = size
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, page):
        self.call("POST", "/se/log", {"type": "browser"})
        self.call("POST", "/se/log", {"type": "performance"})
        self.call("POST", "/url", {"url": page.as_uri()})

    def logged(self, kind):
        return self.call("POST", "/se/log", {"type": kind})

    def picture(self, name):
        """The whole page, as it is shown."""
        height = min(self.script("return document.documentElement.scrollHeight"), 12_000)
        width = self.script("return document.documentElement.clientWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        (PICTURES / name).write_bytes(base64.b64decode(shot["data"]))

    def end(self):
        if getattr(self, "session", None):
            with contextlib.suppress(SystemExit, OSError):
                self.call("DELETE", "")
        self.process.terminate()
        self.process.wait()


def quiet(browser, page):
    """No error, and no request but that for the page."""
    wrong = [one for one in browser.logged("browser") if one["level"] in ("SEVERE", "WARNING")]
    if wrong:
        fail(f"{page.name}: the console says {wrong[0]['message']}")
    sent = [json.loads(one["message"])["message"] for one in browser.logged("performance")]
    asked = [one["params"]["request"]["url"] for one in sent if one["method"] == "Network.requestWillBeSent"]
    if asked != [page.as_uri()]:
        fail(f"{page.name}: requests for {asked}")


def within(browser, page):
    """Each bar is there, and each part of it within it."""
    rows = browser.script(PHASES)
    for row in rows:
        left, right = row["bar"]
        parts = row["phases"]
        if not parts or right - left < 100:
            fail(f"{page.name}: the bar of {row['instance']} is not there")
        if min(one["left"] for one in parts) < left - 1 or max(one["right"] for one in parts) > right + 1:
            fail(f"{page.name}: the bar of {row['instance']} goes beyond its place")
    if not rows:
        fail(f"{page.name}: there is no bar")


def same_bars(browser, page, tale):
    """The time line shows each phase of each instance, in its place."""
    rows = browser.script(PHASES)
    told = [one["id"] for one in tale["instances"]]
    if [row["instance"] for row in rows] != told:
        fail(f"{page.name}: the time line has {len(rows)} bars, and there are {len(told)} instances")
    width = browser.script("return document.documentElement.clientWidth")
    for row, life in zip(rows, tale["instances"]):
        phases = [(one["kind"].lower(), one["state"], one["seconds"]) for one in life["phases"]]
        shown = [(one["kind"], one["state"], one["seconds"]) for one in row["phases"]]
        if shown != phases:
            fail(f"{page.name}: {life['id']} is shown as {shown}, and was {phases}")
        left, right = row["bar"]
        if life["id"] not in row["said"] or not 0 <= left < right <= width:
            fail(f"{page.name}: the bar of {life['id']} is said to be {row['said']!r}, from {left} to {right}")
        for one, phase in zip(row["phases"], life["phases"]):
            if not (left - 1 <= one["left"] < one["right"] <= right + 1 and one["height"] > 0):
                fail(f"{page.name}: {phase['kind']} of {life['id']} is not within its bar: {one}")
            wanted = max(phase["seconds"] / tale["seconds"], 0.0025) * (right - left)
            if abs(one["right"] - one["left"] - wanted) > 1.5:
                fail(f"{page.name}: {phase['kind']} of {life['id']} is {one['right'] - one['left']:.1f} wide, not {wanted:.1f}")
            if phase["waitedFor"] and phase["waitedFor"] not in one["title"]:
                fail(f"{page.name}: {one['title']!r} does not say {phase['waitedFor']!r}")
    return len(rows)


def same_graph(browser, page, tale, definition):
    """Each state of the definition is there, with as many executions as passed it, and no box hides another."""
    states = browser.script(STATES)
    if {one["state"] for one in states} != set(definition["States"]):
        fail(f"{page.name}: the graph does not have the definition's states")
    for one in states:
        told = tale["states"].get(one["state"], {"executions": 0, "times": 0})
        shown = "–" if not told["executions"] else str(told["executions"])
        if told["times"] != told["executions"]:
            shown += f" ({told['times']} times)"
        if one["shown"] != shown or one["name"] != one["state"]:
            fail(f"{page.name}: {one['state']} shows {one['shown']!r}, not {shown!r}")
        left, _, right, _ = one["box"]
        if not one["inside"] or one["text"] > right - left:
            fail(f"{page.name}: {one['state']} is not within the graph, or its text not within it: {one}")
    for place, one in enumerate(states):
        for other in states[place + 1:]:
            a, b = one["box"], other["box"]
            if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]:
                fail(f"{page.name}: {one['state']} and {other['state']} lie over each other")
    ways = sorted(tuple(way) for way in browser.script(WAYS))
    told = sorted((one["from"], one["to"], one["times"]) for one in tale["arrows"])
    if ways != told:
        fail(f"{page.name}: the ways taken are {set(told) ^ set(ways)} different")
    return len(states)


def fits(browser, page):
    """On a phone nothing but what scrolls by itself is wider than it; in the dark it is dark."""
    browser.look(PHONE, "light")
    wide = browser.script("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    if wide != [PHONE[0], PHONE[0]]:
        fail(f"{page.name}: on a phone it is {wide[0]} wide")
    small = browser.script("return Math.min(...[...document.querySelectorAll('p, td, th, dd, dt, .who, .who span, li')]"
                           ".filter(it => it.offsetParent).map(it => parseFloat(getComputedStyle(it).fontSize)))")
    if small < 12:
        fail(f"{page.name}: on a phone some text is only {small} px high")
    named = browser.script("return [...document.querySelectorAll('td')].every(it => it.dataset.column && "
                           "getComputedStyle(it, '::before').content === JSON.stringify(it.dataset.column))")
    if not named:
        fail(f"{page.name}: on a phone a cell of a table stands without its column's name")
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = browser.script(ground)
    browser.picture(f"{page.stem}-phone.png")
    browser.look(DESK, "dark")
    if browser.script(ground) == light:
        fail(f"{page.name}: in the dark it is as light as in the light")
    browser.picture(f"{page.stem}-dark.png")
    browser.look(DESK, "light")
    browser.picture(f"{page.stem}-light.png")


def judge(browser, page, tale, definition):
    browser.look(DESK, "light")
    browser.open(page)
    if tale["outcome"] != browser.script("return document.querySelector('#outcome').textContent"):
        fail(f"{page.name}: it does not say {tale['outcome']}")
    bars, states = same_bars(browser, page, tale), same_graph(browser, page, tale, definition)
    fits(browser, page)
    quiet(browser, page)
    print(f"{page.name}: {bars} bars and {states} states as the JSON tells them, no error, no request")


def transitions_of(executions):
    """The number of state transitions that the page says."""
    return int(executions.removesuffix(" state transitions").rpartition(", ")[2])


def failed_in_reconciler(report, transitions):
    """How many of the rehearsal's failed invocations were the reconciler's, which the page leaves out.

    The rehearsal counts the reconciler's state transitions too: so many for each time that its schedule came due, which
    is known to one time, and one more for each retry after a failed invocation. None if that explains no such number.
    """
    times = int(report["rollSeconds"] // RECONCILER_SECONDS)
    left_out = report["stateTransitions"] - transitions
    for due in (times, times + 1):
        retries = left_out - RECONCILER_STATES * due
        if 0 <= retries <= sum(report["failedInvocations"].values()):
            return retries
    return None


def rehearsed(browser, program):
    """Pages of rehearsals: what they show is checked against the numbers that the rehearsal itself counted."""
    for name, more in (("four", []), ("many", ["--instances", "60", "--batch", "6"]),
                       ("back", ["--fault", "drain-hangs"]), ("throttled", ["--fault", "throttle"])):
        page = PICTURES / f"rehearsal-{name}.html"
        done = subprocess.run([program, "rehearse", "--output", "json", "--html", page, *more], capture_output=True, text=True,
                              check=False)
        if done.returncode not in (0, 1):
            fail(f"rehearse --html: {done.stderr}")
        report = json.loads(done.stdout)
        browser.look(DESK, "light")
        browser.open(page)
        shown = browser.script("return Object.fromEntries([...document.querySelectorAll('.facts div')].map(it => "
                               "[it.querySelector('dt').innerText, it.querySelector('dd').innerText]))")
        elsewhere = failed_in_reconciler(report, transitions_of(shown["executions"]))
        if elsewhere is None:
            fail(f"{page.name}: {shown['executions']}, and the rehearsal counted {report['stateTransitions']}")
        browser.script("document.querySelectorAll('details').forEach(it => { it.open = true })")
        gone = browser.script("return [...document.querySelectorAll('.row[data-instance] .who span')].map(it => it.innerText)")
        left = sum(1 for one in gone if one.endswith("terminated") or one.endswith("abandoned"))
        if left != report["terminated"]:
            fail(f"{page.name}: {left} were let go, and the rehearsal counted {report['terminated']}")
        for retained in report["retained"]:
            if retained not in shown["retained, its drain failed"]:
                fail(f"{page.name}: it does not say that {retained} is retained")
        failed = sum(report["failedInvocations"].values()) - elsewhere
        if int(shown["worker retries"].replace("none", "0").split(",")[0]) != failed:
            fail(f"{page.name}: {shown['worker retries']} worker retries, and the rehearsal counted {failed}")
        within(browser, page)
        fits(browser, page)
        quiet(browser, page)
        print(f"{page.name}: as the rehearsal counted it, no error, no request")


def reported(browser, scene, name, code, *words):
    """What `report` says of the account, as text, JSON and page."""
    page = PICTURES / f"report-{name}.html"
    answer = scene.tool("report", STACK, "--output", "json", "--html", str(page), *words)
    expect(f"report of a roll ({name})", answer, code)
    tale = json.loads(answer[0])
    machine = scene.machine()
    judge(browser, page, tale, machine)
    return tale


class Stage(Scene):
    """The account of the operator's verbs, and its state machine."""

    def machine(self):
        answer = client("stepfunctions", self.address).describe_state_machine(stateMachineArn=MACHINE)
        return json.loads(answer["definition"])

    def abort(self, instance):
        """Stops the execution about the instance."""
        states = client("stepfunctions", self.address)

        def about():
            running = states.list_executions(stateMachineArn=MACHINE, statusFilter="RUNNING")["executions"]
            arns = [one["executionArn"] for one in running]
            return [arn for arn in arns if instance in states.describe_execution(executionArn=arn)["input"]]
        states.stop_execution(executionArn=until("execution", about)[0], error="Stopped", cause=HOSTILE)

    def rest(self):
        """Until nobody is on the way, and the stack is at rest."""
        until("stack at rest", lambda: not self.status().endswith("_IN_PROGRESS"))
        until("group at rest", lambda: set(self.instances().values()) <= {"InService", "Terminating:Retained"})


def slowly(calls):
    """At most five calls a second."""
    times = [at for at, _ in calls]
    took = times[-1] - times[0]
    if took < (len(times) - 1) * 0.19:
        fail(f"report made {len(times)} calls in {took:.1f} s")
    print(f"report: {len(times)} calls in {took:.1f} s")


def rolled(browser, scene):
    expect("report before any roll", scene.tool("report", STACK), 2, "has never rolled since; --since")
    expect("report of no stack", scene.tool("report", "nothing"), 2, "there is no stack nothing")
    nowhere = str(PICTURES / "no-such-folder" / "page.html")
    expect("report to nowhere", scene.tool("report", STACK, "--html", nowhere), 2, nowhere, "can be written")
    expect("report since nonsense", scene.tool("report", STACK, "--since", "yesterday"), 2, "neither a time")
    created = scene.tool("report", STACK, "--since", "1d", "--output", "json")
    expect("report of the creation", created, 0)
    expect("report since after the last operation", scene.tool("report", STACK, "--since", "1s"), 2, "no operation of stack", "began since")
    if len(json.loads(created[0])["instances"]) != 4:
        fail(f"the creation launched four instances: {created[0][:500]}")

    scene.release("ami-00000000000000001")
    expect("roll", scene.tool("roll", STACK, "--yes", "--no-watch"), 0)
    scene.at("Terminating:Wait")
    expect("report of a roll under way", scene.tool("report", STACK), 1, "Under way", "ecs-rollout watch")
    scene.rest()
    scene.between.asked.clear()
    tale = reported(browser, scene, "well", 0)
    slowly(scene.between.asked)
    ends = sorted(one["end"] for one in tale["instances"])
    if ends != ["gone"] * 4 + ["inService"] * 4 or not tale["well"] or not tale["longestWaits"]:
        fail(f"four came and four went, and it is told {ends}")
    expect("report as text", scene.tool("report", STACK), 0, "Rollout complete: 4 of 4 on ami-00000000000000001 in ", "UPDATE_COMPLETE", "4 launched, 4 terminated",
           tale["instances"][0]["id"], "waits for earlier drains", "USD", "batch 4 of 4", "console.aws.amazon.com/cloudformation")
    for action, code in (("GetExecutionHistory", "ThrottlingException"), ("DescribeStackEvents", "Throttling")):
        scene.between.refuse(action, code, 400, 4)
    expect("report, throttled", scene.tool("report", STACK), 0, "was throttled", "waiting")
    scene.between.refuse("DescribeScalingActivities", "AccessDenied", 403, 1)
    expect("report, not allowed", scene.tool("report", STACK), 4, "autoscaling:DescribeScalingActivities is not allowed to you")
    scene.between.refuse("GetExecutionHistory", "ExecutionDoesNotExist", 400, 1)
    expect("report, forgotten", scene.tool("report", STACK), 0, "no longer has the histories of 1 execution")


def went_back(browser, scene):
    """A roll that is cancelled, in which somebody stops an execution with a cause that would be a script."""
    scene.release("ami-00000000000000002")
    expect("roll", scene.tool("roll", STACK, "--yes", "--no-watch"), 0)
    leaving = scene.at("Terminating:Wait")
    scene.abort(leaving)
    expect("cancel", scene.tool("cancel", STACK, "--yes"), 0, "is being cancelled")
    scene.groups.complete_lifecycle_action(
        AutoScalingGroupName=CLUSTER, InstanceId=leaving, LifecycleHookName="ecs-rollout-terminate",
        LifecycleActionResult="CONTINUE")
    scene.rest()
    tale = reported(browser, scene, "back", 1)
    if tale["well"] or tale["outcome"] != "UPDATE_ROLLBACK_COMPLETE":
        fail(f"it went back, and is told as {tale['outcome']}")
    if not any(one["origin"] == "launchedOnTheWayBack" for one in tale["instances"]):
        fail("nothing is told of the way back")
    told = next(one for one in tale["instances"] if one["id"] == leaving)
    if told["end"] != "gone" or told["reason"] != HOSTILE or "hookOpen" not in [one["kind"] for one in told["phases"]]:
        fail(f"the execution of {leaving} was stopped, and is told as {told}")
    text, scripts, title = browser.script(
        "return [document.querySelector('#instances').textContent, document.querySelectorAll('script, img').length, "
        "document.title]")
    if HOSTILE not in text or scripts or "caught" in title:
        fail("a script in a reason is not shown as text")


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target" / "debug").resolve()
    began = time.monotonic()
    PICTURES.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as ending:
        browser = Browser(*programs(), ending)
        rehearsed(browser, folder / "ecs-rollout")
        scene = Stage(folder / "ecs-rollout")
        ending.callback(scene.end)
        scene.create()
        rolled(browser, scene)
        went_back(browser, scene)
    print(f"the pages show what was told, in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
