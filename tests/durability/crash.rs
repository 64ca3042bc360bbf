//! Writers at full speed, and a gateway that is killed at any moment.

mod ledger;
mod planted;
mod writers;

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    path::{Path, PathBuf},
    time::Duration,
};

use self::{
    ledger::{Ledger, Stored, WRITERS},
    writers::write,
};
use crate::{
    is_full,
    program::{Program, verify},
};

const ROUNDS: usize = 20;
const ROUNDS_FULL: usize = 200;
/// After so many kills a new file is begun: each round rereads all of it.
const ROUNDS_PER_FILE: usize = 20;
const LONGEST_MS: u64 = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_write_survives_a_kill() {
    let rounds = if is_full() { ROUNDS_FULL } else { ROUNDS };
    let mut random = Random::new();
    let mut acknowledged = 0;
    for _ in 0..rounds / ROUNDS_PER_FILE {
        let life = Life::new();
        let mut ledger = Ledger::default();
        for round in 0..ROUNDS_PER_FILE {
            life.round(&mut ledger, Duration::from_millis(random.below(LONGEST_MS))).await;
            // The file is as the kill left it, and the verifier the first to open it, or the gateway is.
            if round % 2 == 0 {
                assert_eq!(verify(&life.file), Vec::<String>::new(), "seed {}, round {round}", random.seed);
            }
            assert_eq!(faults(&life.file, &ledger).await, Vec::<String>::new(), "seed {}, round {round}", random.seed);
            if round % 2 == 1 {
                assert_eq!(verify(&life.file), Vec::<String>::new(), "seed {}, round {round}", random.seed);
            }
        }
        acknowledged += ledger.acknowledged();
    }
    assert!(acknowledged > 10 * rounds, "only {acknowledged} writes were acknowledged in {rounds} rounds");
}

/// One database file and its folder.
struct Life {
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Life {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { file: folder.path().join("data.sqlite"), _folder: folder }
    }

    /// Opens the file, lets the writers loose and kills the gateway under them.
    async fn round(&self, ledger: &mut Ledger, time: Duration) {
        let program = Program::start(&self.file);
        writers::create_indexes(&program.client()).await;
        let clients = (0..WRITERS).map(|_| program.client()).collect();
        let writing = write(clients, ledger);
        let killing = async {
            tokio::time::sleep(time).await;
            program.kill();
        };
        let ((), ()) = tokio::join!(writing, killing);
    }
}

/// Reopens the file as a gateway does and compares it with what was acknowledged.
async fn faults(file: &Path, ledger: &Ledger) -> Vec<String> {
    let program = Program::start(file);
    let stored = Stored::read(&program.client()).await;
    program.kill();
    ledger.faults(&stored)
}

/// Numbers that differ from run to run; the seed is told where a round fails.
struct Random {
    seed: u64,
    state: u64,
}

impl Random {
    fn new() -> Self {
        let seed = RandomState::new().build_hasher().finish();
        Self { seed, state: seed }
    }

    /// P. L'Ecuyer's 64-bit linear congruential generator.
    fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % bound
    }
}
