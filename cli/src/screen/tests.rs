//! How the screen looks: scenes in four sizes against golden files in tests/screens. `BLESS=1`
//! writes them anew; read them before they are committed. What is pressed is tested by what is then
//! shown.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use similar::TextDiff;
use workers::model::group::LifecycleState;

use super::{Action, Key, Pane, Request, Screen};
use crate::aws::{Member, Pause, RollingStep, Service};
use crate::watch::{Asked, Batches, Course, Ended, Ending, Entry, LastAnswer, Pace, Snapshot};

const SIZES: [(u16, u16); 4] = [(140, 40), (80, 24), (60, 20), (40, 12)];

const OLD: &str = "ami-0a1b2c3d4e5f60718";

const NEW: &str = "ami-0123456789abcdef0";

const NOT_STOPPED: &str = "Waiting for 3 tasks to stop: batch (RUNNING 2h30m, standalone), web (DEACTIVATING 1m00s), logs (RUNNING \
    25m00s). Deadline in 48m20s.";

fn at(minute: i64, second: i64) -> Timestamp {
    let begin: Timestamp = "2026-11-23T10:00:00Z".parse().expect("a time");
    Timestamp::from_second(begin.as_second() + 60 * minute + second).expect("a time")
}

fn member(number: u32, state: &str, version: &str) -> Member {
    Member {
        id: format!(
            "i-{:017x}",
            0x0600_0000_0000_0000_u64 + u64::from(number) * 7_919
        ),
        state: LifecycleState::from_name(state),
        version: version.to_owned(),
        zone: "eu-west-1a".to_owned(),
    }
}

fn asked(
    number: u32,
    worker: &'static str,
    verdict: &str,
    reason: &str,
    since: Timestamp,
) -> Asked {
    let arn = "arn:aws:states:eu-west-1:123456789012:execution:DevCluster-lifecycle";
    Asked {
        execution: format!("{arn}:6f1c2a9e-0000-4000-8000-{number:012}"),
        began: Some(since),
        deadline: matches!(worker, "drained").then(|| since + SignedDuration::from_secs(3_000)),
        said: LastAnswer {
            is_of_launch: reason.contains("finish draining"),
            worker,
            verdict: verdict.to_owned(),
            reason: reason.to_owned(),
            since: Some(since),
            paused: None,
        },
    }
}

fn service(name: &str, running: i32, desired: i32, message: &str) -> (String, Service) {
    let service = Service {
        name: name.to_owned(),
        desired,
        running,
        pending: desired - running,
        message: message.to_owned(),
    };
    (format!("arn/{name}"), service)
}

fn entry(at: Timestamp, subject: &str, status: &str, text: &str) -> Entry {
    Entry {
        at,
        subject: subject.to_owned(),
        status: status.to_owned(),
        text: text.to_owned(),
    }
}

/// A rollout that has just begun: nothing has come or gone.
fn early() -> Snapshot {
    let mut sight = Snapshot {
        stack: "ecs-cluster".to_owned(),
        region: "eu-west-1".to_owned(),
        status: "UPDATE_IN_PROGRESS".to_owned(),
        began: Some(at(0, 0)),
        version: "7".to_owned(),
        size: 8,
        parameter_ami: Some(NEW.to_owned()),
        members: (0..8)
            .map(|number| member(number, "InService", "6"))
            .collect(),
        pace: Pace {
            began: Some(at(0, 0)),
            batch: 2,
            left: 8,
            planned: Some(SignedDuration::from_mins(22)),
            ..Pace::default()
        },
        ..Snapshot::default()
    };
    sight.happened([
        entry(at(0, 0), "ecs-cluster", "UPDATE_IN_PROGRESS", "User Initiated"),
        entry(
            at(0, 40),
            "EcsAutoScalingGroup",
            "UPDATE_IN_PROGRESS",
            "Rolling update initiated. Terminating 8 obsolete instance(s) in batches of 2, while keeping at least 8 instance(s) in service.",
        ),
    ]);
    sight
}

