//! The default of every key, and the paper's constants.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::time::Duration;

use super::campaign::*;

impl Campaign {
    /// The paper's constants where they differ from the defaults.
    pub fn paper() -> Self {
        Self {
            campaign: Identity { preset: Preset::Paper, ..Identity::default() },
            graph: GraphSettings { cross_category: 0.0, matched: 0.0, ..GraphSettings::default() },
            walk: Walks {
                steps: nonzero(7),
                min_steps: nonzero(7),
                step: StepDraw::Uniform,
                ..Walks::default()
            },
            node_ops: NodeOps {
                split: 1.0,
                unresolved: 0.0,
                keep_unsplit: true,
                parallel: 0.0,
                pad: 0.0,
                fault: 0.0,
                conflict: 0.0,
                irrelevant: 0.0,
                ..NodeOps::default()
            },
            trajectory: Trajectory { asked: Asked::All, ..Trajectory::default() },
            vet: Vetting { called_for: 0.0 },
            mix: Mix {
                multi_turn: 7_800.0,
                single_turn: 20_000.0,
                irrelevance: 6_200.0,
                quotas: Vec::new(),
            },
            ..Self::default()
        }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            name: "magnet".into(),
            samples: NonZeroU64::new(100).expect("100 is not zero"),
            seed: 7,
            preset: Preset::Default,
            max_walks: 0,
        }
    }
}

impl Default for GraphSettings {
    fn default() -> Self {
        Self {
            judge: Judge::None,
            candidates: nonzero(30),
            cross_category: 0.2,
            matched: 0.5,
            max_out_degree: nonzero(12),
        }
    }
}

impl Default for Walks {
    fn default() -> Self {
        Self {
            steps: nonzero(6),
            min_steps: nonzero(3),
            min_nodes: nonzero(3),
            max_visits: 2,
            step: StepDraw::Weighted,
            redraws: 4,
        }
    }
}

impl Default for NodeOps {
    fn default() -> Self {
        Self {
            merge: 0.3,
            insert: 0.5,
            insert_short: 0.7,
            split: 0.25,
            split_function: 0.5,
            unresolved: 0.15,
            keep_unsplit: false,
            parallel: 0.2,
            pad: 0.05,
            fault: 0.08,
            conflict: 0.05,
            irrelevant: 0.1,
        }
    }
}

impl Default for Mix {
    fn default() -> Self {
        Self { multi_turn: 1.0, single_turn: 0.0, irrelevance: 0.0, quotas: Vec::new() }
    }
}

impl Default for Translation {
    fn default() -> Self {
        Self {
            personas: Vec::new(),
            registers: Vec::new(),
            tries: NonZeroU32::new(2).expect("2 is not zero"),
        }
    }
}

impl Default for Trajectory {
    fn default() -> Self {
        Self {
            distractors: 8,
            max_steps: NonZeroU32::new(8).expect("8 is not zero"),
            system_prompt: "You are a helpful assistant with access to tools. Call a tool when it \
                            helps; use only values the user or a tool has given; when something \
                            you need is missing, ask for it or say so."
                .into(),
            asked: Asked::Open,
        }
    }
}

impl Default for Negatives {
    fn default() -> Self {
        Self {
            source: NegativeSource::Mechanical,
            max_pairs: 2,
            rollouts: NonZeroU32::new(10).expect("10 is not zero"),
        }
    }
}

impl Default for Vetting {
    fn default() -> Self {
        Self { called_for: 1.0 }
    }
}

impl Default for Dedup {
    fn default() -> Self {
        Self { near_duplicate: 0.7 }
    }
}

impl Default for Endpoint {
    fn default() -> Self {
        Self {
            kind: EndpointKind::Offline,
            base_url: String::new(),
            model: String::new(),
            api_key_env: String::new(),
            temperature: 0.7,
            max_output_tokens: NonZeroU32::new(4_096).expect("4096 is not zero"),
            requests_per_minute: 0,
            tokens_per_minute: 0,
            max_in_flight: nonzero(64),
            timeout: Duration::from_secs(60),
            deadline: Duration::from_secs(600),
            connect_patience: Duration::from_secs(60),
            usd_per_million_input_tokens: 0.0,
            usd_per_million_cached_input_tokens: 0.0,
            usd_per_million_output_tokens: 0.0,
            failover: None,
            keep_reasoning: false,
        }
    }
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            queue: "memory:".into(),
            state: "embedded:".into(),
            cache: "embedded:".into(),
            parts: "file:parts".into(),
            queue_type: QueueType::Quorum,
            ca_file: None,
            shard_walks: 0,
            connect_timeout: Duration::from_secs(60),
            management: String::new(),
            ack_timeout: Duration::from_secs(30 * 60),
            grace: Duration::from_secs(30),
        }
    }
}

impl Default for Run {
    fn default() -> Self {
        Self {
            workers: 0,
            in_flight: nonzero(256),
            listen: String::new(),
            token_file: None,
            keep_rejected: 20,
        }
    }
}

impl Default for Execution {
    fn default() -> Self {
        Self {
            kind: ExecutorKind::Auto,
            functions: Vec::new(),
            groups: Vec::new(),
            url: String::new(),
            token_env: String::new(),
            headers: Vec::new(),
            query: Vec::new(),
            open: String::new(),
            session: String::new(),
            close: String::new(),
            recording: None,
            pure: Vec::new(),
            timeout: Duration::from_secs(30),
        }
    }
}

impl Default for WorkerRules {
    fn default() -> Self {
        let key_variables = vec!["*_API_KEY".into(), "*_KEY".into()];
        Self { key_variables, teacher_hosts: Vec::new(), commands: Vec::new() }
    }
}

impl Default for Output {
    fn default() -> Self {
        Self {
            dir: "out".into(),
            formats: vec![Format::Jsonl],
            compression: Compression::None,
            rows_per_file: 0,
        }
    }
}

const fn nonzero(n: usize) -> NonZeroUsize {
    match NonZeroUsize::new(n) {
        Some(n) => n,
        None => NonZeroUsize::MIN,
    }
}
