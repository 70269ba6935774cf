//! Campaigns that share workers: what befalls one is no matter of the others.

use crate::fleet::{Fleet, PATIENCE};
use crate::mock::{Behaviour, Fault, Mock};
use crate::services::{Process, rabbitmq, redis, wait_for};

/// A fleet's offline campaign with its workers, and room for others beside it.
struct Neighbours {
    fleet: Fleet,
    queue: String,
    state: String,
}

impl Neighbours {
    /// Workers with these variables in their environment.
    fn new<'a>(variables: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let (queue, state) = (rabbitmq::shared().new_vhost(), redis::shared().new_database());
        let mut fleet = Fleet::on(&queue, &state, 300).with_environment(variables);
        fleet.start_workers(2);
        Self { fleet, queue, state }
    }

    /// Another campaign on the same services, with this teacher.
    fn other(&self, samples: u64, mock: &Mock) -> Fleet {
        let parts = self.fleet.folder().join("parts");
        Fleet::on(&self.queue, &self.state, samples)
            .with(&format!("fleet.parts=file:{}", parts.display()))
            .with("teacher.mock.kind=openai")
            .with("teacher.mock.model=mock")
            .with(&format!("teacher.mock.base_url={}", mock.base_url()))
    }

    /// Fails unless the workers live on and make the first campaign.
    fn work_on(mut self) {
        assert!(self.fleet.workers().iter().all(Process::is_running), "a worker has left");
        self.fleet.start_coordinator();
        self.fleet.finish();
        self.fleet.has_the_bytes_of_one_process();
    }
}

/// Waits for a process to end; its exit code and what it said.
fn ended(process: &Process) -> (i32, String) {
    wait_for("a process to end", PATIENCE, || !process.is_running());
    (process.exit_code().unwrap_or(-1), process.said_all())
}

#[test]
fn a_campaign_whose_teacher_refuses_ends_with_its_words_and_leaves_the_workers_to_others() {
    let neighbours = Neighbours::new([("MOCK_KEY", "sk-wrong-0123456789".into())]);
    let mock = Mock::start(Behaviour { then: Some(Fault::Unauthorized), ..Behaviour::default() });
    let refused = neighbours.other(20, &mock).with("teacher.mock.api_key_env=MOCK_KEY");
    let (exit, said) = ended(&refused.spawn("coordinator", &["coordinator"]));
    let words = "Incorrect API key provided: ***";
    assert!(exit == 3 && said.contains(words), "{exit}: {said}");
    assert!(said.contains("[teacher.mock] at http://127.0.0.1:"), "{said}");
    assert!(!said.contains("sk-wrong"), "{said}");
    let status = refused.tell(&["status"]);
    assert!(status.contains("ended") && status.contains(words), "{status}");
    neighbours.work_on();
}

#[test]
fn a_campaign_whose_budget_is_used_up_ends_alone_and_goes_on_with_a_larger_one() {
    let neighbours = Neighbours::new([]);
    let mock = Mock::start(Behaviour::default());
    let campaign = neighbours.other(30, &mock).with("budget.max_requests=60");
    let (exit, said) = ended(&campaign.spawn("coordinator", &["coordinator"]));
    assert!(exit == 1 && said.contains("max_requests = 60 are made"), "{exit}: {said}");
    let status = campaign.tell(&["status"]);
    assert!(status.contains("the budget is used up: max_requests = 60"), "{status}");
    // The same workers: they know the campaign, and hear of its new budget.
    let mut richer = campaign.with("budget.max_requests=100000");
    richer.start_coordinator();
    richer.finish();
    assert_eq!(richer.dataset().samples(), 30);
    assert!(!richer.tell(&["status"]).contains("ended"));
    neighbours.work_on();
}

/// `api_key_env` says what is sent, `base_url` says where to.
#[test]
fn a_campaign_that_asks_for_its_workers_secrets_gets_none_and_is_told_so() {
    let secret = "s3cret-of-the-store";
    let neighbours = Neighbours::new([("AWS_SECRET_ACCESS_KEY", secret.into())]);
    let mock = Mock::start(Behaviour::default());
    let greedy = neighbours.other(20, &mock).with("teacher.mock.api_key_env=AWS_SECRET_ACCESS_KEY");
    let coordinator = greedy.spawn("coordinator", &["coordinator"]);
    let told = "may not use the variable \"AWS_SECRET_ACCESS_KEY\"";
    wait_for("the coordinator to say so", PATIENCE, || coordinator.said_all().contains(told));
    assert!(coordinator.said_all().contains("worker.key_variables"), "{}", coordinator.said());
    let status = greedy.tell(&["status"]);
    assert!(status.contains("trouble") && status.contains(told), "{status}");
    assert_eq!(mock.stats().requests, 0, "nothing is sent anywhere");
    neighbours.work_on();
}

#[test]
fn a_damaged_bundle_ends_no_walks_and_is_put_anew() {
    let mut fleet = Fleet::new(300);
    fleet.start_coordinator();
    let bundle = || fleet.folder().join("parts").join(fleet.digest().to_string()).join("bundle");
    wait_for("the bundle", PATIENCE, || {
        std::fs::read_dir(fleet.folder().join("parts")).is_ok_and(|mut parts| {
            parts.any(|entry| entry.is_ok_and(|entry| entry.path().join("bundle").exists()))
        })
    });
    let path = bundle();
    std::fs::write(&path, "no bundle").unwrap();
    fleet.start_workers(2);
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
    let said = fleet.all_said();
    assert!(said.contains("damaged bundle") && said.contains("it is put anew"), "{said}");
    assert_eq!(fleet.manifest().matches("\"missing\": 0").count(), 1, "{}", fleet.manifest());
}