/// In its middle: two drain, two new ones are queued until they have.
fn queued() -> Snapshot {
    let mut sight = early();
    sight.members = (0..2)
        .map(|number| member(number, "Terminating:Wait", "6"))
        .collect();
    sight
        .members
        .extend((2..5).map(|number| member(number, "InService", "6")));
    sight
        .members
        .extend((10..13).map(|number| member(number, "InService", "7")));
    sight
        .members
        .extend((13..15).map(|number| member(number, "Pending:Wait", "7")));
    sight.pace = Pace {
        began: Some(at(0, 0)),
        batch: 2,
        gone: 3,
        latest: Some(at(9, 0)),
        left: 5,
        planned: None,
        is_sought: false,
    };
    sight.amis = [("6", OLD), ("7", NEW)]
        .map(|(version, ami)| (version.to_owned(), ami.to_owned()))
        .into();
    sight.batches = Some(second_batch());
    let leaving = member(0, "", "").id;
    sight.asked.insert(
        leaving.clone(),
        asked(0, "drained", "NotYet", NOT_STOPPED, at(9, 20)),
    );
    sight.asked.insert(
        member(1, "", "").id,
        asked(
            1,
            "stable",
            "NotYet",
            "Waiting for service web to recover: 3 of 4 tasks run, 1 pending.",
            at(10, 5),
        ),
    );
    for number in [13, 14] {
        let id = member(number, "", "").id;
        let reason = format!("Waiting for {leaving} to finish draining (1m00s).");
        sight
            .asked
            .insert(id, asked(number, "stable", "NotYet", &reason, at(10, 12)));
    }
    sight.running = 4;
    serving(&mut sight);
    happening(&mut sight);
    sight.is_whole = true;
    sight
}

/// The second of four batches, of which one instance has not signalled.
fn second_batch() -> Batches {
    let step = RollingStep::Begins {
        obsolete: 8,
        batch: 2,
    };
    let mut batches = Batches::beginning(&step).expect("it begins");
    let waits = RollingStep::Waits {
        signals: 2,
        timeout: SignedDuration::from_hours(1),
    };
    let steps = [RollingStep::Batch, RollingStep::Batch, waits];
    for step in steps {
        batches.take(at(9, 10), &step);
    }
    batches
}

fn serving(sight: &mut Snapshot) {
    sight.services = [
        service(
            "web",
            3,
            4,
            "(service web) has started 1 tasks: (task 77b0c2d3).",
        ),
        service("logs", 8, 8, ""),
        service("api", 2, 2, "(service api) has reached a steady state."),
    ]
    .into();
    sight.services_listed = Some(3);
}

fn happening(sight: &mut Snapshot) {
    let group = "EcsAutoScalingGroup";
    let doing = "UPDATE_IN_PROGRESS";
    sight.happened([
        entry(
            at(1, 5),
            group,
            doing,
            "Terminating instance(s) [i-01,i-02]; replacing with 2 new instance(s).",
        ),
        entry(
            at(8, 50),
            group,
            doing,
            "Received SUCCESS signal with UniqueId i-0600000000013560e",
        ),
        entry(
            at(9, 2),
            "scaling",
            "Successful",
            "Terminating EC2 instance: i-06000000000099999",
        ),
    ]);
}

/// A drain that hangs, one that failed, and calls that are throttled.
fn stuck() -> Snapshot {
    let mut sight = queued();
    sight.members[1] = member(1, "Terminating:Retained", "6");
    let id = member(1, "", "").id;
    sight.asked.remove(&id);
    sight.running = 3;
    sight.pace.left = 4;
    sight.ended.push(Ended {
        execution: "arn:aws:states:eu-west-1:123456789012:execution:DevCluster-lifecycle:bad"
            .to_owned(),
        instance: id.clone(),
        status: "FAILED".to_owned(),
        at: at(58, 0),
        error: "DrainFailed".to_owned(),
        cause: "1 task did not stop within 50m00s: batch (RUNNING 50m00s, standalone).".to_owned(),
    });
    sight.happened([entry(
        at(50, 0),
        "scaling",
        "Failed",
        "Launching a new EC2 instance.  Status Reason: We currently do not have sufficient m7g.large capacity in the Availability Zone you requested (eu-west-1a).",
    )]);
    sight
}

/// CloudFormation is done, the last drain goes on.
fn last() -> Snapshot {
    let mut sight = queued();
    sight.status = "UPDATE_COMPLETE".to_owned();
    sight.batches = None;
    sight.members = (10..18)
        .map(|number| member(number, "InService", "7"))
        .collect();
    sight.members.push(member(0, "Terminating:Wait", "6"));
    let first = member(0, "", "").id;
    sight.asked.retain(|id, _| *id == first);
    sight.running = 1;
    sight.pace.left = 1;
    sight.pace.gone = 7;
    sight.services = [service("web", 4, 4, ""), service("logs", 9, 9, "")].into();
    sight.services_listed = Some(2);
    sight
}

/// A rollback in its middle: the old version is what it leads to.
fn back() -> Snapshot {
    let mut sight = stuck();
    sight.status = "UPDATE_ROLLBACK_IN_PROGRESS".to_owned();
    sight.version = "6".to_owned();
    sight.pace.left = 3;
    let begins = RollingStep::Begins {
        obsolete: 3,
        batch: 2,
    };
    sight.batches = Batches::beginning(&begins);
    sight
}

