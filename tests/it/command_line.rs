//! What the command line promises: exit codes, streams, help.

use crate::harness::{Magnet, folder};

#[test]
fn help_shows_an_example_for_every_subcommand() {
    let folder = folder();
    let help = Magnet::new(folder.path()).args("--help").run().expect(0).stdout;
    let commands = help.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    let names: Vec<&str> = commands
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(names.contains(&"run") && names.contains(&"check"), "{help}");
    for name in names {
        let help = Magnet::new(folder.path()).args(&format!("{name} --help")).run().expect(0);
        assert!(help.stdout.contains(&format!("magnet {name}")), "{}", help.stdout);
        assert!(help.stdout.contains("Example"), "{}", help.stdout);
    }
}

#[test]
fn a_wrong_command_line_exits_with_2() {
    let folder = folder();
    for line in ["bogus", "run --bogus", "run --samples many", "inspect", "graph --format png"] {
        let ran = Magnet::new(folder.path()).args(line).run().expect(2);
        assert!(ran.stdout.is_empty() && ran.stderr.starts_with("error: "), "{line}: {ran:?}");
    }
}

#[test]
fn commands_that_only_look_leave_nothing_behind() {
    let folder = folder();
    for line in ["check", "plan", "graph --format json"] {
        let ran = Magnet::new(folder.path()).args(line).run().expect(0);
        assert!(!ran.stdout.is_empty(), "{line}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn check_tells_every_value_with_its_origin() {
    let folder = folder();
    let ran = Magnet::new(folder.path())
        .args("check --samples 5 --set graph.candidates=9 --preset paper")
        .env("MAGNET__RUN__WORKERS", "3")
        .run()
        .expect(0);
    for (value, origin) in [
        ("samples = 5", "# --samples"),
        ("candidates = 9", "# --set"),
        ("workers = 3", "# MAGNET__RUN__WORKERS"),
        ("keep_unsplit = true", "# preset paper"),
        ("seed = 7", "# default"),
    ] {
        let told = ran.stdout.lines().any(|line| line.starts_with(value) && line.ends_with(origin));
        assert!(told, "{value} {origin} in\n{}", ran.stdout);
    }
    // Without a terminal no colour, so that the output is a campaign file.
    assert!(!ran.stdout.contains('\u{1b}'));
    crate::harness::write(folder.path(), "again.toml", &ran.stdout);
    Magnet::new(folder.path()).args("check again.toml").run().expect(0);
}

#[test]
fn an_offline_plan_costs_nothing() {
    let folder = folder();
    let plan = Magnet::new(folder.path()).args("plan --samples 1000").run().expect(0).stdout;
    assert!(plan.contains("offline teacher: 0 calls, 0 tokens, $0"), "{plan}");
}

#[test]
fn a_models_plan_names_money_time_and_workers() {
    let folder = folder();
    let text = "[teacher.big]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:9/v1\"\n\
                model = \"some-model\"\nrequests_per_minute = 600\n\
                usd_per_million_input_tokens = 1.0\nusd_per_million_output_tokens = 2.0\n\
                [budget]\nmax_requests = 10\n";
    crate::harness::write(folder.path(), "campaign.toml", text);
    let plan = Magnet::new(folder.path()).args("plan campaign.toml").run().expect(0).stdout;
    for expected in
        ["with \"some-model\"", "set by requests_per_minute", "max_requests ends it", "workers   1"]
    {
        assert!(plan.contains(expected), "{expected} in\n{plan}");
    }
}

#[test]
fn completions_and_manual_pages_know_every_subcommand() {
    let folder = folder();
    for shell in ["bash", "zsh", "fish"] {
        let line = format!("completions {shell}");
        let script = Magnet::new(folder.path()).args(&line).run().expect(0).stdout;
        assert!(script.contains("contamination") && script.contains("late-tools"), "{shell}");
    }
    let page = Magnet::new(folder.path()).args("man").run().expect(0).stdout;
    assert!(page.starts_with(".ie") || page.starts_with(".TH"), "{page}");
    let ran = Magnet::new(folder.path()).args("man --out pages").run().expect(0);
    assert_eq!(ran.stdout.trim(), "pages");
    for name in ["magnet.1", "magnet-run.1", "magnet-dlq-list.1"] {
        let page = crate::harness::read(&folder.path().join("pages").join(name));
        assert!(page.contains(".SH SYNOPSIS"), "{name}");
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let folder = folder();
    let magnet = env!("CARGO_BIN_EXE_magnet");
    let line = format!("set -o pipefail; {magnet} graph --format json | head -c 10");
    let mut ran = std::process::Command::new("bash");
    ran.args(["-c", &line]).current_dir(folder.path());
    let output = { ran }.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