/// The same once it has ended.
fn ended_back() -> (Snapshot, Ending) {
    let mut sight = back();
    sight.status = "UPDATE_ROLLBACK_COMPLETE".to_owned();
    let leaving = member(0, "", "").id;
    let stays = |one: &Member| one.version == "6" && one.id != leaving;
    sight.members.retain(stays);
    let launched = (30..35).map(|number| member(number, "InService", "6"));
    sight.members.extend(launched);
    sight.asked.clear();
    sight.running = 0;
    sight.pace.left = 0;
    sight.batches = None;
    let retained = member(1, "", "").id;
    let ending = Ending {
        stack: sight.stack.clone(),
        status: sight.status.clone(),
        well: false,
        retained: vec![retained.clone()],
        course: Course::Back,
        replaced: Some(8),
        of: Some(8),
        ami: Some(OLD.to_owned()),
        seconds: Some(4_380),
        cause: Some(format!(
            "{retained} ({}): {}",
            sight.ended[0].error, sight.ended[0].cause
        )),
        also: Vec::new(),
        instance: Some(retained),
        restore: None,
    };
    (sight, ending)
}

fn screen(sight: Snapshot, now: Timestamp) -> Screen {
    let mut screen = Screen::new(now, true);
    screen.see(sight);
    screen
}

fn drawn(screen: &Screen, width: u16, height: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a screen in memory");
    terminal
        .draw(|frame| {
            screen.draw(frame.buffer_mut());
        })
        .expect("it is drawn");
    terminal.backend().buffer().clone()
}

fn lines(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width);
    let lines = buffer.content().chunks(width).map(|line| {
        let line: String = line.iter().map(|cell| cell.symbol()).collect();
        line.trim_end().to_owned()
    });
    lines.collect()
}

fn compare(name: &str, screen: &Screen) {
    for (width, height) in SIZES {
        let text = lines(&drawn(screen, width, height)).join("\n") + "\n";
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/screens");
        let path = folder.join(format!("{name}-{width}x{height}.golden"));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &text).expect("golden files can be written");
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        let difference = TextDiff::from_lines(golden.as_str(), text.as_str());
        assert!(
            golden == text,
            "{} is not what is shown; BLESS=1 writes the file again:\n{}",
            path.display(),
            difference.unified_diff()
        );
    }
}

#[test]
fn a_roll_that_has_just_begun() {
    compare("early", &screen(early(), at(1, 10)));
}

#[test]
fn a_roll_whose_new_instances_are_held() {
    compare("queued", &screen(queued(), at(10, 20)));
}

#[test]
fn a_roll_that_is_stuck_while_calls_are_throttled() {
    let mut screen = screen(stuck(), at(58, 20));
    let reason = "ecs:DescribeServices was throttled (ThrottlingException: Rate exceeded); ask again later; waiting";
    screen.has_trouble(at(57, 46), reason.to_owned());
    compare("stuck", &screen);
}

#[test]
fn a_roll_of_which_the_last_drain_is_left() {
    compare("last", &screen(last(), at(26, 30)));
}

#[test]
fn a_rollout_that_is_paused() {
    let mut sight = queued();
    sight.pause = Some(Pause {
        why: "sale until noon, ask Kim".to_owned(),
        since: Some(at(9, 30)),
    });
    // The second has not begun to drain: the pause keeps it.
    let turn = asked(1, "draining", "NotYet", "Paused by an operator.", at(10, 5));
    sight.asked.insert(member(1, "", "").id, turn);
    compare("paused", &screen(sight, at(10, 20)));
}

#[test]
fn a_rollback_names_what_it_leads_to_and_counts_towards_that() {
    let screen = screen(back(), at(58, 20));
    compare("back", &screen);
    let buffer = drawn(&screen, 140, 40);
    let shown = lines(&buffer);
    assert!(shown[0].contains(&format!("ROLLING BACK to {OLD}")));
    assert!(shown[1].contains("3 of 8 on the old AMI"));
    // What has the AMI that it leads to is shown as good, whichever version that is.
    let row = shown.iter().position(|line| line.contains("InService"));
    let row = u16::try_from(row.expect("one is in service")).expect("a line");
    let colour = |text: &str| {
        let column = shown[usize::from(row)].find(text);
        buffer[(u16::try_from(column.expect(text)).expect("a column"), row)].fg
    };
    assert_eq!(colour(NEW), Color::Reset, "dim, as what goes");
    assert_eq!(colour("i-"), Color::Reset);
}

#[test]
fn a_rollback_that_has_not_reached_the_group_counts_nothing() {
    let mut sight = back();
    (sight.version, sight.batches) = ("7".to_owned(), None);
    assert_eq!(sight.replaced(), None);
    assert_eq!(sight.new_ami(), Some(OLD));
    assert!(sight.is_target("6") && !sight.is_target("7"));
}

#[test]
fn the_last_screen_shows_the_next_step_whole_however_long_the_cause_is() {
    let (sight, mut ending) = ended_back();
    let task =
        "arn:aws:ecs:eu-west-1:123456789012:task/ecs-cluster/0123456789abcdef0123456789abcdef";
    ending.cause = Some([task; 4].join(", "));
    let restore =
        "`aws ssm put-parameter --name /ecs/ami --overwrite --value ami-0123456789abcdef0`";
    ending.restore = Some(restore.to_owned());
    let next = ending.next_step().expect("an instance is retained");
    let back = ending.restoring().expect("it was rolled back");
    let mut screen = screen(sight, at(73, 0));
    screen.has_ended(ending);
    let without_spaces = |text: &str| text.replace([' ', '\n'], "");
    for (width, height) in SIZES {
        let shown = lines(&drawn(&screen, width, height));
        assert!(shown.iter().any(|line| line.ends_with('…')), "{shown:#?}");
        let shown = without_spaces(&shown.join("\n"));
        for command in [&next, &back] {
            let command = without_spaces(command);
            assert!(
                shown.contains(&command),
                "{command} in {width}x{height}: {shown}"
            );
        }
    }
}

#[test]
fn an_instance_that_is_retained_on_the_old_ami_is_not_replaced() {
    let mut sight = last();
    sight.members.retain(|one| one.version == "7");
    (sight.pace.left, sight.running) = (0, 0);
    assert_eq!(sight.replaced(), Some((8, 8)));
    sight.members.push(member(1, "Terminating:Retained", "6"));
    assert_eq!(sight.replaced(), Some((7, 8)));
}

#[test]
fn the_last_screen_says_what_came_of_it_and_that_a_key_leaves() {
    let (sight, ending) = ended_back();
    let mut screen = screen(sight, at(73, 0));
    screen.press(Key::Help, Rect::new(0, 0, 80, 24));
    screen.has_ended(ending);
    compare("ended", &screen);
    let whole = Ending {
        well: true,
        course: Course::Forward,
        ami: Some(NEW.to_owned()),
        ..ended_back().1
    };
    let mut sight = last();
    sight.members.retain(|one| one.version == "7");
    (sight.pace.left, sight.running) = (0, 0);
    let mut screen = Screen::new(at(26, 50), true);
    screen.see(sight);
    screen.has_ended(whole);
    let shown = lines(&drawn(&screen, 80, 24));
    assert!(shown[1].starts_with(&"█".repeat(20)), "{}", shown[1]);
    assert!(shown[1].contains("8 of 8 replaced"), "{}", shown[1]);
    assert!(
        shown
            .iter()
            .any(|line| line.starts_with("Rollout complete: 8 of 8 on"))
    );
}

#[test]
fn an_entry_in_full_and_the_help() {
    let mut screen = screen(queued(), at(10, 20));
    screen.press(Key::Enter, Rect::new(0, 0, 140, 40));
    compare("whole", &screen);
    screen.press(Key::Escape, Rect::new(0, 0, 140, 40));
    screen.press(Key::Help, Rect::new(0, 0, 140, 40));
    compare("help", &screen);
}

#[test]
fn an_action_is_asked_for_only_after_yes_to_its_question() {
    let area = Rect::new(0, 0, 140, 40);
    let mut screen = screen(queued(), at(10, 20));
    for no in [Key::Escape, Key::Enter, Key::Copy, Key::Cancel, Key::Pause] {
        screen.press(Key::Cancel, area);
        screen.press(no, area);
        assert_eq!(screen.take_request(), None, "{no:?}");
    }
    screen.press(Key::Cancel, area);
    compare("question", &screen);
    screen.press(Key::Yes, area);
    assert_eq!(screen.take_request(), Some(Request::Act(Action::Cancel)));
    screen.press(Key::Pause, area);
    screen.press(Key::Yes, area);
    assert_eq!(screen.take_request(), Some(Request::Act(Action::Pause)));
    let mut paused = queued();
    paused.pause = Some(Pause {
        why: "sale".to_owned(),
        since: None,
    });
    screen.see(paused);
    screen.press(Key::Pause, area);
    screen.press(Key::Yes, area);
    assert_eq!(screen.take_request(), Some(Request::Act(Action::Resume)));
}

#[test]
fn before_anything_is_seen_it_says_what_it_does() {
    let screen = Screen::new(at(0, 0), true);
    for (width, height) in SIZES {
        assert_eq!(
            lines(&drawn(&screen, width, height))[0],
            "Looking at the stack …"
        );
    }
}

#[test]
fn every_size_can_be_drawn() {
    let mut screen = screen(stuck(), at(58, 20));
    screen.has_trouble(at(57, 0), "no".to_owned());
    for _ in Pane::ALL {
        screen.press(Key::Next, Rect::new(0, 0, 80, 24));
        for width in [0, 1, 2, 3, 7, 20, 21, 59, 99, 100, 300] {
            for height in [0, 1, 2, 3, 5, 9, 17, 18, 29, 31, 90] {
                let area = Rect::new(0, 0, width, height);
                for key in [Key::Enter, Key::Escape, Key::Help, Key::Help, Key::PageDown] {
                    screen.press(key, area);
                    let links = screen.draw(&mut Buffer::empty(area));
                    let is_inside = |link: &super::draw::Link| {
                        let ((x, y), length) = (link.place, link.text.chars().count());
                        usize::from(x) + length <= usize::from(width) && y < height
                    };
                    assert!(links.iter().all(is_inside));
                }
            }
        }
    }
}

#[test]
fn a_thousand_instances_are_scrolled_through() {
    let mut sight = queued();
    sight.members = (0..1_000)
        .map(|number| member(number, "InService", "6"))
        .collect();
    let mut screen = screen(sight.clone(), at(10, 20));
    let area = Rect::new(0, 0, 80, 24);
    let ids = |screen: &Screen| -> Vec<String> {
        let shown = lines(&drawn(screen, 80, 24)).into_iter();
        let of_rows = shown.filter(|line| line.starts_with("i-") && !line.contains(':'));
        of_rows
            .filter_map(|line| line.split(' ').next().map(str::to_owned))
            .collect()
    };
    let first = ids(&screen);
    assert!(
        first.len() > 5 && first[0] == member(0, "", "").id,
        "{first:?}"
    );
    screen.press(Key::End, area);
    let last = ids(&screen);
    assert_eq!(last.last(), Some(&member(999, "", "").id));
    assert_eq!(last.len(), first.len());
    screen.press(Key::Up, area);
    screen.press(Key::PageUp, area);
    assert_ne!(ids(&screen), last);
    // Whoever is chosen stays so while others come and go before it.
    let chosen = screen.entry().expect("one is chosen").key.clone();
    sight.members.remove(0);
    screen.see(sight);
    assert_eq!(screen.entry().map(|item| item.key.clone()), Some(chosen));
    screen.press(Key::Home, area);
    assert_eq!(ids(&screen)[0], member(1, "", "").id);
}

#[test]
fn what_is_stuck_comes_first_and_then_what_is_under_way_for_longest() {
    let screen = screen(stuck(), at(58, 20));
    let items = &screen.lists[Pane::Instances.place()].items;
    let order: Vec<&str> = items.iter().map(|item| item.key.as_str()).collect();
    let expected = [1, 0, 13, 14, 2, 3, 4, 10, 11, 12].map(|number| member(number, "", "").id);
    assert_eq!(order, expected);
}

#[test]
fn each_pane_has_its_turn_and_its_choice() {
    let mut screen = screen(stuck(), at(58, 20));
    let area = Rect::new(0, 0, 80, 24);
    let has = |screen: &Screen, words: &str| {
        lines(&drawn(screen, area.width, area.height))
            .iter()
            .any(|line| line.contains(words))
    };
    assert!(has(&screen, "▸Instances") && has(&screen, " Events"));
    screen.press(Key::Next, area);
    assert!(has(&screen, "▸Services") && has(&screen, "3 of 4"));
    screen.press(Key::Previous, area);
    screen.press(Key::Previous, area);
    assert!(has(&screen, "▸Executions") && has(&screen, "DrainFailed"));
    screen.press(Key::Enter, area);
    // A link, and a reason, may be broken over two lines.
    let inside = |line: &String| line.trim_matches([' ', '│']).to_owned();
    let whole: Vec<String> = lines(&drawn(&screen, area.width, area.height))
        .iter()
        .map(inside)
        .collect();
    assert!(
        whole.join(" ").contains("did not stop within 50m00s"),
        "{whole:?}"
    );
    assert!(
        whole.concat().contains("console.aws.amazon.com"),
        "{whole:?}"
    );
    screen.press(Key::Escape, area);
    assert!(!has(&screen, "console.aws.amazon.com"));
    // The help covers the link of what is chosen.
    screen.press(Key::Help, area);
    assert!(screen.draw(&mut Buffer::empty(area)).is_empty());
}

#[test]
fn without_colours_nothing_is_coloured() {
    let coloured = |colours: bool| {
        let mut screen = Screen::new(at(58, 20), colours);
        screen.see(stuck());
        let buffer = drawn(&screen, 120, 40);
        let cells = buffer.content().iter();
        cells
            .filter(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
            .count()
    };
    assert!(coloured(true) > 100);
    assert_eq!(coloured(false), 0);
}

#[test]
fn an_instance_that_the_pause_keeps_is_paused_everywhere() {
    let leaving = member(0, "", "").id;
    let waiting = member(13, "", "").id;
    let mut sight = queued();
    let turn = asked(0, "draining", "NotYet", "Paused by an operator.", at(5, 0));
    sight.asked.insert(leaving.clone(), turn);
    let first = member(1, "", "").id;
    sight.members.retain(|one| one.id != first);
    sight.pause = Some(Pause {
        why: "sale".to_owned(),
        since: Some(at(4, 0)),
    });
    let paused = |sight: &Snapshot, id: &str| {
        let one = sight.members.iter().find(|one| one.id == id);
        one.is_some_and(|one| sight.is_paused(one))
    };
    assert!(paused(&sight, &leaving) && paused(&sight, &waiting));
    let text = lines(&drawn(&screen(sight.clone(), at(12, 0)), 140, 40)).join("\n");
    assert!(text.contains("3 paused · no drain is open"), "{text}");
    assert!(
        !text.contains("draining for") && !text.contains("finish draining"),
        "{text}"
    );
    // A drain that has begun continues, and the queue waits for it.
    let drains = asked(0, "drained", "NotYet", NOT_STOPPED, at(5, 0));
    sight.asked.insert(leaving.clone(), drains);
    assert!(!paused(&sight, &leaving) && !paused(&sight, &waiting));
    let standing = crate::watch::Standing::of(&sight);
    let told = standing.progress().to_string();
    assert!(
        told.contains("1 draining") && !told.contains("paused"),
        "{told}"
    );
}

#[test]
fn nothing_counts_as_replaced_before_it_is_gone() {
    // CloudFormation has raised the size by one, and its event has not been read yet.
    let mut sight = early();
    sight.size = 9;
    assert_eq!(sight.replaced(), Some((0, 8)));
    // Before the group has another launch template version there is nothing to count.
    sight.pace.left = 0;
    assert_eq!(sight.replaced(), None);
    // In a rollback one that has the new AMI still takes nobody's place on the old one.
    let mut sight = back();
    sight.members = (0..8)
        .map(|number| member(number, "InService", "6"))
        .collect();
    sight.members.push(member(20, "InService", "7"));
    sight.pace.left = 1;
    assert_eq!(sight.replaced(), Some((8, 8)));
}

#[test]
fn a_rollback_that_failed_is_not_under_way() {
    let mut sight = back();
    sight.status = "UPDATE_ROLLBACK_FAILED".to_owned();
    let text = lines(&drawn(&screen(sight, at(50, 0)), 140, 40)).join("\n");
    assert!(text.contains("The rollback failed"), "{text}");
    assert!(!text.contains("ROLLING BACK"), "{text}");
}

#[test]
fn services_above_their_desired_counts_are_not_at_them() {
    let mut sight = queued();
    sight.services = [service("api", 4, 3, ""), service("web", 2, 2, "")].into();
    sight.services_listed = Some(2);
    let text = lines(&drawn(&screen(sight, at(12, 0)), 140, 40)).join("\n");
    assert!(
        text.contains("Services 2, 1 above the desired count"),
        "{text}"
    );
}

#[test]
fn the_duration_is_there_at_every_width_in_every_state() {
    let snapshot = |status: &str, of: Snapshot| Snapshot {
        status: status.to_owned(),
        ..of
    };
    let mut sights = vec![back(), early(), queued(), last()];
    for status in [
        "CREATE_IN_PROGRESS",
        "CREATE_FAILED",
        "ROLLBACK_IN_PROGRESS",
        "ROLLBACK_FAILED",
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_FAILED",
        "DELETE_IN_PROGRESS",
        "DELETE_FAILED",
    ] {
        sights.push(snapshot(status, queued()));
    }
    let long =
        "a-stack-with-a-name-that-is-longer-than-most-screens-are-wide-which-cloudformation-allows";
    let named = sights.clone().into_iter().map(|sight| Snapshot {
        stack: long.to_owned(),
        ..sight
    });
    sights.extend(named.collect::<Vec<_>>());
    for sight in sights {
        let (stack, status) = (sight.stack.clone(), sight.status.clone());
        for (minute, lasts) in [(56, "56m28s"), (625, "10h25m")] {
            let screen = screen(sight.clone(), at(minute, 28));
            for width in 40..=160 {
                let first = lines(&drawn(&screen, width, 24)).remove(0);
                assert!(
                    first.ends_with(&format!("  {lasts}")),
                    "{status} at {width}: {first}"
                );
                // As much of the stack's name as there is room for.
                assert!(
                    first.starts_with(&stack[..1]),
                    "{status} at {width}: {first}"
                );
            }
        }
    }
}

#[test]
fn the_stack_s_status_gives_way_before_the_ami_and_that_before_the_duration() {
    let first = |width| lines(&drawn(&screen(back(), at(58, 20)), width, 24)).remove(0);
    let at_140 = first(140);
    assert!(at_140.contains(OLD) && at_140.contains("UPDATE_ROLLBACK_IN_PROGRESS"));
    for width in [80, 84] {
        let shown = first(width);
        assert!(shown.contains(&format!("ROLLING BACK to {OLD}")), "{shown}");
        assert!(!shown.contains("UPDATE_ROLLBACK"), "{shown}");
    }
    assert!(first(40).contains("ROLLING BACK") && !first(40).contains("ami-"));
}

#[test]
fn no_target_is_named_before_it_is_known() {
    // The update has begun and has not reached the group, which launches the old AMI still.
    let mut sight = early();
    sight.amis = [("6".to_owned(), OLD.to_owned())].into();
    (sight.version, sight.batches) = ("6".to_owned(), None);
    (sight.pace.left, sight.parameter_ami) = (0, Some(NEW.to_owned()));
    sight
        .members
        .iter_mut()
        .for_each(|one| one.version = "6".to_owned());
    assert_eq!(sight.new_ami(), None);
    // Once it has, the parameter names what it brings, until an instance shows that.
    (sight.version, sight.pace.left) = ("7".to_owned(), 8);
    assert_eq!(sight.new_ami(), Some(NEW));
    // In a rollback the group is seen to launch the old version before its batches are known.
    let mut sight = back();
    sight.batches = None;
    (sight.version, sight.is_reverted) = ("6".to_owned(), true);
    assert_eq!(sight.new_ami(), Some(OLD));
}

#[test]
fn an_event_that_is_not_late_yet_is_on_its_way() {
    let mut sight = queued();
    let leaving = sight.members[0].clone();
    sight.asked.remove(&leaving.id);
    sight.running = sight.asked.len();
    let reason = |sight: &Snapshot| {
        let text = lines(&drawn(&screen(sight.clone(), at(12, 0)), 140, 40)).join("\n");
        assert!(text.contains("No execution is running"), "{text}");
        text.contains("its event is on its way, up to 2m late")
    };
    sight.note_hooks(at(12, 0));
    assert!(reason(&sight));
    sight.note_hooks(at(14, 9));
    assert!(reason(&sight), "129 s are the bound");
    sight.note_hooks(at(14, 10));
    assert!(!reason(&sight));
    // At its next hook the time begins anew.
    sight.members[0].state = LifecycleState::WarmedTerminatingWait;
    sight.note_hooks(at(20, 0));
    assert!(sight.event_is_on_its_way(&sight.members[0]));
}

#[test]
fn one_that_waits_for_its_turn_is_queued_in_the_header_as_in_its_row() {
    let mut sight = queued();
    let turn = asked(
        1,
        "draining",
        "NotYet",
        "Waiting for earlier drains: i-01 (2m).",
        at(10, 5),
    );
    sight.asked.insert(member(1, "", "").id, turn);
    let text = lines(&drawn(&screen(sight.clone(), at(12, 0)), 140, 40)).join("\n");
    assert!(text.contains("1 draining for "), "{text}");
    assert!(text.contains("3 queued"), "{text}");
    assert!(text.contains("queued: earlier drains: i-01"), "{text}");
    let progress = crate::watch::Standing::of(&sight).progress();
    let json = serde_json::to_value(&progress).expect("plain data");
    assert_eq!(json["drains"], 1);
    assert_eq!(json["waitingToDrain"], 1);
    assert_eq!(json["atLaunch"], 2);
}

/// Types a filter.
fn typed(screen: &mut Screen, filter: &str) {
    let area = Rect::new(0, 0, 80, 24);
    screen.press(Key::Filter, area);
    for one in filter.chars() {
        screen.press(Key::Character(one), area);
    }
}

#[test]
fn a_filter_shows_only_what_has_the_text_until_it_is_cleared() {
    let area = Rect::new(0, 0, 80, 24);
    let mut screen = screen(queued(), at(10, 20));
    let all = screen.lists[Pane::Instances.place()].items.len();
    typed(&mut screen, "PENDING:X");
    assert!(screen.takes_text());
    screen.press(Key::Backspace, area);
    screen.press(Key::Enter, area);
    assert!(!screen.takes_text());
    let shown = &screen.lists[Pane::Instances.place()];
    let states = |text: &str| text.contains("Pending");
    assert!(!shown.items.is_empty() && shown.items.len() < all);
    for item in &shown.items {
        let (state, _) = &item.cells[2];
        assert!(matches!(state, super::lists::Text::Fixed(text) if states(text)));
    }
    // What is seen later is filtered too.
    screen.see(queued());
    assert!(screen.lists[Pane::Instances.place()].items.len() < all);
    compare("filtered", &screen);
    screen.press(Key::Escape, area);
    assert_eq!(screen.lists[Pane::Instances.place()].items.len(), all);
}

#[test]
fn a_filter_that_nothing_has_can_be_drawn_and_left() {
    let area = Rect::new(0, 0, 80, 24);
    let mut screen = screen(queued(), at(10, 20));
    typed(&mut screen, "nothing has this");
    for key in [
        Key::Enter,
        Key::Down,
        Key::End,
        Key::Enter,
        Key::Copy,
        Key::Link,
    ] {
        screen.press(key, area);
        drawn(&screen, 80, 24);
    }
    assert_eq!(screen.take_request(), None);
}

#[test]
fn each_sort_is_by_the_next_column_and_the_last_one_by_need() {
    let area = Rect::new(0, 0, 140, 40);
    let mut screen = screen(stuck(), at(58, 20));
    let keys = |screen: &Screen| -> Vec<String> {
        let items = screen.lists[Pane::Instances.place()].items.iter();
        items.map(|item| item.key.clone()).collect()
    };
    let by_need = keys(&screen);
    screen.press(Key::Sort, area);
    let mut sorted = by_need.clone();
    sorted.sort();
    assert_eq!(keys(&screen), sorted);
    compare("sorted", &screen);
    for _ in 0..3 {
        screen.press(Key::Sort, area);
    }
    let text = lines(&drawn(&screen, 140, 40)).join("\n");
    assert!(text.contains("sorted by for"), "{text}");
    screen.press(Key::Sort, area);
    assert_eq!(keys(&screen), by_need);
}

#[test]
fn an_instance_in_full_is_explained_and_another_too() {
    let area = Rect::new(0, 0, 140, 40);
    let mut screen = screen(queued(), at(10, 20));
    let first = screen.entry().expect("one is chosen").key.clone();
    screen.press(Key::Enter, area);
    assert_eq!(screen.take_request(), Some(Request::Explain(first.clone())));
    assert_eq!(screen.take_request(), None);
    let text = format!("{first}\n  now        The drain waits for 3 tasks.\n");
    screen.is_explained(first, text);
    compare("explained", &screen);
    screen.press(Key::Down, area);
    let second = screen.entry().expect("one is chosen").key.clone();
    assert_eq!(screen.take_request(), Some(Request::Explain(second)));
    let text = lines(&drawn(&screen, 140, 40)).join("\n");
    assert!(!text.contains("The drain waits for 3 tasks"), "{text}");
}

#[test]
fn what_an_entry_is_called_and_its_link_are_copied() {
    let area = Rect::new(0, 0, 80, 24);
    let mut screen = screen(queued(), at(10, 20));
    let id = screen.entry().expect("one is chosen").key.clone();
    screen.press(Key::Copy, area);
    assert_eq!(screen.take_request(), Some(Request::Copy(id.clone())));
    let last = lines(&drawn(&screen, 80, 24)).pop().expect("a line");
    assert!(last.ends_with(&id), "{last}");
    screen.press(Key::Link, area);
    let Some(Request::Copy(link)) = screen.take_request() else {
        panic!("no link is copied");
    };
    assert!(link.contains("console.aws.amazon.com"), "{link}");
    screen.press(Key::Escape, area);
    // Nothing runs for what is at rest.
    screen.press(Key::End, area);
    screen.press(Key::Link, area);
    assert_eq!(screen.take_request(), None);
    let last = lines(&drawn(&screen, 80, 24)).pop().expect("a line");
    assert!(last.starts_with("No console link"), "{last}");
}
